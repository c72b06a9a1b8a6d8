# Everything runs from a virtual environment in .venv, made on first use.
# PORT (8000), DATA_DIR (var), DATABASE_URL and CELERY_BROKER_URL are honoured.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTEST_ARGS ?=
SHELL := /bin/sh
export PYTHONUNBUFFERED := 1

.DEFAULT_GOAL := help
.PHONY: help demo run dev test test-fast lint docs fuzz torture torture-all torture-bugs format requirements audit sbom clean

help:
	@echo "make demo       the service with a demo retailer: http://localhost:8000/"
	@echo "make run        the service with an empty database"
	@echo "make dev        the service for developing: it starts again at every change"
	@echo "make test       all tests (PYTEST_ARGS='-k orders' for some)"
	@echo "make test-fast  without browser, races and what takes long"
	@echo "make lint       style, types, layers, migrations, deployment checks"
	@echo "make docs       the pages of docs/ as a site, in var/docs/"
	@echo "make fuzz       what the OpenAPI document allows and forbids, sent to a service of its own"
	@echo "make torture    a storm of clients and kills against a service of its own (SEED, SECONDS, CLIENTS, BUG, PATCH)"
	@echo "make torture-all  the storm, races by hand, and what an operator meets"
	@echo "make torture-bugs  whether the storm notices each bug that can be seeded, and how soon"
	@echo "make audit      whether a pinned requirement has a known weakness"
	@echo "make sbom       a bill of materials of what runs, var/sbom.json (CycloneDX)"
	@echo "make clean      remove what was built; data in var/ stays"

# `exec`, so that ctrl-C and SIGTERM reach the service itself and not a shell around it.
demo: $(VENV)/.runtime
	@exec $(BIN)/python manage.py serve --demo

run: $(VENV)/.runtime
	@exec $(BIN)/python manage.py serve

dev: $(VENV)/.runtime
	@DEBUG=1 exec $(BIN)/python manage.py dev

test: $(VENV)/.development
	@exec $(BIN)/python -m pytest -n auto $(PYTEST_ARGS)

test-fast: $(VENV)/.development
	@exec $(BIN)/python -m pytest -n auto -m "not browser and not race and not slow" $(PYTEST_ARGS)

lint: $(VENV)/.development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/python manage.py makemigrations --check --dry-run
	HTTPS=1 ALLOWED_HOSTS=shop.example \
		$(BIN)/python manage.py check --deploy --fail-level WARNING

# A warning, such as a link that leads nowhere, is a failure.
docs: $(VENV)/.docs
	@exec $(BIN)/properdocs build --strict --quiet

fuzz: $(VENV)/.development
	@exec $(BIN)/python bench/fuzz.py

# The names are those of make's variables: a shell may have a SECONDS of its own.
TORTURE := bench/torture/run.py $(if $(SEED),--seed $(SEED)) $(if $(SECONDS),--seconds $(SECONDS)) \
	$(if $(CLIENTS),--clients $(CLIENTS))

torture: $(VENV)/.runtime
	@exec $(BIN)/python $(TORTURE) $(if $(BUG),--bug $(BUG)) $(if $(PATCH),--patch $(PATCH))

torture-all: $(VENV)/.runtime
	@exec $(BIN)/python $(TORTURE) $(if $(ROUNDS),--rounds $(ROUNDS)) --everything

torture-bugs: $(VENV)/.runtime
	@exec $(BIN)/python $(TORTURE) --all-bugs

format: $(VENV)/.development
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Asks PyPI for known weaknesses of what is pinned. A requirement that could not be asked for is a
# failure: an audit that skipped would say that all is well.
audit: $(VENV)/.audit
	@for each in $(REQUIREMENTS); do \
		$(BIN)/pip-audit --strict --disable-pip --require-hashes --progress-spinner off -r $$each.txt \
			|| { echo "make: $$each.txt is not audited, or has known weaknesses" >&2; exit 1; }; \
	done

# A software bill of materials of what runs (CycloneDX).
sbom: $(VENV)/.audit
	@mkdir -p var
	@$(BIN)/cyclonedx-py requirements --pyproject pyproject.toml --of JSON -o var/sbom.json requirements.txt
	@echo "var/sbom.json"

# After a change of one of the .in files.
REQUIREMENTS := requirements requirements-dev requirements-docs requirements-audit
COMPILE := $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host
requirements: $(VENV)/.development
	for each in $(REQUIREMENTS); do $(COMPILE) --output-file $$each.txt $$each.in || exit 1; done

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache var/test
	find . -name __pycache__ -type d -not -path './var/*' -prune -exec rm -rf {} +

# A stamp is written last: an interrupted installation is done again.
$(VENV)/.runtime: requirements.txt
	@$(MAKE) --no-print-directory venv
	@echo "Installing the pinned requirements"
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar off --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.development: $(VENV)/.runtime requirements-dev.txt
	@echo "Installing what testing and checking need"
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar off --require-hashes -r requirements-dev.txt
	@touch $@

$(VENV)/.docs: requirements-docs.txt
	@$(MAKE) --no-print-directory venv
	@echo "Installing what the documents need"
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar off --require-hashes -r requirements-docs.txt
	@touch $@

$(VENV)/.audit: requirements-audit.txt
	@$(MAKE) --no-print-directory venv
	@echo "Installing what audits need"
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar off --require-hashes -r requirements-audit.txt
	@touch $@

# Without ensurepip (Debian keeps it in python3-venv) the pip that is there serves as well.
.PHONY: venv
venv:
	@command -v $(PYTHON) >/dev/null || { echo "make: $(PYTHON) is not there: install Python 3.11 or later, or name one with PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: Python 3.11 or later is needed, $(PYTHON) is $$($(PYTHON) -V 2>&1): name another with PYTHON=python3.11" >&2; exit 1; }
	@if $(BIN)/python -m pip --version >/dev/null 2>&1; then exit 0; fi; \
	echo "Making the virtual environment in $(VENV)"; \
	if $(PYTHON) -c 'import ensurepip' 2>/dev/null; then exec $(PYTHON) -m venv --clear $(VENV); fi; \
	if $(PYTHON) -c 'import venv, pip' 2>/dev/null \
		&& $(PYTHON) -m venv --clear --without-pip $(VENV) \
		&& $(PYTHON) -m pip --python $(BIN)/python install --quiet pip; then exit 0; fi; \
	echo "make: $(PYTHON) cannot make virtual environments: apt-get install python3-venv (Debian, Ubuntu), then again" >&2; exit 1
