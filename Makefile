# KubeStash. "make help" lists every target.
#
# KUBECONFIG decides where things run: unset (or naming the cluster that tests/cluster started) means a real Kubernetes on this machine,
# started when it's needed; otherwise it's the cluster that KUBECONFIG names, and REGISTRY says where its nodes get our images from.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# ---- what is built

# The fallback is for a source archive, and for a clone without tags.
VERSION ?= $(shell git describe --tags --match 'v*' --dirty 2>/dev/null || echo "v0.0.0-$$(git describe --always --dirty 2>/dev/null || echo dev)")
# One way to compile: without C, and with no path of this machine in what comes out. Tests, tools and images then share what is compiled, from the cache.
export CGO_ENABLED := 0
export GOFLAGS := $(filter-out -trimpath,$(shell go env GOFLAGS)) -trimpath
BUILD := go build -ldflags "-s -w -X main.version=$(VERSION)"

# ---- where it runs

LOCAL_KUBECONFIG := $(CURDIR)/.cluster/kubeconfig
ifeq ($(filter-out $(LOCAL_KUBECONFIG),$(KUBECONFIG)),)
WHERE := local
KUBECONFIG := $(LOCAL_KUBECONFIG)
KUBECTL := .cluster/bin/kubectl
else
WHERE := given
KUBECTL = $(or $(shell command -v kubectl),$(shell bin/cluster bin kubectl))
endif
export KUBECONFIG

# Only for a given cluster: the local one has its own registry, and images are made without Docker.
REGISTRY ?=
CONTAINER_TOOL ?= $(firstword $(foreach t,docker podman buildah,$(shell command -v $(t))))
KUBE_RBAC_PROXY_IMAGE ?= quay.io/brancz/kube-rbac-proxy:$(shell sed -n 's|.*brancz/kube-rbac-proxy \(v[0-9.]*\).*|\1|p' \
	tests/cluster/tools/kube-rbac-proxy/go.mod)

# What go test is told; "make test-e2e GO_TEST_FLAGS='-run Auto -v'".
GO_TEST_FLAGS ?=

include config/generate.mk
include config/lint.mk
include tests/cluster/cluster.mk
include config/bundle.mk
include config/verify.mk
include config/release.mk

##@ Build

.PHONY: help
help: ## List the targets.
	@awk -F ':.*## ' 'FNR == 1 && FILENAME ~ /cluster.mk$$/ { print "\nCluster on this machine" } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } /^[a-z0-9%-]+:.*## / { if ($$2 !~ /[.][.][.]$$/) sub(/[.]$$/, "", $$2); printf "  %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build the static binaries of operator and mover into bin.
	$(BUILD) -o bin/operator ./cmd/operator
	$(BUILD) -o bin/mover ./cmd/mover
	@install -D -m 0644 LICENSE bin/licenses/LICENSE

.PHONY: images
images: can-push-$(WHERE) build images-$(WHERE) ## Make the images that a deployment needs; their references are left in .cluster/images.

# What the mover's image needs beside the mover.
.PHONY: restic
restic: $(CLUSTER)
	@install -m 0755 "$$($(CLUSTER) bin restic)" bin/restic

.PHONY: images-local
images-local: restic
	@mkdir -p .cluster/images
	$(CLUSTER) build-image --name kubestash-operator --file Dockerfile --base base bin > .cluster/images/operator
	$(CLUSTER) build-image --name kubestash-mover --file Dockerfile.mover --base base bin > .cluster/images/mover
	$(CLUSTER) image kube-rbac-proxy > .cluster/images/kube-rbac-proxy

.PHONY: can-push-local
can-push-local:

.PHONY: can-push-given
can-push-given:
	@if [ -z "$(REGISTRY)" ]; then \
		echo "make: KUBECONFIG names a cluster of yours ($(KUBECONFIG)), so say where its nodes can pull our images from:" >&2; \
		echo "    make $(MAKECMDGOALS) REGISTRY=registry.example.com/me" >&2; \
		echo "or unset KUBECONFIG to use a Kubernetes on this machine." >&2; exit 2; fi
	@if [ -z "$(CONTAINER_TOOL)" ]; then echo "make: pushing images needs docker, podman or buildah: none is here (or set CONTAINER_TOOL)" >&2; exit 2; fi

.PHONY: images-given
images-given: restic
	@mkdir -p .cluster/images
	@tag=$$(cat bin/operator bin/mover bin/restic Dockerfile Dockerfile.mover | sha256sum | cut -c1-12); \
	for name in operator mover; do \
		image=$(REGISTRY)/kubestash-$$name:$$tag; file=Dockerfile; \
		if [ $$name != operator ]; then file=Dockerfile.$$name; fi; \
		(set -x; $(CONTAINER_TOOL) build $(CONTAINER_BUILD_FLAGS) --platform linux/amd64 -f $$file -t $$image bin && \
			$(CONTAINER_TOOL) push $(CONTAINER_PUSH_FLAGS) $$image); \
		echo $$image > .cluster/images/$$name; \
	done; echo $(KUBE_RBAC_PROXY_IMAGE) > .cluster/images/kube-rbac-proxy

