# Needs git, make and Python 3.11 or newer; everything else goes into .venv. `make` alone lists the targets.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
TEST_JOBS ?= 2
PYTEST_ARGS ?=
SOURCES := kerascheck rules tests tools benchmarks

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r name text; do printf '%-8s %s\n' "$$name" "$$text"; done

.PHONY: demo
demo: $(VENV)/.runtime ## Lint a training script and a saved model that have pitfalls
	@$(call show,script fixtures/scripts/demo_pitfalls.py)
	@$(call show,model fixtures/models/pitfalls.keras)

# Exit code 1 says that there are findings, which is what a demo is for; 2 is a fault.
show = printf '\n$$ kerascheck %s\n\n' '$(1)'; $(BIN)/kerascheck $(1) || [ $$? -eq 1 ]

.PHONY: test
test: $(VENV)/.dev ## Run all tests
	$(BIN)/pytest -n $(TEST_JOBS) --dist loadfile $(PYTEST_ARGS)

.PHONY: lint
lint: $(VENV)/.dev ## Check style and types
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/pyright

.PHONY: format
format: $(VENV)/.dev ## Rewrite the sources in the house style
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

.PHONY: check
check: lint test ## Everything that has to pass before a commit

.PHONY: bench
bench: $(VENV)/.dev ## Measure start-up against the budgets
	$(BIN)/python benchmarks/startup.py

.PHONY: lock
lock: ## Take the newest releases into requirements-dev.lock
	set -e; folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	$(PYTHON) -m venv "$$folder"; \
	"$$folder/bin/python" -m pip install --quiet --upgrade pip; \
	"$$folder/bin/python" -m pip install --quiet --group dev .; \
	{ sed -n '/^#/p' requirements-dev.lock; \
	  "$$folder/bin/python" -m pip freeze --all --exclude kerascheck --exclude pip --exclude tensorflow \
	  | sed 's/^tensorflow.cpu==\(.*\)/tensorflow-cpu==\1; sys_platform != "darwin"\ntensorflow==\1; sys_platform == "darwin"/'; \
	} > "$$folder/lock"; \
	cp "$$folder/lock" requirements-dev.lock

.PHONY: clean
clean: ## Remove what was built, .venv as well
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache .hypothesis .kerascheck_cache

# Both stamps stand in one environment: .runtime says that kerascheck runs in it, .dev that the tests do.
# A stamp is set only when its installation came to its end. An environment keeps the path of its folder, so one that
# was moved along with the checkout is made anew.

PLACE := $(shell cat $(VENV)/.place 2>/dev/null)
ifneq ($(PLACE),)
ifneq ($(PLACE),$(CURDIR))
.PHONY: $(BIN)/python
endif
endif

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo 'kerascheck needs Python 3.11 or newer: make PYTHON=/path/to/python' >&2; exit 1; }
	@echo 'Making $(VENV) ...'
	@$(PYTHON) -m venv --clear $(VENV)
	@echo '$(CURDIR)' > $(VENV)/.place

$(VENV)/.runtime: pyproject.toml $(BIN)/python
	@echo 'Installing kerascheck into $(VENV) ...'
	@$(PIP) install --editable .
	@touch $@

# The lock is complete, so nothing is resolved: tf-keras asks for the GPU build of TensorFlow, the CPU build serves it.
$(VENV)/.dev: requirements-dev.lock pyproject.toml $(BIN)/python
	@echo 'Installing the development tools into $(VENV); TensorFlow among them, so this takes a minute or two ...'
	@$(PIP) install --no-deps --requirement requirements-dev.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $(VENV)/.runtime $@
