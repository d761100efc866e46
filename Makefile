# Every target works on a clean checkout of a Debian or Ubuntu machine with Go; `make deps` installs the rest.
# The repository holds several modules, which go.work joins; the pattern `work` is the packages of all of them.

GO      ?= go
SERVER  ?= bin/curfew
# Packages of pure code, without goroutines: the race detector has nothing to find there, and takes minutes.
PURE    := bench|command/grammar|eviction|expiry|layers|rdb|store|trace|trace/replay

# The toolkit and the package lifetime, whose tests start many servers: one package at a time, and with the race detector.
TOOLKIT := ./lifetime/... ./internal/toolkit/... ./cmd/... ./ttllint/cmd/... ./test/articles ./test/prometheus ./test/rig ./test/stampede ./test/tagchurn

# The oldest Go that those need who import a package of this repository.
OLDEST  := go1.25.0
IMPORTER = GOTOOLCHAIN=$(OLDEST) GOWORK=$(CURDIR)/libraries.work CURFEW_SERVER=$(CURDIR)/bin/curfew

# How long the differential tests generate sequences, in seconds.
DIFF_SECONDS ?= 60

# How many sessions the test of the stream of effects generates.
EFFECTS_SESSIONS ?= 60

.PHONY: run build deps vet fmt unit race toolkit oldest cross tidy differential effects linear badinput net test-redis test-redis-skipped test fuzz-short bench clean

run: build
	$(SERVER) serve

build:
	$(GO) build -o bin/ ./cmd/... ./ttllint/cmd/...

# redis-server is the peer of the differential tests, and its own suite (Tcl) is run against Curfew.
deps:
	scripts/install-deps
	scripts/fetch-node-clients

vet:
	$(GO) vet work

fmt:
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); \
	if [ -n "$$unformatted" ]; then echo "not formatted by gofmt:"; echo "$$unformatted"; exit 1; fi

# The tests that start servers have targets of their own below, with their own limits.
unit:
	$(GO) test -timeout 15m $$($(GO) list work | grep -vxF "$$($(GO) list ./test/differential ./test/effects ./test/linear ./test/badinput ./test/release $(TOOLKIT))")

race:
	$(GO) test -race -timeout 15m $$($(GO) list ./internal/... | grep -vE 'internal/($(PURE)|toolkit/.*)$$') ./test/linear ./test/badinput

# Without the first line, -p 1 would compile on one core as well.
toolkit:
	$(GO) build -race $(TOOLKIT)
	$(GO) test -race -p 1 -timeout 20m $(TOOLKIT)

# What is imported, as those have it who import it: with the oldest Go, with the oldest versions of what it needs, and
# without the server, which only the tests start; and what an importer resolves, and an installer gets, of a release.
oldest: build
	$(IMPORTER) $(GO) vet work
	$(IMPORTER) $(GO) test -timeout 15m ./lifetime/... ./resp/...
	$(GO) test -count=1 -timeout 15m ./test/release

# The whole program builds for macOS; what is imported, and the tools, for systems on which the server does not run.
cross:
	GOOS=darwin GOARCH=arm64 $(GO) vet ./cmd/... ./internal/...
	GOOS=windows $(GO) build ./lifetime/... ./resp/... ./ttllint/...
	GOOS=windows $(GO) build -o /dev/null ./cmd/curfew

# go.mod and go.sum of every module.
tidy:
	scripts/tidy

differential: build
	CURFEW_DIFF_SECONDS=$(DIFF_SECONDS) $(GO) test -count=1 -timeout 10m ./test/differential

# The stream of effects of generated sessions, run by a node and by redis-server.
effects:
	CURFEW_EFFECTS_SESSIONS=$(EFFECTS_SESSIONS) $(GO) test -count=1 -timeout 10m ./test/effects

linear: build
	CURFEW_LINEAR_ROUNDS=5 $(GO) test -count=1 -timeout 10m ./test/linear

badinput: build
	$(GO) test -count=1 -timeout 10m ./test/badinput

# What a server does must not depend on how bytes travel to it: the same tests, and a part of Redis's suite, over package net.
# Not of it: unit/pubsub, two of whose tests send on one connection and expect it run before what they send on another, which
# no goroutine for each connection promises.
net: export CURFEW_TRANSPORT = net
net: build
	$(GO) test -race -count=1 -timeout 15m ./internal/server
	$(GO) test -count=1 -timeout 10m ./test/badinput
	scripts/fetch-redis-suite
	$(GO) run ./test/redis-suite -server $(SERVER) -units unit/protocol,unit/querybuf,unit/limits,unit/networking,unit/obuf-limits,unit/tracking,unit/multi,unit/pause,unit/quit,unit/type/string

test-redis: build
	scripts/fetch-redis-suite
	$(GO) run ./test/redis-suite -server $(SERVER)

# Runs what exceptions.txt says to skip as well: shows which of those lines are out of date.
test-redis-skipped: build
	scripts/fetch-redis-suite
	$(GO) run ./test/redis-suite -server $(SERVER) -try-skipped

test: deps vet fmt build unit race toolkit oldest cross differential effects linear badinput net test-redis

# Every fuzz target for a few seconds, on the corpus and a little beyond it.
fuzz-short:
	scripts/fuzz-short 15s

bench: build
	$(GO) test -run '^$$' -bench . -benchtime 1s work

clean:
	rm -rf bin
