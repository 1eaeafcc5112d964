# `make lab` opens the course, `make test` runs everything CI runs. The rest: `make help`.

VENV ?= .venv
LAB_DIR ?= my-course
LAB_ARGS ?=
PIP_ARGS ?=
PARTS ?=
BENCH ?=

PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --disable-pip-version-check -c constraints.txt $(PIP_ARGS)

.DEFAULT_GOAL := help
.PHONY: help lab update test bank bench pins clean

help:
	@echo "make lab     set up once, then open your working copy ($(LAB_DIR)) in JupyterLab"
	@echo "               LAB_DIR=path  LAB_ARGS=\"--no-browser --port 8899\"  PIP_ARGS=\"options for pip\""
	@echo "make update  bring the course's new text into your working copy; your cells stay"
	@echo "make test    set up once, then run everything CI runs      PARTS=\"lint types\" for some of it"
	@echo "make bank    prove every check against its wrong answers at twenty seeds"
	@echo "make bench   measure against named peers                   BENCH=name for one of them"
	@echo "make pins    write constraints.txt from what is installed"
	@echo "make clean   remove the environment and caches; your working copy stays"

lab: $(VENV)/.lab
	@$(PY) -m mi_course.cli lab "$(LAB_DIR)" -- $(LAB_ARGS)

update: $(VENV)/.lab
	@$(PY) -m mi_course.cli update "$(LAB_DIR)"

test: $(VENV)/.test
	@$(PY) tests/run.py $(PARTS)

bank: $(VENV)/.test
	@$(PY) -m pytest -n 2 -m bank --bank-seeds 20

bench: $(VENV)/.test
	@$(PY) tests/benchmarks/run.py $(BENCH)

pins: $(VENV)/.test
	@$(PY) tools/pins.py

clean:
	rm -rf "$(VENV)" build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	rm -rf tests/browser/screenshots bench-*.json
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps make the second time quick. A stamp is written last, so an install that was cut short is done again.
$(VENV)/.lab: pyproject.toml constraints.txt | $(VENV)/.made
	@echo "Installing the course into $(VENV): some minutes and 2.5 GB the first time."
	@$(PIP) -e .
	@touch $@

$(VENV)/.test: pyproject.toml constraints.txt | $(VENV)/.made
	@echo "Installing the course and its test tools into $(VENV): some minutes and 2.5 GB the first time."
	@$(PIP) -e ".[test]"
	@touch $@ $(VENV)/.lab

$(VENV)/.made:
	@sh tools/make_venv.sh "$(VENV)" $(PYTHON)
	@touch $@
