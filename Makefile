# `make help` lists what there is. Everything is set up on the way, from Python and make alone.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup demo up test fast faults lint types imports definitions bench check clean lock

help:            ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(READY)  ## install everything into .venv

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "leadsync needs Python 3.11 or newer; name it with make PYTHON=python3.11"; exit 1; }
	@echo "Installing into $(VENV); the first time takes a minute or two …"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m compileall -q -j 2 $(VENV)/lib > /dev/null 2>&1 || true
	@touch $(READY)

demo: $(READY)   ## three days of an example CRM through Dagster into sandboxes of the four vendors, twice
	@$(BIN)/leadsync demo

up: $(READY)     ## the Dagster UI on port 3000, with sandboxes of the four vendors, until Ctrl-C
	@$(BIN)/leadsync up --sandbox

test: $(READY)   ## every test but the exhaustive ones of `make faults`
	$(BIN)/python -m pytest -n 3

fast: $(READY)   ## lint, and quick tests of every layer; under a minute
	$(BIN)/ruff check .
	$(BIN)/python -m pytest -q -n 2 -m "not slow" tests/unit tests/ledger \
	  tests/connectors/test_crm_*.py tests/connectors/test_transport.py tests/connectors/test_*_gateway.py

faults: $(READY) ## the tests that lose, kill and cut things, at every step and in many histories
	$(BIN)/python -m pytest -n 2 -m "" tests/faults tests/properties

lint: $(READY)   ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)  ## mypy, strict
	$(BIN)/mypy

imports: $(READY) ## who may import whom
	$(BIN)/lint-imports

definitions: $(READY) ## the Dagster code location loads
	$(BIN)/dg check defs

bench: $(READY)  ## how fast, beside a hand-written script and the raw ceilings
	$(BIN)/python -m bench

check: lint types imports definitions test ## what CI runs

lock: $(READY)   ## write requirements.lock anew
	$(BIN)/pip-compile --quiet --extra dev --generate-hashes --allow-unsafe --strip-extras \
	  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header --output-file requirements.lock pyproject.toml

clean:           ## forget the environment and all local state
	rm -rf $(VENV) .leadsync .pytest_cache .mypy_cache .ruff_cache .hypothesis build *.egg-info
