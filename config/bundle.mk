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

BUNDLE_IMAGE ?= $(IMAGES)/kubestash-bundle:v$(BUNDLE_VERSION)

# render-catalog BUNDLE,IMAGE,FOLDER puts a bundle, whose image is called so, behind the package.
render-catalog = opm=$$($(CLUSTER) bin opm); { cat catalog/package.yaml; $$opm render $(1) --output yaml \
	--migrate-level bundle-object-to-csv-metadata --alpha-image-ref-template "$(2)"; } > $(3)/catalog.yaml; $$opm validate $(3)

.PHONY: catalog
catalog: $(CLUSTER) ## Write the file-based catalog from catalog/package.yaml and the bundle, and check it.
	@mkdir -p catalog/kubestash
	@$(call render-catalog,bundle,$(BUNDLE_IMAGE),catalog/kubestash)

# It fails unless each of the tests that are listed has told a result: an empty answer passes otherwise.
.PHONY: scorecard
scorecard: kubernetes-local ## Run the scorecard on the bundle, on the cluster on this machine.
	@mkdir -p .cluster; sed "s|quay.io/operator-framework/scorecard-test:v[0-9.]*|$$($(CLUSTER) image scorecard-test)|" \
		bundle/tests/scorecard/config.yaml > .cluster/scorecard.yaml
	@$(KUBECTL) create namespace kubestash-scorecard --dry-run=client -o yaml | $(KUBECTL) apply --server-side -f - > /dev/null
	@untar=$$($(CLUSTER) image untar); sdk=$$($(CLUSTER) bin operator-sdk); \
		$$sdk scorecard bundle --config .cluster/scorecard.yaml --kubeconfig $(KUBECONFIG) --namespace kubestash-scorecard --service-account default \
			--untar-image $$untar --storage-image $$untar --wait-time 180s --pod-security restricted --output text | tee .cluster/scorecard.txt
	@wanted=$$(grep -c 'image:' .cluster/scorecard.yaml); got=$$(grep -c '^[[:space:]]*State: pass$$' .cluster/scorecard.txt || true); \
		if [ "$$got" -ne "$$wanted" ]; then echo "make: $$got of $$wanted tests have passed" >&2; exit 1; fi

##@ OLM

.PHONY: olm-up
olm-up: kubernetes-local ## Install OLM v0 on the cluster on this machine.
	@$(CLUSTER) olm

OLM := .cluster/olm

# The committed bundle with this checkout's images, in a catalog of its own, the way that OperatorHub installs it.
.PHONY: deploy-olm
deploy-olm: olm-up images ## Install the operator by OLM: catalog, CatalogSource, OperatorGroup, Subscription; wait until it's ready.
	@rm -rf $(OLM) && mkdir -p $(OLM)/catalog/kubestash && cp -r bundle bundle.Dockerfile $(OLM) && cp catalog/Dockerfile $(OLM)/catalog
	@sed -i -e "s|$(OPERATOR_IMAGE)|$$(cat .cluster/images/operator)|g; s|$(MOVER_IMAGE)|$$(cat .cluster/images/mover)|g" \
		-e "s|$(PROXY_IMAGE)|$$(cat .cluster/images/kube-rbac-proxy)|g" $(OLM)/bundle/manifests/kubestash.clusterserviceversion.yaml
	@$(CLUSTER) build-image --name kubestash-bundle --file $(OLM)/bundle.Dockerfile $(OLM) > $(OLM)/bundle.image
	@$(call render-catalog,$(OLM)/bundle,$$(cat $(OLM)/bundle.image),$(OLM)/catalog/kubestash)
	@$(CLUSTER) build-image --name kubestash-catalog --file $(OLM)/catalog/Dockerfile --build-arg OPM=$$($(CLUSTER) image opm) $(OLM)/catalog > $(OLM)/catalog.image
	@sed "s|@CATALOG_IMAGE@|$$(cat $(OLM)/catalog.image)|" config/olm/install.yaml.in > $(OLM)/install.yaml
	$(KUBECTL) apply --server-side --force-conflicts --field-manager kubestash-deploy -f $(OLM)/install.yaml
	@for i in $$(seq 120); do \
		phase=$$($(KUBECTL) -n kubestash get csv kubestash.v$(BUNDLE_VERSION) -o jsonpath='{.status.phase}' 2> /dev/null || true); \
		if [ "$$phase" = Succeeded ]; then echo "kubestash.v$(BUNDLE_VERSION) is installed"; exit 0; fi; sleep 1; \
	done; echo "make: OLM has not installed kubestash.v$(BUNDLE_VERSION) within 2 minutes:" >&2; \
	$(KUBECTL) -n kubestash get subscriptions,installplans,csv -o wide >&2; \
	$(KUBECTL) -n kubestash get subscription kubestash -o jsonpath='{range .status.conditions[*]}{.type}: {.message}{"\n"}{end}' >&2; exit 1

.PHONY: undeploy-olm
undeploy-olm: ## Remove the operator as OLM has installed it. CRDs, objects and backups stay.
	$(KUBECTL) -n kubestash delete --ignore-not-found subscriptions.operators.coreos.com/kubestash
	$(KUBECTL) -n kubestash delete --ignore-not-found --all clusterserviceversions.operators.coreos.com
	$(KUBECTL) -n olm delete --ignore-not-found catalogsources.operators.coreos.com/kubestash
