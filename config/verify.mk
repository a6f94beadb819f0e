# What has to hold before anything is released. Included by the Makefile at the root of the checkout. Nothing here needs a cluster or the network, once the
# tools are built.

##@ Check

# What generators write, and what is committed of it.
GENERATED := api bundle bundle.Dockerfile catalog config/crd/bases config/rbac/role.yaml config/webhook/manifests.yaml
WAS := .cluster/verify

# Compared with what lay here before, so that it needs no git. What can't be generated leaves the files as they were.
.PHONY: verify-generated
verify-generated: $(CONTROLLER_GEN) $(CLUSTER) ## Check that what is generated is what the generators write.
	@$(CLUSTER) build operator-sdk kubectl opm
	@rm -rf $(WAS) && mkdir -p $(WAS) && cp -r --parents $(GENERATED) $(WAS)
	@trap 'cp -r $(WAS)/. .; exit 130' INT TERM; \
	if ! $(MAKE) generate manifests bundle catalog > $(WAS).log 2>&1; then cp -r $(WAS)/. . && cat $(WAS).log >&2; exit 1; fi
	@stale=0; for path in $(GENERATED); do diff -r $(WAS)/$$path $$path || stale=1; done > $(WAS).diff; \
	if [ $$stale = 1 ]; then \
		head -n 100 $(WAS).diff >&2; \
		echo "make: generated files were stale: commit what \"make generate manifests bundle catalog\" has written" >&2; exit 1; fi

# A clone knows more than a source archive: whether what was generated is also committed.
.PHONY: verify-committed
verify-committed: verify-generated
	@if ! git rev-parse --is-inside-work-tree > /dev/null 2>&1; then \
		echo "this is no clone, so nobody can say whether generated files are committed; they are up to date"; \
	elif [ -n "$$(git status --porcelain -- $(GENERATED))" ]; then \
		git status --short -- $(GENERATED) >&2; echo "make: generated files aren't committed" >&2; exit 1; fi

# The gates that "make test" has: they take seconds once operator-sdk and opm are built (4 minutes on 2 cores).
.PHONY: verify-release
verify-release: verify-generated bundle-check ## Check what is released: generated files, bundle, catalog, CRDs, rights.
	go test ./config/...

.PHONY: verify
verify: verify-committed verify-release lint ## Check everything that needs no cluster, with the linter.

# Run it when a release is published, and commit it: later CRDs are compared with these.
.PHONY: crds-released
crds-released: ## Keep the CRDs as those of the last release.
	go run ./config/crd/compat/freeze config/crd/bases config/crd/released
	@printf '%s\n' '# The CRDs of the last release, v$(BUNDLE_VERSION), without their descriptions, as "make crds-released" keeps them.' '#' \
		"# What later CRDs may break nevertheless: the reason, \": \", and a part of what config/crd/compat says of it." > config/crd/released/allowed.txt
