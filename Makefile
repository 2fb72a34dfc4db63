# The two commands of the README, and what CI and contributors use. `make help` lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SERVICES := $(or $(TMPDIR),/tmp)/envdplan-test-$(shell id -u)
QUICKSTART := $(or $(TMPDIR),/tmp)/envdplan-quickstart-$(shell id -u)

.PHONY: help quickstart quickstart-down test fast lint bench schemas clean

help: ## List these commands
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "%-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(BIN)/envdplan: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/dev: pyproject.toml $(BIN)/envdplan
	$(BIN)/python -m pip install --quiet --group dev
	@touch $@

quickstart: $(BIN)/envdplan ## Build and push a first image with what is here, or started privately
	@set -e; values=$$($(BIN)/python scripts/services.py quickstart --builder --state $(QUICKSTART)); \
	set -a; eval "$$values"; set +a; \
	$(BIN)/envdplan -C examples/quickstart apply --auto-approve; \
	echo; echo "And once more: a second plan."; \
	$(BIN)/envdplan -C examples/quickstart plan --detailed-exitcode; \
	echo; echo "To go on by hand (make quickstart-down ends it all):"; \
	echo "$$values" | sed 's/^/  export /'; \
	echo "  $(BIN)/envdplan -C examples/quickstart plan"

quickstart-down: ## Remove what make quickstart made and started
	@if values=$$($(BIN)/python scripts/services.py quickstart --builder --state $(QUICKSTART) 2>/dev/null); then \
	set -a; eval "$$values"; set +a; $(BIN)/envdplan -C examples/quickstart destroy --auto-approve; fi; \
	$(BIN)/python scripts/services.py quickstart-down --state $(QUICKSTART)

test: $(VENV)/dev ## Start what the tests need, and run them all
	$(BIN)/python scripts/services.py run --state $(SERVICES) -- \
	  $(CURDIR)/$(BIN)/python -m pytest $(ARGS)

fast: $(VENV)/dev ## Only the tests that need nothing but Python
	$(BIN)/python -m pytest tests/unit $(ARGS)

lint: $(VENV)/dev ## Format, style, types and layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/dev ## Measure, beside docker buildx, terraform and envd where they are found
	$(BIN)/python benchmarks/run.py $(ARGS)

schemas: $(VENV)/dev ## Write schemas/ anew
	$(BIN)/python scripts/assemble_schemas.py

clean: ## Remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
