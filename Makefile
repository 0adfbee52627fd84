# make run: install and start. make test, check, shape, bench: for those who change it. `make help` lists all.
SHELL := /bin/sh
VENV := .venv
RUN := $(VENV)/bin/python
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
TESTS ?= tests
ONLY ?=

.PHONY: help run install install-dev test check shape bench format reference
.DEFAULT_GOAL := help

help:
	@echo "make run      install what is missing and start Modulo; Ctrl-C ends it"
	@echo "make install  install into $(VENV), nothing else"
	@echo "make test     install what the tests need, run them   (TESTS=tests/bugs for a part)"
	@echo "make check    formatting, lint, types, import contracts, migrations"
	@echo "make shape    how long and how complex the code is"
	@echo "make reference  write the reference pages that are made from the code"
	@echo "make bench    measure                                 (ONLY=start for one)"

run: install
	@exec $(RUN) manage.py up

install: python-found
	@$(PYTHON) tools/install.py requirements.txt

install-dev: python-found
	@$(PYTHON) tools/install.py requirements-dev.txt

.PHONY: python-found
python-found:
	@test -n "$(PYTHON)" || { echo "Modulo needs Python 3.11 or newer, and found none on the PATH. Install it, or run: make PYTHON=/path/to/python3 ..."; exit 1; }

test: install-dev
	@$(RUN) tools/prepare_tests.py
	@$(RUN) -m pytest $(TESTS)

check: install-dev
	@$(VENV)/bin/ruff format --check --quiet .
	@$(VENV)/bin/ruff check --quiet .
	@$(VENV)/bin/mypy --no-error-summary
	@$(VENV)/bin/lint-imports --no-logo > build/imports.txt 2>&1 || { cat build/imports.txt; exit 1; }
	@$(VENV)/bin/djade --check --target-version 5.2 $$(git ls-files 'templates/*.html')
	@MODULO_DATA=build/check $(RUN) manage.py check --fail-level WARNING > build/check.txt 2>&1 || { cat build/check.txt; exit 1; }
	@MODULO_DATA=build/check $(RUN) manage.py makemigrations --check --dry-run > build/check.txt 2>&1 || { cat build/check.txt; exit 1; }
	@echo "check: all clean"

format: install-dev
	@$(VENV)/bin/ruff format --quiet .
	@$(VENV)/bin/ruff check --quiet --fix .
	@$(VENV)/bin/djade --target-version 5.2 $$(git ls-files 'templates/*.html')

shape: install
	@$(RUN) tools/shape.py

reference: install
	@$(RUN) tools/reference.py

bench: install-dev
	@$(RUN) -m benchmarks $(ONLY)
