# A real Kubernetes on this machine, without Docker. Included by the Makefile at the root of the checkout.
#
#   NODES=1              one node instead of two
#   K8S_VERSION=1.33     our oldest Kubernetes instead of 1.36
#
# Both count when the cluster is made; cluster-down comes before a change.

CLUSTER := bin/cluster
CLUSTER_SOURCES := $(shell find tests/cluster/main.go tests/cluster/go.mod tests/cluster/go.sum tests/cluster/internal -type f)
CLUSTER_FLAGS := $(if $(K8S_VERSION),--kubernetes $(K8S_VERSION))

# No flags of its own on purpose: the Kubernetes libraries that this compiles are then the same build as the tests', once for both.
$(CLUSTER): $(CLUSTER_SOURCES)
	@mkdir -p bin
	@echo "building bin/cluster: up to 2 minutes the first time, without the downloads" >&2
	@cd tests/cluster && GOWORK=off go build -ldflags '-s -w' -o $(CURDIR)/$(CLUSTER) .

.PHONY: cluster-up cluster-down cluster-status cluster-env cluster-prune cluster-tool cluster-test

cluster-tool: $(CLUSTER) ## Build the program that runs the test cluster: bin/cluster

cluster-up: $(CLUSTER) ## Start a Kubernetes on this machine (root, Linux; NODES=2|1, K8S_VERSION=1.36|1.33)
	@$(CLUSTER) up $(CLUSTER_FLAGS) $(if $(NODES),--nodes $(NODES))

cluster-down: $(CLUSTER) ## Take the cluster away, with everything in it
	@$(CLUSTER) down

cluster-status: $(CLUSTER) ## Show the cluster's servers and nodes
	@$(CLUSTER) status

cluster-env: $(CLUSTER) ## Print the shell commands that set KUBECONFIG and PATH: eval "$(make -s cluster-env)"
	@$(CLUSTER) env

cluster-prune: $(CLUSTER) ## Remove all images and outdated binaries from the cache, while there is no cluster
	@$(CLUSTER) prune

cluster-test: ## Test the program that runs the test cluster
	@cd tests/cluster && GOWORK=off go test ./...
	@cd tests/cluster/tools/wget && GOWORK=off go test ./...

image-%: $(CLUSTER) ## Add a known image to the local registry: image-busybox, image-postgres, ...
	@$(CLUSTER) image $*
