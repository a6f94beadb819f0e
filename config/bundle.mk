# The bundle that OLM installs, and the catalog that it is found in. Included by the Makefile at the root of the checkout. What is in bundle/ and
# bundle.Dockerfile is generated and committed: two runs write the same.

# What the next release is called, and where its images will be. A release gives IMAGES, and digests instead of tags.
BUNDLE_VERSION ?= 1.0.0
IMAGES ?= registry.example.com/kubestash
OPERATOR_IMAGE ?= $(IMAGES)/kubestash-operator:v$(BUNDLE_VERSION)
MOVER_IMAGE ?= $(IMAGES)/kubestash-mover:v$(BUNDLE_VERSION)
PROXY_IMAGE ?= $(KUBE_RBAC_PROXY_IMAGE)
# The scorecard's tests of our own; no operator starts it.
SCORECARD_IMAGE ?= $(IMAGES)/kubestash-scorecard:v$(BUNDLE_VERSION)

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
	@sed -i 's|@SCORECARD_IMAGE@|$(SCORECARD_IMAGE)|' bundle/tests/scorecard/config.yaml
	go run ./config/manifests/finish config bundle

# Warnings are failures, but those that config/manifests/allowed.txt gives a reason for.
.PHONY: bundle-check
bundle-check: $(CLUSTER) ## Check the bundle as the catalogs do.
	@mkdir -p .cluster
	@$$($(CLUSTER) bin operator-sdk) bundle validate bundle --select-optional suite=operatorframework --optional-values k8s-version=1.36 \
		--output json-alpha1 > .cluster/bundle-check.json || true
	go run ./config/manifests/judge config/manifests/allowed.txt .cluster/bundle-check.json

BUNDLE_IMAGE ?= $(IMAGES)/kubestash-bundle:v$(BUNDLE_VERSION)

# render-catalog PACKAGE,BUNDLES,FOLDER puts bundles behind the package. A bundle is FOLDER=IMAGE: where it is, and what its image is called.
render-catalog = opm=$$($(CLUSTER) bin opm); { cat $(1); for bundle in $(2); do \
	$$opm render $${bundle%%=*} --output yaml --migrate-level bundle-object-to-csv-metadata --alpha-image-ref-template "$${bundle\#*=}"; done; } \
	> $(3)/catalog.yaml; $$opm validate $(3)

.PHONY: catalog
catalog: $(CLUSTER) ## Write the file-based catalog from catalog/package.yaml and the bundle, and check it.
	@mkdir -p catalog/kubestash
	@$(call render-catalog,catalog/package.yaml,bundle=$(BUNDLE_IMAGE),catalog/kubestash)

# It fails unless each of the tests that are listed has told a result: an empty answer passes otherwise.
.PHONY: scorecard
scorecard: kubernetes-local ## Run the scorecard on the bundle and on the operator that it has installed ("make deploy-olm" first), on the cluster on this machine.
	@rm -rf .cluster/scorecard && mkdir -p .cluster/scorecard && cp docs/metrics.md .cluster/scorecard && $(BUILD) -o .cluster/scorecard/scorecard ./tests/scorecard
	@$(CLUSTER) build-image --name kubestash-scorecard --file tests/scorecard/Dockerfile --base base .cluster/scorecard > .cluster/scorecard/image
	@sed -e "s|quay.io/operator-framework/scorecard-test:v[0-9.]*|$$($(CLUSTER) image scorecard-test)|" \
		-e "s|$(SCORECARD_IMAGE)|$$(cat .cluster/scorecard/image)|" bundle/tests/scorecard/config.yaml > .cluster/scorecard/config.yaml
	@$(APPLY) -f config/scorecard/account.yaml > /dev/null
	@untar=$$($(CLUSTER) image untar); sdk=$$($(CLUSTER) bin operator-sdk); \
		$$sdk scorecard bundle --config .cluster/scorecard/config.yaml --kubeconfig $(KUBECONFIG) --namespace kubestash-scorecard --service-account scorecard \
			--untar-image $$untar --storage-image $$untar --wait-time 300s --pod-security restricted --output text | tee .cluster/scorecard/result.txt
	@wanted=$$(grep -c 'image:' .cluster/scorecard/config.yaml); got=$$(grep -c '^[[:space:]]*State: pass$$' .cluster/scorecard/result.txt || true); \
		if [ "$$got" -ne "$$wanted" ]; then echo "make: $$got of $$wanted tests have passed" >&2; exit 1; fi

