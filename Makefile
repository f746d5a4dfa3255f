# Set-up, checks and tests: everything starts here, on a developer's machine and in CI. See CONTRIBUTING.md.
# Needed beforehand: Python 3.11 or later. All else lands in .venv and in node_modules, Chromium where apt puts it.

PYTHON ?= python3
PORT ?= 8881
SECONDS_EACH ?= 60
# How many checks or test processes run at a time; each test process drives a browser of its own.
JOBS ?= 2

VENV := .venv
BIN := $(VENV)/bin
DEMO := $(VENV)/.demo-installed
DEV := $(VENV)/.dev-installed
NODE_MODULES := js/node_modules/.package-lock.json
# The OpenID provider that the tests sign in at.
PROVIDER := tests/oidc/node_modules/.package-lock.json
PROVIDER_FILES := ../tests/oidc/provider.mjs ../tests/oidc/package.json
# Keeps the output of a check in one piece, where make can (4.0 and later).
SYNC := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

# npm and node come from the virtual environment too.
export PATH := $(CURDIR)/$(BIN):$(PATH)

# A log is read without colours.
ifeq ($(MAKE_TERMOUT),)
export NO_COLOR := 1
endif

.DEFAULT_GOAL := help
.PHONY: help demo test setup chromium checks lint types client js-test
.PHONY: unit integration e2e bench chaos fuzz audit build-client format clean

help:
	@echo "make demo          start the gallery of sample apps on port $(PORT)"
	@echo "make test          install what is missing, then run every check and test"
	@echo "make setup         only install what is missing"
	@echo "make checks        all that needs no running server: lint types client js-test"
	@echo "make lint          ruff, import-linter, Biome"
	@echo "make types         mypy, tsc"
	@echo "make client        is the committed client what js/ builds?"
	@echo "make js-test       Vitest"
	@echo "make unit          pytest without integration and browser tests"
	@echo "make integration   pytest against a real Tornado server"
	@echo "make e2e           pytest in a real Chromium"
	@echo "make bench         the benchmarks"
	@echo "make chaos         kill, cut and starve servers, and count what is lost (some minutes)"
	@echo "make fuzz          feed the parsers nonsense, each for $(SECONDS_EACH) seconds (SECONDS_EACH=…)"
	@echo "make audit         ask the advisory databases of PyPI and npm about what is installed"
	@echo "make build-client  build js/ into jibe_like/static/"
	@echo "make format        format Python and TypeScript"
	@echo "make clean         remove all that these commands made, .venv and node_modules too"

demo: $(DEMO)
	@echo "Gallery of sample apps: http://localhost:$(PORT)/ (Ctrl-C ends it)"
	@exec env PORT=$(PORT) $(BIN)/python -m sample_apps.gallery

test: setup
	@$(MAKE) --no-print-directory --keep-going -j$(JOBS) $(SYNC) checks
	@$(BIN)/pytest -n $(JOBS) --dist worksteal --cov --ignore=tests/e2e
# Not measured: Python 3.11 may hang where a greenlet, as Playwright's, ends while coverage traces.
	@$(BIN)/pytest -n $(JOBS) --dist worksteal tests/e2e

setup: $(DEV) $(NODE_MODULES) $(PROVIDER) chromium

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or later is needed, which $(PYTHON) is not. Name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; \
		exit 1; } >&2
	$(PYTHON) -m tools.environment $(VENV)

# Editable, so that an environment made once always runs the checkout as it is now.
$(DEMO): setup.cfg | $(BIN)/pip
	$(BIN)/pip install --quiet --editable .
	@touch $@

$(DEV): setup.cfg | $(BIN)/pip
	$(BIN)/pip install --quiet --editable '.[dev]'
	@touch $@ $(DEMO)

$(NODE_MODULES): js/package-lock.json | $(DEV)
	cd js && npm ci --no-audit --no-fund --ignore-scripts
	@touch $@

$(PROVIDER): tests/oidc/package-lock.json | $(DEV)
	cd tests/oidc && npm ci --no-audit --no-fund --ignore-scripts
	@touch $@

chromium: | $(BIN)/pip
	@$(BIN)/python -m tools.chromium

checks: lint types client js-test

lint: $(DEV) $(NODE_MODULES)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo
	cd js && node_modules/.bin/biome ci --colors=off . $(PROVIDER_FILES)

types: $(DEV) $(NODE_MODULES)
	$(BIN)/mypy
	cd js && node_modules/.bin/tsc --noEmit

client: $(DEV) $(NODE_MODULES)
	node js/build.mjs --check

js-test: $(DEV) $(NODE_MODULES)
	cd js && node_modules/.bin/vitest run

unit: $(DEV)
	$(BIN)/pytest --ignore=tests/integration --ignore=tests/e2e

integration: $(DEV) $(PROVIDER)
	$(BIN)/pytest tests/integration

e2e: setup
	$(BIN)/pytest -n $(JOBS) --dist worksteal tests/e2e

bench: $(DEV)
	$(BIN)/python -m benchmarks

chaos: $(DEV) chromium
	$(BIN)/python -m chaos

fuzz: $(DEV)
	$(BIN)/python -m tests.fuzz --seconds $(SECONDS_EACH)

audit: $(DEV)
	@$(BIN)/python -m tools.audit

build-client: $(DEV) $(NODE_MODULES)
	node js/build.mjs

format: $(DEV) $(NODE_MODULES)
	$(BIN)/ruff check --fix --exit-zero --quiet .
	$(BIN)/ruff format .
	cd js && node_modules/.bin/biome check --write . $(PROVIDER_FILES)

clean:
	rm -rf $(VENV) js/node_modules tests/oidc/node_modules js/coverage build dist *.egg-info htmlcov .coverage .coverage.*
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
