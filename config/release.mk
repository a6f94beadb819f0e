# What a release consists of beside bundle and catalog: binaries and images of every platform, one file to install from, and what is in it all. Included by
# the Makefile at the root of the checkout. Everything is written to dist/, which git ignores.

##@ Release

# The platforms that the binaries and the images are built for. linux, and Go's names.
ARCHES ?= amd64 arm64

# Static, so that they run on the base image, which has no C library.
.PHONY: binaries binaries-%
binaries: $(addprefix binaries-,$(ARCHES)) ## Build operator, mover and restic for every platform into dist/bin.
binaries-%: $(CLUSTER)
	@mkdir -p dist/bin/$*
	GOOS=linux GOARCH=$* $(BUILD) -o dist/bin/$*/ ./cmd/operator ./cmd/mover
	@install -m 0755 "$$($(CLUSTER) bin restic --arch $*)" dist/bin/$*/restic

.PHONY: installer
installer: $(CLUSTER) ## Write dist/install.yaml: everything that an installation needs, for one kubectl apply.
	@mkdir -p dist .cluster/installer
	@sed -e 's|@OPERATOR_IMAGE@|$(OPERATOR_IMAGE)|g; s|@MOVER_IMAGE@|$(MOVER_IMAGE)|g; s|@KUBE_RBAC_PROXY_IMAGE@|$(PROXY_IMAGE)|g' \
		config/deploy/kustomization.yaml.in > .cluster/installer/kustomization.yaml
	@$$($(CLUSTER) bin kubectl) kustomize .cluster/installer > dist/install.yaml
	@echo "dist/install.yaml: $$(grep -c '^kind:' dist/install.yaml) objects"

.PHONY: image-list
image-list: ## Print the images of a release, for a mirror.
	@printf '%s\n' $(OPERATOR_IMAGE) $(MOVER_IMAGE) $(PROXY_IMAGE) $(BUNDLE_IMAGE) $(CATALOG_IMAGE)

CATALOG_IMAGE ?= $(IMAGES)/kubestash-catalog:v$(BUNDLE_VERSION)

# The images of every platform, each built of its own folder, and an index of them, which is the name that is used. What is given to others has the texts of
# all licences with it, in /licenses. Local: the registry of the cluster on
# this machine. Otherwise REGISTRY, by docker, podman or buildah. The references are left in dist/images.
.PHONY: image-index licenses image-index-local image-index-given
image-index: can-push-$(WHERE) binaries licenses image-index-$(WHERE) ## Build the images of operator and mover for every platform, and their index.

licenses: sbom
	@for arch in $(ARCHES); do rm -rf dist/bin/$$arch/licenses && cp -r dist/sbom/licenses dist/bin/$$arch/ && \
		install -m 0644 LICENSE dist/bin/$$arch/licenses/; done

image-index-local:
	@mkdir -p dist/images
	@for name in operator mover; do \
		file=Dockerfile; if [ $$name != operator ]; then file=Dockerfile.$$name; fi; refs=; \
		for arch in $(ARCHES); do \
			refs="$$refs $$($(CLUSTER) build-image --arch $$arch --name kubestash-$$name --file $$file --base base dist/bin/$$arch)"; \
		done; \
		$(CLUSTER) push-index --name kubestash-$$name $$refs > dist/images/$$name; cat dist/images/$$name; \
	done

# docker makes an index of what is pushed already; podman and buildah push it with the images.
image-index-given:
	@mkdir -p dist/images
	@for name in operator mover; do \
		file=Dockerfile; if [ $$name != operator ]; then file=Dockerfile.$$name; fi; \
		index=$(REGISTRY)/kubestash-$$name:v$(BUNDLE_VERSION); refs=; \
		for arch in $(ARCHES); do \
			(set -x; $(CONTAINER_TOOL) build $(CONTAINER_BUILD_FLAGS) --platform linux/$$arch -f $$file -t $$index-$$arch dist/bin/$$arch && \
				$(CONTAINER_TOOL) push $(CONTAINER_PUSH_FLAGS) $$index-$$arch); \
			refs="$$refs $$index-$$arch"; \
		done; \
		$(CONTAINER_TOOL) manifest rm $$index > /dev/null 2>&1 || true; \
		(set -x; $(CONTAINER_TOOL) manifest create $$index $$refs); \
		case "$(CONTAINER_TOOL)" in \
		*docker) (set -x; $(CONTAINER_TOOL) manifest push $$index);; \
		*) (set -x; $(CONTAINER_TOOL) manifest push --all --format oci $(CONTAINER_PUSH_FLAGS) $$index docker://$$index);; \
		esac; echo $$index > dist/images/$$name; \
	done

# Modules and licences of the binaries themselves, as they were linked.
.PHONY: sbom
sbom: binaries ## Write dist/sbom: what is in each binary (SPDX), under which licences, and their texts.
	@rm -rf dist/sbom
	go run ./config/sbom --out dist/sbom --created "$$(TZ=UTC git log -1 --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd 2> /dev/null || echo 1970-01-01T00:00:00Z)" \
		$(foreach a,$(ARCHES),$(foreach b,operator mover restic,$(b)-$(a)=dist/bin/$(a)/$(b)))
