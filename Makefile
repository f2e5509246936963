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
demo: build $(if $(filter bigquery,$(WAREHOUSE)),.venv/bqemulator/installed) ## Run a day of sample exports through everything and prove the laws (KEEP=1 leaves it running, WAREHOUSE=bigquery uses BigQuery's stand-in)
	@echo "Building the demo with its Temporal server; the first time this takes some minutes."
	cd testsuite && go build -o ../$(BIN)/demo ./cmd/demo
	$(BIN)/demo

.PHONY: test
test: ## Run all tests; Go and a C compiler are enough
	go test ./...
	cd testsuite && go test -timeout 40m ./...

# bqemulator stands in for BigQuery; it is Python's, and installed for these targets only.
BQEMULATOR := .venv/bqemulator

$(BQEMULATOR)/installed: testsuite/bigquerystack/requirements.txt
	rm -rf $(BQEMULATOR)
	python3 -m venv $(BQEMULATOR)
	$(BQEMULATOR)/bin/pip install --quiet --disable-pip-version-check -r $<
	@# DuckDB looks for its extension below the home directory, which is this one for bqemulator.
	HOME=$(abspath $(BQEMULATOR)) $(BQEMULATOR)/bin/python -c 'from duckdb_extensions import import_extension; import_extension("spatial")'
	touch $@

.PHONY: test-bigquery
test-bigquery: $(BQEMULATOR)/installed ## Run the BigQuery tests on bqemulator; needs Python 3.11 or newer with venv
	cd testsuite && go test -tags bigquery -count=1 -timeout 40m -run BigQuery ./conformance ./histories ./e2e ./cmd/bigquery

.PHONY: test-bigquery-project
test-bigquery-project: ## Run the BigQuery tests in a project of Google's (BIGQUERY_TEST_PROJECT and BIGQUERY_TEST_BUCKET; costs some cents)
	@test -n "$$BIGQUERY_TEST_PROJECT" -a -n "$$BIGQUERY_TEST_BUCKET" || { echo "set BIGQUERY_TEST_PROJECT and BIGQUERY_TEST_BUCKET; see docs/bqemulator.md. Nothing was tested" >&2; exit 1; }
	cd testsuite && go test -tags bigquery,project -count=1 -timeout 2h -parallel 16 -run Project ./conformance

.PHONY: test-report
test-report: ## Look at the report, and try the runbook in Temporal's UI, in headless Chromium; installs chromium with apt where there is none (PICTURES=dir keeps what it saw)
	@command -v chromium >/dev/null || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium; }
	cd testsuite && go test -tags chromium -count=1 ./pages $(if $(PICTURES),-pictures $(abspath $(PICTURES)))

.PHONY: chaos
chaos: ## Play 10,000 random histories, and break every rule of merges, dedups and rebuilds to see it missed (HISTORIES=10000)
	cd testsuite && go test -count=1 -timeout 4h ./histories -rapid.checks=$$(( $(or $(HISTORIES),10000) / 10 )) -drawn

.PHONY: test-googlesql
test-googlesql: ## Analyse every statement for BigQuery with GoogleSQL's front end; compiling that takes minutes and 6 GB once
	cd testsuite/googlesql && go test -count=1 ./...

.PHONY: soak
soak: ## Run simulated days under kills and faults, then measure the worker in calm (SOAK=30m)
	cd testsuite && go run ./cmd/soak -for $(or $(SOAK),30m)

.PHONY: replay
replay: ## Replay the recorded histories of every workflow against the code as it is
	cd testsuite && go test -count=1 ./replay

.PHONY: replay-record
replay-record: ## Record the histories of paths that have none (AGAIN=1: and again those that no longer replay; minutes)
	cd testsuite && go test ./e2e -count=1 -run '^TestHistories$$' -record $(CURDIR)/testsuite/replay/testdata $(if $(AGAIN),-again)

.PHONY: lint
lint: ## Check style, and that workflow code is deterministic
	$(TOOL) golangci-lint run ./...
	cd testsuite && go tool -modfile=../tools/go.mod golangci-lint run -c ../.golangci.yml ./...
	$(TOOL) workflowcheck ./workflows/... 2>&1 | cut -c1-200 | head -20; exit $${PIPESTATUS[0]}

.PHONY: format
format: ## Format all Go code
	$(TOOL) golangci-lint fmt ./...
	cd testsuite && go tool -modfile=../tools/go.mod golangci-lint fmt -c ../.golangci.yml ./...

# The sizes of tracks, in millions of rows, that merges are measured at.
MILLIONS ?= 1,10,50

.PHONY: bench
bench: ## Measure what an hour costs, and how a merge's cost grows with tracks (RUNS=5 MILLIONS=1,10,50 DEDUP=10,50 BACKFILL=100000; an hour or two, 50 GB)
	cd testsuite && go run ./cmd/bench -runs $(or $(RUNS),5)
	cd testsuite && go run ./cmd/bench -runs $(or $(RUNS),5) -merge $(MILLIONS)
	cd testsuite && go run ./cmd/bench -short -dedup $(or $(DEDUP),10,50) -memory 2GB -threads 2
	cd testsuite && go run ./cmd/bench -backfill $(or $(BACKFILL),100000) -memory 512MB

PARITY := .venv/parity
$(PARITY)/installed: testsuite/cmd/parity/requirements.txt
	python3 -m venv $(PARITY)
	$(PARITY)/bin/pip install --quiet -r testsuite/cmd/parity/requirements.txt
	touch $@

.PHONY: parity
parity: $(PARITY)/installed ## Compare data tests with dbt and Elementary on the same data; needs Python 3 with venv (ELEMENTARY= and DBT_UTILS= name folders of their packages)
	cd testsuite && go run ./cmd/parity -dbt $(CURDIR)/$(PARITY)/bin/dbt -elementary "$(ELEMENTARY)" -dbt-utils "$(DBT_UTILS)"
