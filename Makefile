# Two commands: `make demo` shows it, `make test` proves it. Both make .venv first, once.
# With uv on PATH it is used; otherwise the standard library's venv and pip, however old, are enough.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint clean

demo: $(VENV)/.installed
	@$(BIN)/foreigndesk demo

test: $(VENV)/.tested
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest

lint: $(VENV)/.tested
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Foreign Desk needs Python 3.11 or newer as $(PYTHON): install it, or say which with make PYTHON=/path/to/python."; exit 1; }
	@if command -v uv >/dev/null 2>&1; then uv venv -q --python $(PYTHON) $(VENV); \
	else $(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "Python's venv is missing: install it (on Debian: apt install python3-venv) and run make again."; exit 1; }; \
	  $(PYTHON) -m venv $(VENV); fi

# $(call install,EXTRAS): the project itself, editable, so that a changed file needs no new install.
install = echo "Installing into $(VENV) (once) ..."; \
	if command -v uv >/dev/null 2>&1; then uv pip install -q --python $(BIN)/python -e '.$(1)'; \
	else $(BIN)/python -m pip install -q --disable-pip-version-check -e '.$(1)'; fi

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	@$(call install,)
	@touch $@

$(VENV)/.tested: pyproject.toml | $(VENV)/bin/python
	@$(call install,[dev])
	@touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) build *.egg-info
