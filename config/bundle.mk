# The bundle that OLM installs, and the catalog that it is found in. Included by the Makefile at the root of the checkout. What is in bundle/ and
# bundle.Dockerfile is generated and committed: two runs write the same.

# What the next release is called, and where its images will be. A release gives IMAGES, and digests instead of tags.
BUNDLE_VERSION ?= 1.0.0
IMAGES ?= registry.example.com/kubestash
OPERATOR_IMAGE ?= $(IMAGES)/kubestash-operator:v$(BUNDLE_VERSION)
MOVER_IMAGE ?= $(IMAGES)/kubestash-mover:v$(BUNDLE_VERSION)
PROXY_IMAGE ?= $(KUBE_RBAC_PROXY_IMAGE)

CHANNELS := stable-v1,candidate-v1
DEFAULT_CHANNEL := stable-v1

.PHONY: bundle
bundle: manifests $(CLUSTER) ## Write the OLM bundle from config/olm: bundle/ and bundle.Dockerfile.
	@rm -rf bundle bundle.Dockerfile .cluster/bundle && mkdir -p .cluster/bundle
	@sed -e 's|@OPERATOR_IMAGE@|$(OPERATOR_IMAGE)|g; s|@MOVER_IMAGE@|$(MOVER_IMAGE)|g; s|@KUBE_RBAC_PROXY_IMAGE@|$(PROXY_IMAGE)|g' \
		config/olm/images.yaml.in > .cluster/bundle/kustomization.yaml
	@sdk=$$($(CLUSTER) bin operator-sdk); kubectl=$$($(CLUSTER) bin kubectl); \
		$$kubectl kustomize .cluster/bundle | $$sdk generate bundle --quiet --overwrite --package kubestash --version $(BUNDLE_VERSION) \
			--channels $(CHANNELS) --default-channel $(DEFAULT_CHANNEL)
	go run ./config/manifests/finish config bundle

# Warnings are failures, but those that config/manifests/allowed.txt gives a reason for.
.PHONY: bundle-check
bundle-check: $(CLUSTER) ## Check the bundle as the catalogs do.
	@$$($(CLUSTER) bin operator-sdk) bundle validate bundle --select-optional suite=operatorframework --optional-values k8s-version=1.36 \
		--output json-alpha1 > .cluster/bundle-check.json || true
	go run ./config/manifests/judge config/manifests/allowed.txt .cluster/bundle-check.json
