# posthog-tracks. `make` lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/bash

BIN := bin
TOOL := go tool -modfile=tools/go.mod

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build the worker and the starter into bin/
	go build -o $(BIN)/worker ./worker
	go build -o $(BIN)/starter ./starter

.PHONY: demo
demo: build ## Run a day of sample exports through everything and prove the laws (KEEP=1 leaves it running)
	@echo "Building the demo with its Temporal server; the first time this takes some minutes."
	cd testsuite && go build -o ../$(BIN)/demo ./cmd/demo
	$(BIN)/demo

.PHONY: test
test: ## Run all tests; Go and a C compiler are enough
	go test ./...
	cd testsuite && go test -timeout 40m ./...

.PHONY: lint
lint: ## Check style, and that workflow code is deterministic
	$(TOOL) golangci-lint run ./...
	cd testsuite && go tool -modfile=../tools/go.mod golangci-lint run -c ../.golangci.yml ./...
	$(TOOL) workflowcheck ./workflows/... 2>&1 | cut -c1-200 | head -20; exit $${PIPESTATUS[0]}

.PHONY: format
format: ## Format all Go code
	$(TOOL) golangci-lint fmt ./...
	cd testsuite && go tool -modfile=../tools/go.mod golangci-lint fmt -c ../.golangci.yml ./...

.PHONY: bench
bench: ## Measure what an hour costs, beside a plain DuckDB script (RUNS=5)
	cd testsuite && go run ./cmd/bench -runs $(or $(RUNS),5)
