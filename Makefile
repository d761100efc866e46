# Every target works on a clean checkout of a Debian or Ubuntu machine with Go; `make deps` installs the rest.

GO      ?= go
SERVER  ?= bin/curfew
# Packages of pure code, without goroutines: the race detector has nothing to find there, and takes minutes.
PURE    := bench|command/grammar|eviction|expiry|glob|layers|number|rdb|store|trace|trace/replay

# The toolkit and the package lifetime, whose tests start many servers: one package at a time, and with the race detector.
TOOLKIT := ./lifetime/... ./internal/toolkit/... ./cmd/... ./test/articles ./test/prometheus ./test/rig ./test/stampede ./test/tagchurn

# How long the differential tests generate sequences, in seconds.
DIFF_SECONDS ?= 60

.PHONY: run build deps vet fmt unit race toolkit differential linear badinput test-redis test-redis-skipped test fuzz-short bench clean

run: build
	$(SERVER) serve

build:
	$(GO) build -o bin/ ./cmd/...

# redis-server is the peer of the differential tests, and its own suite (Tcl) is run against Curfew.
deps:
	scripts/install-deps
	scripts/fetch-node-clients

vet:
	$(GO) vet ./...

fmt:
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); \
	if [ -n "$$unformatted" ]; then echo "not formatted by gofmt:"; echo "$$unformatted"; exit 1; fi

# The tests that start servers have targets of their own below, with their own limits.
unit:
	$(GO) test -timeout 15m $$($(GO) list ./... | grep -vxF "$$($(GO) list ./test/differential ./test/linear ./test/badinput $(TOOLKIT))")

race:
	$(GO) test -race -timeout 15m $$($(GO) list ./internal/... | grep -vE 'internal/($(PURE)|toolkit/.*)$$') ./test/linear ./test/badinput

# Without the first line, -p 1 would compile on one core as well.
toolkit:
	$(GO) build -race $(TOOLKIT)
	$(GO) test -race -p 1 -timeout 20m $(TOOLKIT)

differential: build
	CURFEW_DIFF_SECONDS=$(DIFF_SECONDS) $(GO) test -count=1 -timeout 10m ./test/differential

linear: build
	CURFEW_LINEAR_ROUNDS=5 $(GO) test -count=1 -timeout 10m ./test/linear

badinput: build
	$(GO) test -count=1 -timeout 10m ./test/badinput

test-redis: build
	scripts/fetch-redis-suite
	$(GO) run ./test/redis-suite -server $(SERVER)

# Runs what exceptions.txt says to skip as well: shows which of those lines are out of date.
test-redis-skipped: build
	scripts/fetch-redis-suite
	$(GO) run ./test/redis-suite -server $(SERVER) -try-skipped

test: deps vet fmt build unit race toolkit differential linear badinput test-redis

# Every fuzz target for a few seconds, on the corpus and a little beyond it.
fuzz-short:
	scripts/fuzz-short 15s

bench: build
	$(GO) test -run '^$$' -bench . -benchtime 1s ./...

clean:
	rm -rf bin
