# What a person types. Each target does one thing; `make demo` and `make test` need nothing done before.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# One more than there are processors: a third of a test's time is waiting for processes and disks.
JOBS ?= $(shell expr $$(nproc 2>/dev/null || echo 1) + 1)
SOURCES := $(shell find src -type f -not -name '*.pyc')

.PHONY: help install demo screenshots test check bench peers soak docs release format messages lock wheels clean system-packages

help:
	@echo 'make demo      see the main job happen on sample data (under a minute after installation)'
	@echo 'make install   make $(BIN)/matou'
	@echo 'make test      install what tests need, then run all of them'
	@echo 'make check     formatting, lint, types, layers, the rules of the project'
	@echo 'make bench     measure against plain git; prints ratios'
	@echo 'make peers     programs that cannot be had from an index take what a Matou has: MATOU_TEST_GITEA=/path/of/gitea'
	@echo 'make soak      long tests: power cuts, many kills, many random cases'
	@echo 'make docs      the documentation as a site, in build/site'
	@echo 'make screenshots   the pictures in docs/pictures anew, of what make demo shows, in a browser'
	@echo 'make release   a version: changelog, wheel, source archive (CONTRIBUTING.md);  make wheels: who needs a compiler'
	@echo 'make format    format the code;  make messages: compile translations;  make lock: pin dependencies anew'

# Python itself, with exactly the packages that the lock names.
$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'Matou needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3 …' >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.runtime: $(VENV)/.python requirements/runtime.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/runtime.txt
	@touch $@

$(VENV)/.development: $(VENV)/.runtime requirements/development.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/development.txt
	@touch $@

# The wheel is what a user gets, so it is what runs here too, in demo and tests alike.
$(VENV)/.matou: $(VENV)/.runtime pyproject.toml README.md $(SOURCES)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --force-reinstall .
	@touch $@

install: $(VENV)/.matou
	@echo 'installed: $(BIN)/matou'

demo: $(VENV)/.matou
	@$(BIN)/python demo/demo.py

screenshots: system-packages $(VENV)/.development $(VENV)/.matou
	PYTHONPATH=tests:demo $(BIN)/python demo/screenshots.py

system-packages:
	@SOAK=$(SOAK) sh tests/system-packages.sh

test: system-packages $(VENV)/.development $(VENV)/.matou
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal --durations 10

soak: SOAK := 1
soak: system-packages $(VENV)/.development $(VENV)/.matou
	HYPOTHESIS_PROFILE=soak $(BIN)/python -m pytest -m soak --timeout 3600

peers: $(VENV)/.development $(VENV)/.matou
	$(BIN)/python -m pytest tests/peers

check: $(VENV)/.development $(VENV)/.matou
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest -q tests/rules

bench: $(VENV)/.matou
	@$(BIN)/python bench/bench.py

format: $(VENV)/.development
	$(BIN)/ruff check --fix-only --quiet
	$(BIN)/ruff format

docs: $(VENV)/.development
	$(BIN)/mkdocs build --quiet --strict
	@echo 'the site: build/site/index.html'

release: $(VENV)/.development
	@[ -n "$(VERSION)" ] || { echo 'say which: make release VERSION=1.2.3' >&2; exit 2; }
	$(BIN)/python tests/support/release.py $(VERSION)

# Asks the package registry; the release page has it run.
wheels: $(VENV)/.development
	$(BIN)/python tests/support/wheels.py

messages: $(VENV)/.development
	$(BIN)/python tests/support/messages.py

lock: $(VENV)/.development
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
	  --no-annotate --upgrade pyproject.toml --extra otel --extra postgresql --extra s3 --output-file requirements/runtime.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
	  --no-annotate --upgrade pyproject.toml --group dev --constraints requirements/runtime.txt --output-file requirements/development.txt

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
