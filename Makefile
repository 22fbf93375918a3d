# Every command a developer types. Windows forms: README.md.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PORT ?= 8000
SANDBOX_PORT ?= 8100
# PostgreSQL and Chromium are used where the machine has them; the summary says what was left out.
PYTEST_WORKERS ?= 2

.PHONY: run test check bench soak templates addin docs pictures clean

$(VENV)/.run: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements.txt requirements-dev.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ $(VENV)/.run

run: $(VENV)/.run
	@exec $(BIN)/python -m server demo --port $(PORT) --sandbox-port $(SANDBOX_PORT)

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist loadgroup

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m validators.generate --check
	$(BIN)/python -m server reference --check

bench: $(VENV)/.dev
	$(BIN)/python -m bench

# The promises at full length; figures with their N, seed, machine and date go to var/soak.txt.
soak: $(VENV)/.dev
	$(BIN)/python -m tests.soak

templates: $(VENV)/.run
	$(BIN)/python -m validators.generate

# The .xlam for administrators who hand it out; `python -m addin.desktop install` builds its own.
addin: $(VENV)/.run
	$(BIN)/python -m addin.desktop build -o dist/stockbook_addin.xlam

docs: templates
	$(BIN)/python -m server reference

# Those of the README into docs/pictures, and all there are, to be looked at, into var/pictures.
# Needs LibreOffice, poppler and Chromium.
pictures: $(VENV)/.dev
	$(BIN)/python -m docs.pictures.make

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
