# The two commands of the README are `make demo` and `make test`; the rest serves them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help setup demo test coverage lint bench lock docs clean

help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: $(VENV)/.installed ## Set up the virtual environment from locked dependencies

demo: $(VENV)/.installed ## Start the sandbox and Dagster with a portfolio in it, and show where to look
	@$(BIN)/finance-ppm demo

test: $(VENV)/.installed-dev ## Run lint, types and every test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest -n auto $(PYTEST_ARGS)

coverage: $(VENV)/.installed-dev ## Run every test and tell which lines none of them reaches, in twice the time
	@$(BIN)/python -m pytest -n auto --cov --cov-report=term $(PYTEST_ARGS)

lint: $(VENV)/.installed-dev ## Mend what the linter can mend
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(VENV)/.installed-dev ## Measure decode, silver and gold at a million budget lines
	@$(BIN)/finance-ppm bench

docs: $(VENV)/.installed-dev ## Write the pages that are derived from the code
	@$(BIN)/finance-ppm docs

lock: $(VENV)/.installed-dev ## Resolve the dependencies anew (needs uv: pip install uv)
	uv pip compile pyproject.toml --extra build --universal --generate-hashes --no-strip-extras --no-emit-index-url --no-header --output-file requirements.lock
	uv pip compile pyproject.toml --extra build --extra databricks --extra dev --constraints requirements.lock --universal --generate-hashes --no-strip-extras --no-emit-index-url --no-header --output-file requirements-dev.lock

clean: ## Forget the virtual environment and everything the demo wrote
	rm -rf $(VENV) .ppm

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] < (3, 14) else f"Finance PPM needs Python 3.11 to 3.13; {sys.executable} is {sys.version.split()[0]}. Name another one: make PYTHON=python3.12 ...")'
	@$(PYTHON) -m venv $(VENV) || { echo "Creating a virtual environment failed; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }

$(VENV)/.installed: requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing the locked dependencies into $(VENV) (a few minutes the first time) ..."
	@$(PIP) install --require-hashes --requirement requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock pyproject.toml | $(BIN)/python
	@echo "Installing the locked dependencies for development into $(VENV) (a few minutes the first time) ..."
	@$(PIP) install --require-hashes --requirement requirements-dev.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.installed