##@ OLM

.PHONY: olm-up
olm-up: kubernetes-local ## Install OLM v0 on the cluster on this machine.
	@$(CLUSTER) olm

.PHONY: olmv1-up
olmv1-up: kubernetes-local ## Install OLM v1, with what it needs of cert-manager, on the cluster on this machine.
	@$(CLUSTER) olmv1

OLM := .cluster/olm

# olm-bundle FOLDER,VERSION,OPERATOR,CHANGE makes an image of the committed bundle, as that version, with this checkout's images but for the operator's.
# CHANGE, if any, is done to the CRD of BackupConfigurations.
define olm-bundle
@mkdir -p $(1) && cp -r bundle bundle.Dockerfile $(1)
@sed -i -e "s|$(OPERATOR_IMAGE)|$(3)|g; s|$(MOVER_IMAGE)|$$(cat .cluster/images/mover)|g; s|$(PROXY_IMAGE)|$$(cat .cluster/images/kube-rbac-proxy)|g" \
	-e 's|^  name: kubestash[.]v.*|  name: kubestash.v$(2)|; s|^  version: .*|  version: $(2)|' $(1)/bundle/manifests/kubestash.clusterserviceversion.yaml
@sed -i -e '$(4)' $(1)/bundle/manifests/core.kubestash.com_backupconfigurations.yaml
@$(CLUSTER) build-image --name kubestash-bundle --file $(1)/bundle.Dockerfile $(1) > $(1)/bundle.image
endef

# olm-apply FOLDER,PACKAGE,BUNDLES,MANIFESTS applies a catalog of bundles, with what an administrator applies.
define olm-apply
@mkdir -p $(1)/catalog/kubestash && cp catalog/Dockerfile $(1)/catalog
@$(call render-catalog,$(2),$(3),$(1)/catalog/kubestash)
@$(CLUSTER) build-image --name kubestash-catalog --file $(1)/catalog/Dockerfile --build-arg OPM=$$($(CLUSTER) image opm) $(1)/catalog > $(1)/catalog.image
@sed "s|@CATALOG_IMAGE@|$$(cat $(1)/catalog.image)|" config/olm/$(4).yaml.in > $(1)/install.yaml
$(APPLY) -f $(1)/install.yaml
endef

# olm-install FOLDER,PACKAGE,BUNDLES,VERSION does that, and waits for a version. The Subscription comes when the catalog is ready: for as long as OLM has no
# connection to a new CatalogSource, it answers from what one of the same name held before, for half an hour.
define olm-install
$(call olm-apply,$(1),$(2),$(3),catalog)
$(KUBECTL) -n olm wait --for jsonpath='{.status.connectionState.lastObservedState}'=READY --timeout 180s catalogsource/kubestash
$(APPLY) -f config/olm/subscription.yaml
@for i in $$(seq 300); do \
	phase=$$($(KUBECTL) -n kubestash get csv kubestash.v$(4) -o jsonpath='{.status.phase}' 2> /dev/null || true); \
	if [ "$$phase" = Succeeded ]; then echo "kubestash.v$(4) is installed"; exit 0; fi; sleep 1; \
done; echo "make: OLM has not installed kubestash.v$(4) within 5 minutes:" >&2; \
$(KUBECTL) -n kubestash get subscriptions,installplans,csv,operatorgroups -o wide >&2; \
if [ $$($(KUBECTL) -n kubestash get operatorgroups -o name | wc -l) -gt 1 ]; then \
	echo "make: OLM installs nothing into a namespace with more than one OperatorGroup: delete the others" >&2; fi; \
