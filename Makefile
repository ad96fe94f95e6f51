# bcn. `make` alone explains the targets.

GO ?= go
TOOL := $(GO) tool -modfile=tools.mod
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
FUZZTIME ?= 20s
BENCH ?= .

.DEFAULT_GOAL := help

##@ Try it

.PHONY: help
help: ## Explain the targets
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@/ { printf "\n%s\n", substr($$0, 5); next } \
		/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' Makefile

.PHONY: dev
dev: need-go need-postgres ## Run everything locally: PostgreSQL, Slack, AWS, GitHub, the bot and a sample app; prints the page to open
	$(GO) build -o bin/bot ./cmd/bot
	$(GO) -C tools/plugin build -mod=readonly -o ../../bin/session-manager-plugin github.com/aws/session-manager-plugin/src/sessionmanagerplugin-main
	bin/bot dev

.PHONY: tour
tour: need-go need-postgres need-chromium ## Walk through the first deploy in a headless browser and keep the screenshots
	$(GO) -C tools/tour run .

##@ Work on it

.PHONY: test
test: need-go need-cc need-postgres ## go vet, then all tests with the race detector; a skipped test is a failure
	$(GO) vet ./...
	GO="$(GO)" sh scripts/test.sh ./...

.PHONY: lint
lint: need-go need-cc ## golangci-lint (.golangci.yml), file lengths, tidy modules
	sh scripts/file-length.sh
	$(GO) mod verify
	$(GO) mod tidy -diff
	$(TOOL) golangci-lint run --allow-parallel-runners ./...

.PHONY: fmt
fmt: need-go ## Format the Go files (gofumpt, grouped imports)
	$(TOOL) golangci-lint fmt

.PHONY: docs
docs: need-go ## Write docs/commands.md from the table of commands, and the tables of docs/barcelona-yml.md from the schema
	$(GO) test -count=1 -run '^TestMarkdown$$' ./internal/commands -update
	$(GO) test -count=1 -run '^TestDocs$$' ./internal/manifest -update

##@ Ask more of it

.PHONY: guards
guards: need-go need-postgres ## Take away each promise's guard in turn; its test must fail (PATCH=NN-name for one)
	BCN_TEST_PATIENCE=15s $(GO) run ./tools/guards $(PATCH)

.PHONY: fuzz
fuzz: need-go ## Run each fuzz target for FUZZTIME (default 20s)
	GO="$(GO)" sh scripts/fuzz.sh $(FUZZTIME)

.PHONY: bench
bench: need-go need-postgres ## Measure what DESIGN promises of speed (BENCH=regexp for some)
	$(GO) test -run '^$$' -bench '$(BENCH)' -timeout 30m ./internal/bench ./internal/audit ./internal/manifest ./internal/render ./internal/apply

.PHONY: validate
validate: ## Run AWS's offline validator over the golden templates (needs Node 20)
	@command -v npm >/dev/null || { echo "make validate needs Node.js 20 or newer with npm: install nodejs and npm" >&2; exit 1; }
	cd tools/validate && { test -d node_modules || npm ci --no-audit --no-fund; } && node validate.mjs

.PHONY: conform
conform: need-go ## Hold the local Slack and AWS against the table of behaviours that bcn relies on
	$(GO) test -count=1 ./internal/conform/...

.PHONY: conform-aws
conform-aws: need-go ## The same table against a real AWS account (docs/real-account.md); it cleans up after itself
	$(GO) test -count=1 -v -timeout 60m -parallel 12 ./internal/conform -target aws -run '^(TestAWS|TestTables|TestPatterns|TestSweep)$$'

.PHONY: conform-slack
conform-slack: need-go ## The same table against a real Slack workspace (docs/real-account.md)
	$(GO) test -count=1 -v -timeout 60m ./internal/conform -target slack -run '^TestSlack$$'

##@ Ship it

.PHONY: build
build: need-go ## Build the static binary bin/bot
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o bin/bot ./cmd/bot

.PHONY: image
image: ## Build the container image bcn:VERSION; without a Docker engine, write bin/bcn-image.tar for `docker load`
	@if docker info >/dev/null 2>&1; then \
		docker build -t bcn:$(VERSION) .; \
	else \
		$(MAKE) image-tar; \
	fi

.PHONY: image-tar
image-tar: ## Write the same image as a file, without a Docker engine
	GOOS=linux $(MAKE) build
	$(GO) run ./tools/image -binary bin/bot -tag bcn:$(VERSION) -out bin/bcn-image.tar

# What the targets need. Each finds it, installs it, or says what to do.
.PHONY: need-go need-cc need-postgres need-chromium
need-go:
	@command -v $(GO) >/dev/null || { echo "Go 1.26 or newer is needed: https://go.dev/doc/install" >&2; exit 1; }
need-cc need-postgres need-chromium:
	@sh scripts/need.sh $(@:need-%=%)
