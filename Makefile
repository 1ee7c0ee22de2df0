# `make demo` shows nstbench at work, `make test` checks it; both set up .venv first, once.
# What Python compiles is compiled when it is imported and must be kept, whatever the shell says.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python tests/install.py
DEMO := experiments/layers.yaml

# What `make perf` times the working tree against: the last release, else where it left the main branch.
BASE ?= $(shell git describe --tags --abbrev=0 2>/dev/null || git merge-base HEAD origin/main 2>/dev/null || echo HEAD)

# Tests of a file share what is expensive, so a worker takes whole files.
UNIT := $(BIN)/pytest --ignore=tests/perf --ignore=tests/gpu --numprocesses=2 --dist=loadfile --no-loadscope-reorder --benchmark-disable

# How often `make torture` kills.
MOMENTS ?= 500

# The Python of the machine with a GPU that the kit is for.
GPU_PYTHON ?= 3.12

# The tests that need no framework, no browser and few processes.
QUICK := $(addprefix tests/,api experiment plan presets record system) \
  $(addprefix tests/report/test_,pairs.py ratios.py cautions.py compare.py time_to_loss.py history.py) \
  $(addprefix tests/gate/test_,baseline.py checkout.py cores.py decision.py junit.py noise_free.py statistics.py) \
  $(addprefix tests/test_,house.py docs.py release.py repository.py site.py)

.PHONY: demo test quick thorough lint types unit gate docs perf bench torture matrix gpu-kit clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    install what it needs into .venv and sweep $(DEMO)"
	@echo "make test    the same, plus development tools: lint, type check, tests, the gate"
	@echo "make thorough the tests that take longest: clusters, kills, compilers, whole ladders; ten minutes"
	@echo "make quick   lint, type check, and the tests that need no framework: under a minute and a half"
	@echo "make docs    the documents as a site, in build/site; fails at a warning or a link that leads nowhere"
	@echo "make gpu-kit try the steps for a GPU here, and put what it needs without a network into build/gpu-kit"
	@echo "make perf    benchmarks, and the working tree timed against $(BASE); alone on the machine, please"
	@echo "make bench   the optimising backends and plain loops in turns, into build/bench: a quarter of an hour, alone"
	@echo "make torture kill sweeps and repairs at $(MOMENTS) random moments, and go on: some twenty minutes"
	@echo "make matrix  verify jax-vgg19 on the oldest and the newest JAX allowed for $(PYTHON)"

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing nstbench with the backends of the demo into $(VENV) (a minute or two, once)"
	$(INSTALL) --editable '.[jax,tfhub,bundled]'
	touch $@

$(VENV)/installed-dev: pyproject.toml constraints.txt $(wildcard tests/plugins/*/pyproject.toml) | $(BIN)/python
	@echo "installing nstbench with all backends and development tools into $(VENV) (a minute or two, once)"
	$(INSTALL) --editable '.[all,dev]' $(addprefix --editable ,$(wildcard ./tests/plugins/*))
	touch $(VENV)/installed $@

$(VENV)/installed-docs: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) --editable '.[docs]'
	touch $@

demo: $(VENV)/installed
	$(BIN)/nstbench sweep $(DEMO)

test: lint types unit gate

quick: lint types
	$(BIN)/pytest $(QUICK) --numprocesses=2 --dist=loadfile

lint: $(VENV)/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/installed-dev
	$(BIN)/mypy

unit: $(VENV)/installed-dev
	$(UNIT) -m "not thorough"

thorough: $(VENV)/installed-dev
	$(UNIT) -m thorough

gate: $(VENV)/installed-dev
	$(BIN)/nstbench check experiments/smoke.yaml --set weights=bundled --inconclusive pass

docs: $(VENV)/installed-docs
	$(BIN)/python -m tests.site_pages
	$(BIN)/zensical build --strict --clean

perf: $(VENV)/installed-dev
	$(BIN)/pytest tests/perf --benchmark-only --capture=no
	$(BIN)/nstbench check experiments/smoke.yaml --base $(BASE)

bench: $(VENV)/installed-dev
	$(BIN)/python tests/perf/bench.py

torture: $(VENV)/installed-dev
	$(BIN)/python -m tests.torture $(MOMENTS)

# With another Python: make matrix PYTHON=python3.12
matrix:
	$(PYTHON) tests/matrix.py .matrix

gpu-kit: $(VENV)/installed-dev
	$(BIN)/pytest tests/gpu --quiet
	$(BIN)/python tests/gpu/build_kit.py build/gpu-kit --python $(GPU_PYTHON)

clean:
	rm -rf $(VENV) build/docs build/site .matrix .mypy_cache .pytest_cache .ruff_cache
