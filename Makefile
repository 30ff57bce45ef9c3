# Gilnun: set up and run, test, measure. `make run` and `make test` need Python 3.11 and make only.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3.11
VENV := .venv/bin
# Recipes run in the checkout's own folder, so that a space in its path does no harm.
export PYTHONDONTWRITEBYTECODE := 1

.PHONY: help run test faults bench bench-large lint clean manage screenshots browser

help:
	@echo "make run          set up and start the portal   (PORT=8000)"
	@echo "make test         set up and run all tests      (ONLY=tests/recognition)"
	@echo "make faults       the tests of faults in full length, about 20 minutes"
	@echo "make bench        measure                       (ONLY=model_server)"
	@echo "make bench-large  measure with a million rows"
	@echo "make lint         check style and imports"
	@echo "make screenshots  pictures of the pages, into docs/screenshots"
	@echo 'make manage ARGS="…"   a management command'
	@echo "make clean        remove what the targets made, but not .gilnun"

# One stamp per state of the requirements: a changed line installs again.
.venv/installed: requirements.txt constraints.txt
	@PYTHON="$(PYTHON)" deploy/install_requirements
	@touch .venv/installed

run: .venv/installed
	@exec $(VENV)/python -m portal.supervisor

manage: .venv/installed
	@$(VENV)/python manage.py $(ARGS)

browser:
	@deploy/install_system_packages

test: .venv/installed browser
	@$(VENV)/python -m pytest $(ONLY)

faults: .venv/installed browser
	@$(VENV)/python -m pytest --long $(if $(ONLY),$(ONLY),--keep-promises)

bench: .venv/installed browser
	@$(VENV)/python -m bench $(ONLY)

bench-large: .venv/installed browser
	@$(VENV)/python -m bench --large $(ONLY)

screenshots: .venv/installed browser
	@$(VENV)/python -m docs.screenshots

lint: .venv/installed
	@$(VENV)/ruff check .
	@$(VENV)/ruff format --check .
	@$(VENV)/lint-imports
	@$(VENV)/bandit -r -ll -q apps ml portal manage.py 2>/dev/null

clean:
	@rm -rf .venv .pytest_cache .ruff_cache .import_linter_cache
	@find . -name __pycache__ -not -path './.gilnun/*' -prune -exec rm -rf {} +
