# Cobuild: what a developer types. `make help` lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)
TOOL    := $(GO) tool -modfile=internal/tools/go.mod
DATA    ?= ./data
ADDR    ?= 127.0.0.1:8080
ROUNDS  ?= 200
SEED    ?= 0
STORES  ?= bolt,mongodb

.PHONY: help
help: ## list what can be done here
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/cobuild
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/cobuild ./cmd/cobuild

.PHONY: run
run: build ## build, and run with real input on http://127.0.0.1:8080
	./bin/cobuild serve --demo --data $(DATA) --addr $(ADDR)

.PHONY: test
test: ## all tests, on both stores, and partners' clients (TESTFLAGS=-race for the race detector)
	@TESTFLAGS='$(TESTFLAGS)' GO='$(GO)' bash deploy/test/run.sh

.PHONY: clients
clients: ## the clients that partners use, against a live demo (SUITES='apollo relay' for some)
	@GO='$(GO)' bash deploy/test/clients.sh $(SUITES)

.PHONY: check
check: generated tidied lint vuln ## what CI runs: no drift, tidy, lint, vulnerabilities, tests with the race detector
	@$(MAKE) --no-print-directory test TESTFLAGS=-race

.PHONY: generate
generate: ## write again what is generated: GraphQL code, the tables in docs, the printed schema, an example's client
	$(GO) tool gqlgen generate
	$(GO) run ./internal/access/print > docs/permissions.md
	$(GO) run ./internal/event/print > internal/event/types.go.new && mv internal/event/types.go.new internal/event/types.go
	$(GO) test ./internal/notification -run TestTheTableOfKinds -update -count=1
	$(GO) test ./graph -run TestThePublishedSchemaIsTheGoldenOne -update -count=1
	cd docs/examples/integrate && $(GO) tool -modfile=../../../internal/tools/go.mod genqlient genqlient.yaml

.PHONY: generated
generated: generate ## fail where what is generated differs from what is committed
	@git diff --exit-code --stat -- graph docs internal schema.graphqls || { echo 'generated files differ from the committed ones: commit what make generate writes'; exit 1; }
	@test -z "$$(git ls-files --others --exclude-standard -- graph docs)" || { git ls-files --others --exclude-standard -- graph docs; echo 'generated files are not committed'; exit 1; }

.PHONY: tidied
tidied: ## fail where go.mod or go.sum is not tidy
	$(GO) mod tidy -diff
	$(GO) mod verify

.PHONY: lint
lint: ## golangci-lint
	$(TOOL) golangci-lint run ./...

.PHONY: fmt
fmt: ## format everything
	$(TOOL) golangci-lint fmt ./...

.PHONY: vuln
vuln: ## known vulnerabilities in what the program calls (GOVULNDB names another database)
	@TOOL='$(TOOL)' bash deploy/test/vuln.sh

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME (10s)
	@bash deploy/test/fuzz.sh $(or $(FUZZTIME),10s)

.PHONY: bench
bench: ## every benchmark once; compare two runs with benchstat
	$(GO) test -run '^$$' -bench . -benchmem ./...

.PHONY: soak
soak: build ## kill the server ROUNDS (200) times under load on each store, and reckon up (SEED=… repeats the choices)
	@uri=$${COBUILD_TEST_MONGODB_URI:-$$(bash deploy/test/mongodb.sh start | cut -d = -f 2-)}; \
	$(GO) build -trimpath -o bin/follow ./docs/examples/follow && \
	$(GO) run -trimpath ./deploy/test/soak --cobuild bin/cobuild --follow bin/follow --rounds $(ROUNDS) --seed $(SEED) --mongodb "$$uri" --stores $(STORES)

.PHONY: load
load: build ## thousands of subscriptions against a server here, and what they cost (LOAD='-subscriptions 2000 -slow 100')
	$(GO) run ./deploy/test/load -server bin/cobuild $(LOAD)

.PHONY: clean
clean: ## remove what was built, and the demo's data
	rm -rf bin data
