# The linter is built from source by the Go that builds the rest, and kept by version: another version is another file.

GOLANGCI_LINT_VERSION := v2.13.2
GOLANGCI_LINT := bin/golangci-lint-$(GOLANGCI_LINT_VERSION)

$(GOLANGCI_LINT):
	@echo "building golangci-lint $(GOLANGCI_LINT_VERSION): about 3 minutes on 2 cores, once"
	@mkdir -p bin
	GOBIN=$(abspath bin)/.golangci-lint go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)
	mv bin/.golangci-lint/golangci-lint $@
	rmdir bin/.golangci-lint

.PHONY: lint
lint: $(GOLANGCI_LINT) ## Check the style of the code and the rules of the house.
	$(GOLANGCI_LINT) run ./...
	go test ./internal/arch/

.PHONY: lint-fix
lint-fix: $(GOLANGCI_LINT) ## Let the linter repair what it can.
	$(GOLANGCI_LINT) run --fix ./...
