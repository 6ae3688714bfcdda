# `make` alone, or `make help`, lists the targets. Nothing has to be installed first but Python 3.11
# or 3.12: uv and the environment in .venv are made here when they are missing.

UV      := .venv/bin/uv
PYTHON  := .venv/bin/python
RECAUG  := .venv/bin/recaug
SYSTEM_PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3)

.DEFAULT_GOAL := help
.PHONY: help setup up test bench lint schema clean

help: ## Show this
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/.ready ## Make the environment in .venv from the lock file

# The stamp is newer than the lock file exactly when the environment holds what is locked.
.venv/.ready: pyproject.toml uv.lock
	@test -x $(UV) || { \
	  echo "making .venv with $(SYSTEM_PYTHON)"; \
	  $(SYSTEM_PYTHON) -m venv .venv && .venv/bin/pip install --quiet 'uv==0.13.9'; }
	$(UV) sync --locked --all-extras --all-groups --inexact
	$(PYTHON) -m models prepare
	@touch $@

up: setup ## Start everything on this machine and open the page's address
	$(RECAUG) up

test: setup ## Run every check and every test: types, layers, real Kafka, real Redis, a real browser
	$(MAKE) --no-print-directory lint
	@command -v chromium > /dev/null || echo "no chromium: the page's tests need one (Debian: apt-get install chromium)"
	$(PYTHON) -m pytest

bench: setup ## Measure the hot paths against named alternatives
	$(PYTHON) -m bench

lint: setup ## ruff, mypy --strict, import-linter
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

schema: setup ## Write JSON Schema and AsyncAPI anew
	$(RECAUG) schema export

clean: ## Remove the environment and the local instance's data
	rm -rf .venv .recaug
