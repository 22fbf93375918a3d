# Every command a developer types. Windows forms: README.md.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PORT ?= 8000
SANDBOX_PORT ?= 8100
# PostgreSQL and Chromium are used where the machine has them; the summary says what was left out.
PYTEST_WORKERS ?= 2

OFFICE := node_modules/.installed

.PHONY: run test check check-office bench soak templates addin docs pictures clean

$(VENV)/.run: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements.txt requirements-dev.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ $(VENV)/.run

# What checks the Office add-in. Where there is no npm, or it reaches no registry, that part is left out and said so.
$(OFFICE): package.json package-lock.json
	@command -v npm >/dev/null && npm ci --prefer-offline --silent && touch $@ \
	  || echo "left out: npm is missing or can't install the packages that check addin/officejs"

run: $(VENV)/.run
	@exec $(BIN)/python -m server demo --port $(PORT) --sandbox-port $(SANDBOX_PORT)

test: $(VENV)/.dev $(OFFICE)
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist loadgroup

check: $(VENV)/.dev check-office
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m validators.generate --check
	$(BIN)/python -m server reference --check
	$(BIN)/python -m docs.pictures.icons --check

# Types of the Office add-in's scripts. In CI (STOCKBOOK_TESTS_LEAVE_NOTHING_OUT) it must not be left out.
check-office: $(OFFICE)
	@if [ -e $(OFFICE) ]; then node node_modules/typescript/bin/tsc --project tsconfig.json; \
	  else test -z "$$STOCKBOOK_TESTS_LEAVE_NOTHING_OUT"; fi

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

docs: templates $(VENV)/.dev
	$(BIN)/python -m server reference
	$(BIN)/python -m docs.pictures.icons

# Those of the README into docs/pictures, and all there are, to be looked at, into var/pictures.
# Needs LibreOffice, poppler and Chromium.
pictures: $(VENV)/.dev
	$(BIN)/python -m docs.pictures.make

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
