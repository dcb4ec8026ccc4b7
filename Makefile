# Two commands do everything: `make run` and `make test`. The rest are parts
# of them, and what takes longer. System packages are installed where missing.

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
BIN     := build/bin/omniroute
APP     := build/bin/omniroute-desktop
CLIENTS := backend/testkit/clients
GOFLAGS_BUILD := -trimpath -ldflags "-s -w -X main.version=$(VERSION)"

.PHONY: run build web desktop gtk test check check-web vectors race test-sdk test-agents test-death test-web test-web-short check-e2e screenshots browser bench fuzz gcc node

run: build
	@exec $(BIN) serve

build: web
	@mkdir -p build/bin
	CGO_ENABLED=0 go build $(GOFLAGS_BUILD) -o $(BIN) .

# The window. Linux and macOS need cgo; what is missing is installed.
desktop: web gtk
	@mkdir -p build/bin
	CGO_ENABLED=1 go build -tags desktop,production,webkit2_41 $(GOFLAGS_BUILD) -o $(APP) .

# Headers of the system's window and web view.
gtk: gcc
	@pkg-config --exists gtk+-3.0 webkit2gtk-4.1 2>/dev/null || backend/testkit/install.sh pkg-config libgtk-3-dev libwebkit2gtk-4.1-dev

# The dashboard: installed when the lock file changed, built when a source did.
WEB_SOURCES := $(shell find frontend/src frontend/scripts -type f -not -name '*.test.ts*' 2>/dev/null) $(wildcard frontend/*.html frontend/*.ts frontend/*.json)

web: frontend/dist/app/index.html

frontend/node_modules/.package-lock.json: frontend/package-lock.json | node
	cd frontend && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

frontend/dist/app/index.html: frontend/node_modules/.package-lock.json $(WEB_SOURCES) | node
	cd frontend && npm run --silent build

check-web: frontend/node_modules/.package-lock.json
	cd frontend && npm run --silent check

test: gcc node check check-web race vectors test-sdk test-web-short

check:
	@test -z "$$(gofmt -l *.go backend)" || { gofmt -l main.go backend; echo "not formatted: run gofmt -w"; exit 1; }
	go vet ./... && go vet -tags death ./backend/daemon
	GOOS=darwin go vet ./backend/... && GOOS=windows go vet ./backend/...

race: gcc
	CGO_ENABLED=1 go test -race -timeout 15m ./...

# The translation vectors once more, black box, against the built server.
vectors: build node
	@backend/testkit/serve.sh $(BIN) node backend/testkit/vectors/run.mjs

test-sdk: build node
	cd $(CLIENTS) && npm ci --no-audit --no-fund --loglevel=error && OMNIROUTE_BIN=$(CURDIR)/$(BIN) node sdk.mjs

test-agents: build node
	cd $(CLIENTS) && npm ci --no-audit --no-fund --loglevel=error && npm --prefix agents install --no-audit --no-fund --loglevel=error && OMNIROUTE_BIN=$(CURDIR)/$(BIN) node agents.mjs

# The dashboard in a real browser against the real server, where only loopback
# exists. Both take names of suites: make test-web SUITES="security xss".
E2E = cd frontend && OMNIROUTE_BIN=$(CURDIR)/$(BIN) e2e/offline.sh node --test-reporter=spec e2e/run.mjs

test-web: build browser check-e2e
	$(E2E) $(SUITES)

test-web-short: build browser check-e2e
	$(E2E) --short $(SUITES)

check-e2e: frontend/node_modules/.package-lock.json
	cd frontend && npx --no-install tsc -p e2e

# Pictures of every page for docs/screenshots.
screenshots: build browser
	cd frontend && OMNIROUTE_BIN=$(CURDIR)/$(BIN) node e2e/screenshots.mjs $(PAGES)

browser:
	@command -v chromium >/dev/null && fc-list 2>/dev/null | grep -q NotoSansCJK && fc-list | grep -q DejaVuSans.ttf || backend/testkit/install.sh chromium fontconfig fonts-noto-cjk fonts-dejavu-core

test-death:
	go test -count=1 -timeout 20m -tags death -run "^TestDeath$$" -v ./backend/daemon

bench: build
	go build -o build/bin/bench ./backend/testkit/bench && build/bin/bench -bin $(BIN) $(BENCH)

# Every fuzz target for FUZZTIME each.
FUZZTIME ?= 60s
fuzz:
	@backend/testkit/fuzz.sh $(FUZZTIME)

# -race needs a C compiler.
gcc:
	@command -v gcc >/dev/null || command -v cc >/dev/null || backend/testkit/install.sh gcc libc6-dev

node:
	@node -e 'const [a,b]=process.versions.node.split(".").map(Number);process.exit(a>20||a==20&&b>=19?0:1)' 2>/dev/null || { echo "Node.js >= 20.19 is needed for the tests: https://nodejs.org"; exit 1; }
