# Everything runs from .venv inside the project; the second run of a target sets nothing up again.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# pip reads it for the builds that it isolates, too
export PIP_CONSTRAINT := constraints.txt
export PIP_BUILD_CONSTRAINT := constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help demo up test lint unit integration faults faults-all soak bench bench-full pictures wheel clean

help:  ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */  make \1\t/' | expand -t 22

demo: $(VENV)/.installed  ## record one class on this machine, workers killed on the way
	@$(BIN)/recorder demo

up: $(VENV)/.installed  ## keep the whole system running, data in .recorder/
	@$(BIN)/recorder up

test: lint unit integration  ## all checks but the fault matrix

lint: $(VENV)/.developing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict
	$(BIN)/lint-imports

unit: $(VENV)/.developing  ## tests without worker processes, the store on a real server
	$(BIN)/pytest -n 2 -m "not integration and not benchmark"

integration: $(VENV)/.developing  ## tests with real worker processes
	$(BIN)/pytest -m "integration and not benchmark and not faults"

faults: $(VENV)/.developing  ## the chosen rows of the fault matrix, about five minutes
	$(BIN)/pytest -m faults tests/faults

faults-all: $(VENV)/.developing  ## every row of the fault matrix: about an hour
	RECORDER_TEST_FAULTS=all $(BIN)/pytest -m faults tests/faults

pictures: $(VENV)/.developing  ## the screenshots in docs/images, by Chromium
	$(BIN)/pytest tests/browser/pictures.py

BENCH := .venv-bench
bench: $(BENCH)/.made  ## figures against what people would use instead, about four minutes; NAMES="..." for some
	@$(BENCH)/bin/python -m benchmarks $(NAMES)

bench-full: $(BENCH)/.made  ## the same with larger sizes
	@$(BENCH)/bin/python -m benchmarks --full $(NAMES)

MINUTES ?= 10
soak: $(VENV)/.developing  ## random load, faults and kills for MINUTES=n; SEED=s repeats a run
	$(BIN)/python -m tests.soak --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

messages: $(VENV)/.developing  ## read what can be said off the code, list what has no translation
	$(BIN)/python -m tests.language.messages

wheel: $(VENV)/.developing  ## build dist/*.whl
	$(BIN)/python -m build --wheel

clean:  ## remove what can be made again; .recorder/ is kept
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BENCH)/.made: pyproject.toml constraints.txt benchmarks/peers.txt
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/pip install --quiet -e '.[web]' -r benchmarks/peers.txt
	@touch $@

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; say which: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null \
	  || { echo "Python's venv package is missing: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/.made
	$(BIN)/pip install --quiet -e '.[web]'
	@touch $@

$(VENV)/.developing: pyproject.toml constraints.txt | $(VENV)/.made
	$(BIN)/pip install --quiet -e '.[dev]'
	@touch $@ $(VENV)/.installed
