# `make` alone, or `make help`, lists the targets. Nothing has to be installed first but Python 3.11
# or 3.12: uv and the environment in .venv are made here when they are missing.

UV      := .venv/bin/uv
PYTHON  := .venv/bin/python
RECAUG  := .venv/bin/recaug
SYSTEM_PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3)

# Where it is set, every process would compile the packages it loads anew: seconds for each of the
# hundreds that the tests start.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup up test bench soak lint schema docs pictures clean

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
	@command -v redis-server > /dev/null || echo "no redis-server: the tests of secured connections need one that knows TLS (Debian: apt-get install redis-server)"
	@command -v promtool > /dev/null || echo "no promtool: the tests of the alert rules need one (Debian: apt-get install prometheus)"
	$(PYTHON) -m pytest -m "not e2e" --numprocesses 4 --dist loadscope
	$(PYTHON) -m pytest -m e2e

bench: setup ## Measure against named alternatives, write bench/RESULTS.md (NAME=ingest for one, QUICK=1)
	$(PYTHON) -m bench $(NAME) $(if $(QUICK),--quick)

soak: setup ## Deal random faults for MINUTES=10 under SEED=1, then audit
	$(PYTHON) -m tests.e2e.soak --minutes $(or $(MINUTES),10) --seed $(or $(SEED),1)

lint: setup ## ruff, mypy --strict, import-linter
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

schema: setup ## Write anew what is generated: schemas, AsyncAPI, the reference, rights, Kubernetes
	$(RECAUG) schema export
	$(PYTHON) -m recaug.cli.reference
	$(PYTHON) -m tests.hostile
	$(PYTHON) -m docs.hooks.generated
	$(PYTHON) -m streams.acl kafka > ops/acl/kafka.sh
	$(PYTHON) -m streams.acl redis > ops/acl/redis.acl
	$(PYTHON) -m ops.k8s.write

docs: setup ## Write the documentation to site/; fails on a broken link or a stale generated page
	NO_MKDOCS_2_WARNING=1 $(PYTHON) -m mkdocs build --strict

pictures: setup ## Film the page and take its pictures anew, into docs/images (needs Chromium)
	$(PYTHON) docs/images/make.py

clean: ## Remove the environment and the local instance's data
	rm -rf .venv .recaug
