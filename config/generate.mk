# What is generated from api/. The generator is pinned in config/tools, a module of its own, so that what it needs does not become ours.

CONTROLLER_GEN := bin/controller-gen

$(CONTROLLER_GEN): config/tools/go.mod config/tools/go.sum
	go build -C config/tools -o $(abspath $@) sigs.k8s.io/controller-tools/cmd/controller-gen

.PHONY: generate
generate: $(CONTROLLER_GEN) ## Write the deepcopy methods of the API types.
	$(CONTROLLER_GEN) object:headerFile=config/boilerplate/go.txt paths=./api/...

.PHONY: manifests
manifests: $(CONTROLLER_GEN) ## Write the CRDs from the API types, the operator's rights from the markers in controllers, and the webhooks from those in internal/webhook.
	rm -f config/crd/bases/*.yaml
	$(CONTROLLER_GEN) crd:allowDangerousTypes=true paths=./api/... output:crd:dir=config/crd/bases
	go run ./config/crd/trim config/crd/bases
	$(CONTROLLER_GEN) rbac:roleName=kubestash-operator paths=./controllers/... output:rbac:dir=config/rbac
	$(CONTROLLER_GEN) webhook paths=./internal/webhook/... output:webhook:dir=config/webhook