$(KUBECTL) -n kubestash get subscription kubestash -o jsonpath='{range .status.conditions[*]}{.type}: {.message}{"\n"}{end}' >&2; exit 1
endef

# olmv1-install is the same with OLM v1. It calls a version installed once it is applied, so the Deployment is waited for, too.
define olmv1-install
$(call olm-apply,$(1),$(2),$(3),install-v1)
@for i in $$(seq 300); do \
	version=$$($(KUBECTL) get clusterextension kubestash -o jsonpath='{.status.install.bundle.version}' 2> /dev/null || true); \
	if [ "$$version" = $(4) ]; then break; fi; sleep 1; \
done; if [ "$$version" = $(4) ] && $(KUBECTL) -n kubestash rollout status deployment/kubestash-operator --timeout 180s; then \
	echo "kubestash.v$(4) is installed"; exit 0; \
fi; echo "make: OLM v1 has not installed kubestash.v$(4) within 5 minutes:" >&2; \
$(KUBECTL) get clustercatalog,clusterextension kubestash -o jsonpath='{range .items[*]}{.kind}{"\n"}{range .status.conditions[*]}  {.type} {.status} {.reason}: {.message}{"\n"}{end}{end}' >&2; \
$(KUBECTL) -n kubestash get deployments,pods,events >&2; exit 1
endef

# The committed bundle with this checkout's images, in a catalog of its own, the way that OperatorHub installs it. $(1) is olm-install or olmv1-install.
define deploy-new
@rm -rf $(OLM)/new
$(call olm-bundle,$(OLM)/new,$(BUNDLE_VERSION),$$(cat .cluster/images/operator))
$(call $(1),$(OLM)/new,catalog/package.yaml,$(OLM)/new/bundle=$$(cat $(OLM)/new/bundle.image),$(BUNDLE_VERSION))
endef

# Nothing has been released, so the release before is this one under a lower number, with an operator that says so.
BEFORE := 0.9.0

define deploy-before
@rm -rf $(OLM)/before && mkdir -p $(OLM)/before/bin
@$(subst $(VERSION),v$(BEFORE),$(BUILD)) -o $(OLM)/before/bin/operator ./cmd/operator
@cp -r bin/licenses $(OLM)/before/bin
@$(CLUSTER) build-image --name kubestash-operator --file Dockerfile --base base $(OLM)/before/bin > $(OLM)/before/operator.image
$(call olm-bundle,$(OLM)/before,$(BEFORE),$$(cat $(OLM)/before/operator.image))
@sed 's|kubestash[.]v$(BUNDLE_VERSION)|kubestash.v$(BEFORE)|' catalog/package.yaml > $(OLM)/before/package.yaml
$(call $(1),$(OLM)/before,$(OLM)/before/package.yaml,$(OLM)/before/bundle=$$(cat $(OLM)/before/bundle.image),$(BEFORE))
endef

define upgrade-new
@rm -rf $(OLM)/new && mkdir -p $(OLM)/new
$(call olm-bundle,$(OLM)/new,$(BUNDLE_VERSION),$$(cat .cluster/images/operator))
@sed 's|^  - name: kubestash[.]v$(BUNDLE_VERSION)|&\n    replaces: kubestash.v$(BEFORE)\n  - name: kubestash.v$(BEFORE)|' catalog/package.yaml > $(OLM)/new/package.yaml
$(call $(1),$(OLM)/new,$(OLM)/new/package.yaml,$(foreach n,before new,$(OLM)/$(n)/bundle=$$(cat $(OLM)/$(n)/bundle.image)),$(BUNDLE_VERSION))
endef

.PHONY: deploy-olm deploy-olm-before upgrade-olm
deploy-olm: olm-up images no-kustomize no-olm ## Install the operator by OLM: catalog, CatalogSource, OperatorGroup, Subscription; wait until it's ready.
	$(call deploy-new,olm-install)

deploy-olm-before: olm-up images no-kustomize no-olm ## Install, by OLM, what stands for the release before this one.
	$(call deploy-before,olm-install)

