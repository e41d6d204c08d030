# One recipe a verb, the same here and in CI. `make` alone lists them.
# ARGS go to the command: make test ARGS="tests/scoring -x", make serve MODERATOR_PORT=9000.

SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
BIN := .venv/bin
ARGS ?=
# Labelled corpora for `make train`, one folder with a JSONL file a source.
CORPORA ?=

# More BLAS threads than idle cores make the encoder many times slower.
export OPENBLAS_NUM_THREADS ?= 1
export OMP_NUM_THREADS ?= 1

.PHONY: help serve test lint types bench train evaluate check lock install install-test clean

help: ## list the recipes
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

serve: install ## install what is needed and start the service
	@exec $(BIN)/moderator serve $(ARGS)

test: install-test ## install what tests need and run them all
	@$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

lint: install-test ## style and formatting
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: install-test ## mypy, strict
	@$(BIN)/mypy

bench: install-test ## measure the budgets as ratios and keep the results
	@$(BIN)/python -m tests.bench $(ARGS)

train: install ## train a bundle from corpora: make train CORPORA=folder
	@test -n "$(CORPORA)" || { echo "make train needs CORPORA=folder, the folder that holds the labelled corpora." >&2; exit 1; }
	@$(BIN)/moderator train --corpora $(CORPORA) $(ARGS)

evaluate: install ## measure a bundle on labelled rows; ARGS as for moderator evaluate
	@$(BIN)/moderator evaluate $(ARGS)

check: install ## test settings, Redis, bundle and keys, and say what to fix
	@$(BIN)/moderator check $(ARGS)

# Locks name no host and no folder of this machine, so any mirror of the package index serves them.
LOCK := $(BIN)/uv --no-config pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header

lock: install-test ## make the lock files anew from pyproject.toml; ARGS=--upgrade takes newer versions
	@$(LOCK) $(ARGS) pyproject.toml -o requirements.txt
	@$(LOCK) $(ARGS) pyproject.toml --extra test -c requirements.txt -o requirements-test.txt
	@$(LOCK) $(ARGS) --group build -o requirements-build.txt

clean: ## remove .venv and caches; never the data folder
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build
	@find moderator tests -name __pycache__ -type d -prune -exec rm -rf {} +

install:
	@sh deploy/install.sh run

install-test:
	@sh deploy/install.sh test
