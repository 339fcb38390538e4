# make demo    twelve clips, their questions and a contact sheet in outputs/demo
# make model   torch and transformers, to train and probe a model
# make test    the tests          make test-slow   those that take minutes
# make lint    format, lint and types
# make bench   speed, as ratios taken in one run
# make clean   everything that make made, but not outputs/

VENV := .venv
RUN := $(VENV)/bin/python
# Tests on every core; those of a file stay together, as they share what is dear to make.
SPREAD := --numprocesses auto --dist loadfile
# Pinned, build requirements too; the warning that editable packages have plain names is not for users.
INSTALL = PYTHONWARNINGS=ignore $(RUN) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
# The first Python 3.11 that starts (a pyenv shim may exist and not start).
PYTHON ?= $(shell for python in python3.11 python3 python /usr/bin/python3.11; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null && echo "$$python" && break; done)

.PHONY: demo model test test-slow lint bench clean system

demo: $(VENV)/.core
	$(RUN) -m generator num_videos=12 out=outputs/demo
	$(RUN) -m generator.contact_sheet outputs/demo

model: $(VENV)/.model

test: $(VENV)/.test
	$(RUN) -m pytest $(SPREAD) $(PYTEST_ARGS)

test-slow: $(VENV)/.test
	$(RUN) -m pytest -m slow $(SPREAD) $(PYTEST_ARGS)

lint: $(VENV)/.lint
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(RUN) -m mypy

bench: $(VENV)/.test
	$(RUN) -m benchmarks.generator

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Asked at each install, and instant when nothing is missing.
system:
	@test -n "$(PYTHON)" || { echo "Python 3.11 was not found: install it (on Debian 12: apt-get install python3), or give make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@bin/install-system-libraries "$(PYTHON)"

# A stamp for each set of extras: made once, and again when what it installs has changed.
$(VENV)/.made: | system
	"$(PYTHON)" -m venv $(VENV)
	@$(INSTALL) --upgrade pip
	@touch $@

$(VENV)/.core: pyproject.toml constraints.txt | $(VENV)/.made
	@echo "Installing the pinned dependencies (Blender's wheel alone is 370 MB)"
	@$(INSTALL) --build-constraint constraints.txt --editable .
	@touch $@

$(VENV)/.model $(VENV)/.test $(VENV)/.lint: $(VENV)/.%: pyproject.toml constraints.txt | $(VENV)/.made
	@echo "Installing the pinned dependencies and the extra \"$*\""
	@$(INSTALL) --build-constraint constraints.txt --editable ".[$*]"
	@touch $@