upgrade-olm: olm-up images ## Upgrade what deploy-olm-before has installed: the catalog gets this version, which replaces the one before.
	$(call upgrade-new,olm-install)

.PHONY: undeploy-olm
undeploy-olm: ## Remove the operator as OLM has installed it. CRDs, objects and backups stay.
	@if ! $(KUBECTL) get customresourcedefinition subscriptions.operators.coreos.com > /dev/null 2>&1; then echo "there is no OLM"; else set -x; \
		$(KUBECTL) -n kubestash delete --ignore-not-found subscriptions.operators.coreos.com/kubestash; \
		$(KUBECTL) -n kubestash delete --ignore-not-found --all clusterserviceversions.operators.coreos.com; \
		$(KUBECTL) -n kubestash wait --for delete --timeout 60s deployment/kubestash-operator serviceaccount/kubestash-operator; \
		$(KUBECTL) -n olm delete --ignore-not-found catalogsources.operators.coreos.com/kubestash; fi

# What another way of installing has left: OLM v1 takes nothing that isn't given to its release, in Helm's terms.
.PHONY: adopt
adopt:
	@left=$$($(KUBECTL) -n kubestash get crd,clusterrole,role,rolebinding -l 'app.kubernetes.io/name in (kubestash, kubestash-operator)' -o name); \
	if [ -n "$$left" ]; then \
		$(KUBECTL) -n kubestash label --overwrite $$left app.kubernetes.io/managed-by=Helm > /dev/null; \
		$(KUBECTL) -n kubestash annotate --overwrite $$left meta.helm.sh/release-name=kubestash meta.helm.sh/release-namespace=kubestash > /dev/null; fi

.PHONY: deploy-olmv1 deploy-olmv1-before upgrade-olmv1
deploy-olmv1: olmv1-up images no-kustomize no-olm adopt ## Install the operator by OLM v1: catalog, ClusterCatalog, ClusterExtension; wait until it's ready.
	$(call deploy-new,olmv1-install)

deploy-olmv1-before: olmv1-up images no-kustomize no-olm adopt ## The same as deploy-olm-before, by OLM v1.
	$(call deploy-before,olmv1-install)

upgrade-olmv1: olmv1-up images ## The same as upgrade-olm, by OLM v1.
	$(call upgrade-new,olmv1-install)

# A version that nobody could upgrade to without losing what is written in spec.paused.
BROKEN := 1.1.0
BREAK := /^              paused:/,/type: boolean/ s/type: boolean/type: string/

.PHONY: upgrade-olmv1-broken
upgrade-olmv1-broken: olmv1-up images ## Offer a version whose CRDs are incompatible to what upgrade-olmv1 has installed. It has to be refused.
	@rm -rf $(OLM)/broken && mkdir -p $(OLM)/broken
	$(call olm-bundle,$(OLM)/broken,$(BROKEN),$$(cat .cluster/images/operator),$(BREAK))
	@sed 's|^  - name: kubestash[.]v$(BUNDLE_VERSION)|  - name: kubestash.v$(BROKEN)\n    replaces: kubestash.v$(BUNDLE_VERSION)\n&|' catalog/package.yaml > $(OLM)/broken/package.yaml
	$(call olm-apply,$(OLM)/broken,$(OLM)/broken/package.yaml,$(foreach n,new broken,$(OLM)/$(n)/bundle=$$(cat $(OLM)/$(n)/bundle.image)),install-v1)

.PHONY: undeploy-olmv1
undeploy-olmv1: ## Remove the operator as OLM v1 has installed it. CRDs, objects and backups stay.
	@if ! $(KUBECTL) get customresourcedefinition clusterextensions.olm.operatorframework.io > /dev/null 2>&1; then echo "there is no OLM v1"; else set -x; \
		$(KUBECTL) delete --ignore-not-found --cascade=foreground clusterextensions.olm.operatorframework.io/kubestash; \
		$(KUBECTL) delete --ignore-not-found clustercatalogs.olm.operatorframework.io/kubestash; fi