.PHONY: clean
clean: ## Remove what was built in this checkout. The cache of tools and images stays, and so does a running cluster.
	rm -rf bin .cluster/images .cluster/deploy .cluster/demo

##@ Run

APPLY = $(KUBECTL) apply --server-side --force-conflicts --field-manager kubestash-deploy

# What runs is left alone, once this checkout knows it; a given cluster is there already.
.PHONY: kubernetes-local kubernetes-given
kubernetes-local: $(CLUSTER)
	@$(if $(NODES)$(K8S_VERSION),false,test -x $(KUBECTL) -a -e $(LOCAL_KUBECONFIG) && $(CLUSTER) status > /dev/null 2>&1) || $(MAKE) cluster-up
kubernetes-given: $(CLUSTER)

.PHONY: deploy
deploy: kubernetes-$(WHERE) images no-olm ## Deploy the operator, its CRDs and its rights, and wait until it's ready.
	@mkdir -p .cluster/deploy
	@read=$$(cat config/deploy/kustomization.yaml.in); \
	for name in operator mover kube-rbac-proxy; do \
		key=@$$(echo $$name | tr a-z- A-Z_)_IMAGE@; read=$${read//$$key/$$(cat .cluster/images/$$name)}; \
	done; echo "$$read" > .cluster/deploy/kustomization.yaml
	$(APPLY) -k config/crd
	$(KUBECTL) wait --for condition=Established --timeout 60s -f config/crd/bases > /dev/null
	$(APPLY) -k .cluster/deploy | grep -v ^customresourcedefinition
	@$(KUBECTL) -n kubestash rollout status deployment/kubestash-operator --timeout 180s || { \
		$(KUBECTL) -n kubestash get pods -o wide; \
		$(KUBECTL) -n kubestash get events --sort-by .lastTimestamp | tail -n 20; \
		$(KUBECTL) -n kubestash logs deployment/kubestash-operator -c operator --tail 30; exit 1; } >&2

# There is one operator on a cluster: before one way of installing comes, what another has installed goes, and what OLM has left halfway. CRDs, objects and
# backups stay. On somebody's cluster that is their decision.
OLM_KINDS := subscriptions.operators.coreos.com,clusterserviceversions.operators.coreos.com,catalogsources.operators.coreos.com
.PHONY: no-olm no-olmv0 no-olmv1 no-kustomize
no-olm: no-olmv0 no-olmv1
# no-other WHO,KINDS,TARGET
define no-other
@if $(KUBECTL) get --all-namespaces $(2) -o name 2> /dev/null | grep -E '/kubestash(\.v.*)?$$' > /dev/null; then \
	if [ $(WHERE) = given ]; then echo "make: $(1) has installed the operator on this cluster. Remove that first: make $(3)" >&2; exit 2; fi; \
	echo "$(1) has installed the operator: it is removed first; objects and backups stay"; $(MAKE) $(3); fi
endef
no-olmv0:
	$(call no-other,OLM,$(OLM_KINDS),undeploy-olm)
no-olmv1:
	$(call no-other,OLM v1,clusterextensions.olm.operatorframework.io,undeploy-olmv1)
no-kustomize:
	@if $(KUBECTL) -n kubestash get deployment kubestash-operator --ignore-not-found -o jsonpath='{.metadata.managedFields[*].manager}' 2> /dev/null | \
		grep -qw kubestash-deploy; then \
		echo "\"make deploy\" has installed the operator: it is removed first; objects and backups stay"; \
		$(KUBECTL) delete --ignore-not-found --timeout 180s -k config/default -l app.kubernetes.io/name=kubestash-operator; fi

# The CRDs go first, while there is still an operator to finish what is deleted with them.
.PHONY: undeploy
undeploy: ## Remove the operator, the CRDs and every object of them. Backups in buckets stay, unless an object says WipeOut.
	$(KUBECTL) delete --ignore-not-found --timeout 180s -k config/crd
	$(KUBECTL) delete --ignore-not-found --timeout 180s -k config/default

.PHONY: run
run: kubernetes-$(WHERE) ## Run the operator from source against the cluster, until interrupted. Needs an earlier "make deploy".
	$(KUBECTL) -n kubestash scale deployment/kubestash-operator --replicas 0
	go run -ldflags "-X main.version=$(VERSION)" ./cmd/operator --development --webhook-port 0 \
		--mover-image "$$($(KUBECTL) -n kubestash get deployment kubestash-operator \
			-o jsonpath='{.spec.template.spec.containers[0].env[?(@.name=="RELATED_IMAGE_MOVER")].value}')"

# How the demo installs the operator: olm, as users do, or kustomize. On a cluster that is given, kustomize: OLM's catalog would have to be pushed there, too.
INSTALL ?= $(if $(filter local,$(WHERE)),olm,kustomize)

.PHONY: demo
demo: can-push-$(WHERE) $(CLUSTER) ## Back up and restore an annotated Deployment on a real cluster, step by step, and compare every byte.
	@mkdir -p bin && { [ -x bin/demo ] || echo "building the demo: up to 2 minutes the first time, without the downloads"; } && go build -o bin/demo ./tests/demo
	@bin/demo --local=$(if $(filter local,$(WHERE)),true,false) --kubectl $(KUBECTL) --install $(INSTALL)

##@ Test

# test-olm comes last: it begins with a version that is lower than the one that the scorecard leaves installed.
.PHONY: test
test: verify-release test-unit test-integration test-e2e $(if $(filter local,$(WHERE)),test-scorecard test-olm) ## Run every test. The first time, this builds a Kubernetes and OLM.

# The package that takes longest begins first: the others are done beside it.
.PHONY: test-unit
test-unit: $(CLUSTER) cluster-test ## Test rules, transcripts and the engine (with a real restic).
	go test $(GO_TEST_FLAGS) ./internal/mover $$(go list ./... | grep -vE '/tests/(integration|e2e)(/|$$)')

.PHONY: test-integration
test-integration: $(CLUSTER) ## Test the controllers, driven by hand, against a real API server and etcd.
	KUBEBUILDER_ASSETS="$$($(CLUSTER) assets $(CLUSTER_FLAGS))" go test -tags integration -timeout 60m ./tests/integration/... $(GO_TEST_FLAGS)

# What the tests' pods run beside our own images. A given cluster pulls the same names from where the world does.
.PHONY: test-images-local test-images-given
test-images-local: $(CLUSTER)
	@$(CLUSTER) image busybox versitygw > /dev/null
test-images-given:

# The suite deploys the operator itself. -p 1: packages share one cluster. -count 1: a cached result says nothing about the cluster.
.PHONY: test-e2e
test-e2e: kubernetes-$(WHERE) test-images-$(WHERE) ## Test the deployed operator on a real cluster: back up, destroy, restore, break things.
	go test $(GO_TEST_FLAGS) -tags e2e -count 1 -p 1 -timeout 30m ./tests/e2e/...

# Not a part of "make test": it takes ten minutes more. docs/faults.md says what was seen.
.PHONY: test-faults
test-faults: kubernetes-local test-images-local ## Break the cluster on this machine in the middle of backups and restores.
	go test $(GO_TEST_FLAGS) -tags fault -count 1 -p 1 -timeout 30m ./tests/e2e/fault/...

.PHONY: test-olm
test-olm: kubernetes-local test-images-local ## Install, upgrade, remove and reinstall the operator by OLM, in the middle of backups. OLM is built first (5 minutes, once).
	go test -tags olm -run Story -count 1 -timeout 30m ./tests/e2e/olm/... $(GO_TEST_FLAGS)

# Not a part of "make test": OLM v1 and cert-manager take as long to build as a Kubernetes.
.PHONY: test-olmv1
test-olmv1: kubernetes-local test-images-local ## The same by OLM v1, which is offered a version with incompatible CRDs, too. OLM v1 is built first (5 minutes, once).
	go test -tags olm -run V1 -count 1 -timeout 30m ./tests/e2e/olm/... $(GO_TEST_FLAGS)

.PHONY: test-scorecard
test-scorecard: deploy-olm ## Install the operator by OLM, and run the scorecard on it.
	@$(MAKE) scorecard

.PHONY: bench
bench: $(CLUSTER) ## Measure what KubeStash costs, against its goals. Needs a quiet machine; docs/benchmarks.md says how to read it.
	go test $(GO_TEST_FLAGS) -tags bench -count 1 -p 1 -v -timeout 120m ./tests/bench/...

# How long each target runs; "make fuzz FUZZTIME=10m FUZZ=FuzzResolve".
FUZZTIME ?= 1m
FUZZ ?= .

.PHONY: fuzz
fuzz: ## Look for input that breaks a rule: every fuzz target for FUZZTIME (1m). What breaks one is left in its testdata.
	@grep -rhoE --include '*_test.go' --with-filename '^func Fuzz[A-Za-z0-9]+' api cmd config controllers internal | sed 's|/[^/]*:func | |' | sort -u | \
		{ failed=0; while read -r folder target; do \
			if ! [[ $$target =~ $(FUZZ) ]]; then continue; fi; \
			go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 5s "./$$folder" > .fuzz.log 2>&1 < /dev/null || failed=1; \
			if [ $$failed = 0 ]; then printf '%-60s %s\n' "$$folder $$target" "$$(grep -o 'execs: [0-9]*' .fuzz.log | tail -n 1)"; \
			else cat .fuzz.log >&2; rm -f .fuzz.log; exit 1; fi; \
		done; rm -f .fuzz.log; }
