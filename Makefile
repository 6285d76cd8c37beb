# Every check of the tree is one target; `make help` lists them. CI runs `make test` and nothing else.

PYTHON ?= python3
VENV   := .venv
# Always `python -m tool`: the scripts in bin/ carry an absolute path and break when the folder is moved.
PY     := $(VENV)/bin/python
STAMP  := $(VENV)/.installed

# The targets of `test` run in the order written, so that the closing line of pytest ends the output.
.NOTPARALLEL:
.PHONY: help demo test compile lint types checks bench reference clean

help:       ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## */  make \1\t/' | expand -t 20

# Threads of BLAS that wait for each other cost small models most of their time, here too.
demo: export OPENBLAS_NUM_THREADS = 1
demo: export OMP_NUM_THREADS = 1
demo: compile      ## install, compile the kernels, then train a small network on handwritten digits
	$(PY) examples/mlp.py

# Two workers share the cores, so BLAS gets one thread in each: more would only wait for each other.
test: export OPENBLAS_NUM_THREADS = 1
test: export OMP_NUM_THREADS = 1
test: compile lint types checks      ## lint, types, checks, then the whole test suite
	$(PY) -m pytest -q -n 2

compile: $(STAMP)      ## compile the kernels, where numba is installed; at once where nothing has changed
	-$(PY) -m minigrad compile

lint: $(STAMP)      ## ruff
	$(PY) -m ruff check .

types: $(STAMP)      ## mypy --strict on the package
	$(PY) -m mypy

checks: $(STAMP)      ## layering, line budgets and documentation of the tree
	$(PY) tools/check_layers.py
	$(PY) tools/check_docs.py
	$(PY) tools/check_names.py

bench: $(STAMP)      ## time per training step and per op, beside PyTorch and JAX where installed; writes both pages
	$(PY) tools/bench.py --write
	$(PY) tools/bench_ops.py --write

reference: $(STAMP)      ## make the stored reference data again (installs PyTorch and scikit-learn)
	$(PY) -m pip install -q --disable-pip-version-check -e '.[reference]'
	set -e; for tool in tools/make_*.py; do $(PY) $$tool; done
	$(PY) tools/parity_table.py --write

clean:      ## remove the virtual environment and everything generated
	rm -rf $(VENV) build dist runs out .coverage htmlcov .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The virtual environment is made again only when pyproject.toml changes.
$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install -q --disable-pip-version-check -e '.[dev]'
	touch $@
