# Two commands do everything: `make run` and `make test`. The rest are parts
# of them, and what takes longer. System packages are installed where missing.

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
BIN     := build/bin/omniroute
APP     := build/bin/omniroute-desktop
CLIENTS := backend/testkit/clients
GOFLAGS_BUILD := -trimpath -ldflags "-s -w -X main.version=$(VERSION)"

.PHONY: run build web desktop windows gtk desk quick-desktop test-desktop test check check-web vectors race test-sdk test-agents test-death test-web test-web-short check-e2e screenshots browser bench fuzz gcc node

# The window where there is a display, else the server.
run:
ifneq ($(DISPLAY)$(WAYLAND_DISPLAY)$(filter Darwin,$(shell uname -s)),)
	@$(MAKE) --no-print-directory desktop
	@exec $(APP)
else
	@$(MAKE) --no-print-directory build
	@exec $(BIN) serve
endif

build: web
	@mkdir -p build/bin
	CGO_ENABLED=0 go build $(GOFLAGS_BUILD) -o $(BIN) .

# The window. Linux and macOS need cgo; what is missing is installed.
desktop: web gtk
	@mkdir -p build/bin
	CGO_ENABLED=1 go build -tags desktop,production,webkit2_41 $(GOFLAGS_BUILD) -o $(APP) .

# The window for Windows, from anywhere and without a C compiler.
windows: web
	@mkdir -p build/bin
	CGO_ENABLED=0 GOOS=windows go build -tags desktop,production -trimpath -ldflags "-s -w -H windowsgui -X main.version=$(VERSION)" -o $(APP).exe .

# Headers of the system's window and web view.
gtk: gcc
	@test "$$(uname -s)" != Linux || pkg-config --exists gtk+-3.0 webkit2gtk-4.1 2>/dev/null || backend/testkit/install.sh pkg-config libgtk-3-dev libwebkit2gtk-4.1-dev

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

test: gcc node check check-web race vectors test-sdk test-web-short quick-desktop

check:
	@test -z "$$(gofmt -l *.go backend)" || { gofmt -l main.go backend; echo "not formatted: run gofmt -w"; exit 1; }
	go vet ./... && go vet -tags death ./backend/daemon
	GOOS=darwin go vet ./backend/... && GOOS=windows go vet ./backend/...
	CGO_ENABLED=0 GOOS=windows go vet -tags desktop,production . ./backend/desktop && CGO_ENABLED=0 GOOS=darwin go build -o /dev/null .
	go vet -tags app ./backend/desktop

race: gcc
	CGO_ENABLED=1 go test -race -timeout 15m ./...

# The translation vectors once more, black box, against the built server.
vectors: build node
	@backend/testkit/serve.sh $(BIN) node backend/testkit/vectors/run.mjs

test-sdk: build node
	cd $(CLIENTS) && npm ci --no-audit --no-fund --loglevel=error && OMNIROUTE_BIN=$(CURDIR)/$(BIN) node sdk.mjs

# The built window on a desktop of its own: display, window manager, session
# bus, tray host, notifications, keyring. test-desktop adds the figures and a
# real panel; quick-desktop is the part of make test.
DESKTOP_TEST = OMNIROUTE_APP=$(CURDIR)/$(APP) OMNIROUTE_BIN=$(CURDIR)/$(BIN) go test -count=1 -timeout 15m -tags app -v ./backend/desktop -run

quick-desktop: build desktop desk
	@$(DESKTOP_TEST) '^TestApp(Shows|Page|Window|Tells|Keeps|With|Beside)'

test-desktop: build desktop windows desk
	@$(DESKTOP_TEST) '^TestApp'

# The desktop that the tests need.
desk:
	@for p in Xvfb dbus-daemon openbox wmctrl xdotool xprop import gnome-keyring-daemon secret-tool xfce4-panel dunst weston /usr/libexec/at-spi-bus-launcher; do command -v $$p >/dev/null || missing=1; done; \
	test -z "$$missing" || backend/testkit/install.sh xvfb dbus openbox wmctrl xdotool x11-utils imagemagick gnome-keyring libsecret-tools xfce4-panel dunst weston at-spi2-core fonts-dejavu-core

test-agents: build node
	cd $(CLIENTS) && npm ci --no-audit --no-fund --loglevel=error && npm --prefix agents install --no-audit --no-fund --loglevel=error && OMNIROUTE_BIN=$(CURDIR)/$(BIN) node agents.mjs

# The dashboard in a real browser against the real server, where only loopback
# exists. Both take names of suites: make test-web SUITES="security xss".
E2E = cd frontend && OMNIROUTE_BIN=$(CURDIR)/$(BIN) e2e/offline.sh node --test-reporter=./e2e/reporter.mjs e2e/run.mjs

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
	@command -v chromium >/dev/null && command -v openssl >/dev/null && fc-list 2>/dev/null | grep -q NotoSansCJK && fc-list | grep -q DejaVuSans.ttf || backend/testkit/install.sh chromium openssl iproute2 fontconfig fonts-noto-cjk fonts-dejavu-core

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
