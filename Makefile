# The two commands are `make run` and `make test`; `make help` lists the rest. GNU make and Python 3.11 are all it needs.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$name"; break; }; done)
PY := .venv/bin/python
CODE := services shared sample deploy tools tests $(wildcard bench)
RUN_READY := .venv/.run-ready
DEV_READY := .venv/.dev-ready
BENCH_READY := .venv/.bench-ready
CLIENTS_READY := .venv/.clients-ready
PORTAL_READY := portal/node_modules/.ready

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
export PIP_ROOT_USER_ACTION := ignore
# Compiled modules are kept, whatever the shell says: the tests start more than a hundred Python processes.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## List the targets
	@echo "Gongdan 工单: make <target>"
	@grep -hE '^[a-z-]+:.*?## ' Makefile | sed -E 's/^([a-z-]+):.*## (.*)$$/  \1\t\2/' | expand -t 20

# --- Setting up -----------------------------------------------------------------------------------------------------

.PHONY: setup
setup: $(RUN_READY) ## Install what the platform needs to run (.venv); nothing to do a second time

.venv/bin/python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "需要 Python 3.11 或更高版本；没有找到（python3 是 $$(python3 --version 2>/dev/null || echo 没有安装)）。"; \
		echo "请安装后重试，或用 make PYTHON=/path/to/python3.11 指定。"; exit 1; fi
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) 缺少 venv 或 ensurepip：在 Debian/Ubuntu 上请先执行 apt install python3-venv。"; exit 1; }
	@echo "Making .venv with $$("$(PYTHON)" --version) ..."
	@"$(PYTHON)" -m venv .venv || { rm -rf .venv; exit 1; }

# A virtual environment made by another tool may lack pip.
.venv/.pip-ready: | .venv/bin/python
	@$(PY) -m pip --version >/dev/null 2>&1 || $(PY) -m ensurepip >/dev/null
	@touch $@

# Wheels only, checked by their hashes: nothing is compiled, and nothing differs from the lock file.
define install
@echo "Installing $(1) ..."
@$(PY) -m pip install --quiet --only-binary :all: --require-hashes -r $(1)
@touch $@
endef

$(RUN_READY): requirements/run.txt .venv/.pip-ready
	$(call install,requirements/run.txt)

$(DEV_READY): requirements/dev.txt $(RUN_READY)
	$(call install,requirements/dev.txt)

# The generator of TypeScript types: Node comes from a wheel, its packages by a lock file, and run no scripts.
$(CLIENTS_READY): tools/clients/package-lock.json $(DEV_READY)
	@echo "Installing $< ..."
	@$(PY) -m tools.clients install
	@touch $@

# The portal's build and checks.  Whoever only runs the platform needs none of it: portal/dist is committed.
$(PORTAL_READY): portal/package-lock.json $(DEV_READY)
	@echo "Installing $< ..."
	@$(PY) -m tools.portal install
	@touch $@

$(BENCH_READY): requirements/bench.txt $(DEV_READY)
	$(call install,requirements/bench.txt)

# --- Running --------------------------------------------------------------------------------------------------------

.PHONY: run
run: $(RUN_READY) ## Start PostgreSQL, the five services and a simulated upstream in one process; Ctrl-C stops all
	@exec $(PY) -m services $(ARGS)

.PHONY: walk
walk: $(RUN_READY) ## Take one order through the running platform, step by step
	@exec $(PY) -m sample.walk $(ARGS)

.PHONY: secrets
secrets: $(RUN_READY) ## Draw the secrets that docker-compose.yml asks for (make -s secrets > .env)
	@$(PY) -m deploy.draw_secrets

.PHONY: cluster
cluster: $(RUN_READY) ## Start two replicas of each service in their own processes, on Kafka, with sample data; Ctrl-C stops all
	@exec $(PY) -m deploy.cluster $(ARGS)

.PHONY: kafka
kafka: $(RUN_READY) ## Start an Apache Kafka broker on loopback for development (needs Java 17 and Maven)
	@exec $(PY) -m deploy.kafka.broker $(ARGS)

.PHONY: bench
bench: $(BENCH_READY) ## Measure the platform and comparable software, and print the tables
	@exec $(PY) -m bench $(ARGS)

# --- Checking -------------------------------------------------------------------------------------------------------

.PHONY: check
check: lint types imports check-contracts check-docs check-portal ## Everything that CI runs, the tests last
	@$(MAKE) test

.PHONY: test
test: $(CLIENTS_READY) $(PORTAL_READY) ## Run the tests on two workers (ARGS="tests/bus -x" for some of them)
	@$(PY) -m pytest $(ARGS)

.PHONY: fuzz
fuzz: $(DEV_READY) ## Fuzz every operation of every service, the long run (the tests have a short one)
	@GONGDAN_FUZZ=long $(PY) -m pytest -q -rA tests/api/test_fuzz.py tests/intake/test_published_schemas.py $(ARGS)

.PHONY: model
model: $(DEV_READY) ## Drive the platform and the model of an order through 2,000 random sequences, and plant every fault
	@GONGDAN_MODEL_SEQUENCES=$${GONGDAN_MODEL_SEQUENCES:-2000} $(PY) -m pytest -q -rA -n2 tests/model $(ARGS)

.PHONY: lint
lint: $(DEV_READY) ## Lint, and check the formatting
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

.PHONY: format
format: $(DEV_READY) ## Format the code, and repair what the linter can repair
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

.PHONY: types
types: $(BENCH_READY) ## Check the types (mypy --strict)
	@$(PY) -m mypy $(CODE)

.PHONY: imports
imports: $(DEV_READY) ## Check who may import whom (.importlinter)
	@$(PY) -c 'from importlinter.cli import lint_imports_command; lint_imports_command()' --no-cache

.PHONY: contracts
contracts: $(DEV_READY) ## Write the contracts: event schemas, OpenAPI, AsyncAPI
	@$(PY) -m tools.contracts

.PHONY: check-contracts
check-contracts: $(DEV_READY) ## Check that the contracts are up to date and compatible with earlier ones
	@$(PY) -m tools.contracts --check

.PHONY: portal
portal: $(PORTAL_READY) ## Build the web portal into portal/dist, which is committed
	@$(PY) -m tools.portal build

.PHONY: check-portal
check-portal: $(PORTAL_READY) ## Check the portal: types, linter, unit tests, and that portal/dist is up to date
	@$(PY) -m tools.portal check

.PHONY: pictures
pictures: $(DEV_READY) ## Take the pictures of the portal's main pages from the running platform into docs/pictures
	@$(PY) -m tools.pictures

.PHONY: clients
clients: $(CLIENTS_READY) ## Generate a client in TypeScript and in Python from each API document, into var/clients
	@$(PY) -m tools.clients

.PHONY: migrations
migrations: $(DEV_READY) ## Check the migrations of every service on a real PostgreSQL
	@$(PY) -m pytest -q tests/migrations

.PHONY: docs
docs: $(DEV_READY) ## Write the generated documents (clauses, lifecycle, notices; tables of integration)
	@$(PY) -m tools.clauses
	@$(PY) -m tools.lifecycle
	@$(PY) -m tools.notices
	@$(PY) -m tools.integration

.PHONY: check-docs
check-docs: $(DEV_READY) ## Check that the generated documents are up to date
	@$(PY) -m tools.clauses --check
	@$(PY) -m tools.lifecycle --check
	@$(PY) -m tools.notices --check
	@$(PY) -m tools.integration --check

.PHONY: lock
lock: ## Lock requirements/*.in again (needs uv)
	@for name in run dev bench; do \
		uv pip compile --quiet --generate-hashes --no-emit-index-url --universal --python-version 3.11 \
		-o requirements/$$name.txt requirements/$$name.in || exit 1; done

.PHONY: clean
clean: ## Remove the data under var/ and all caches; .venv stays
	rm -rf var .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .schemathesis
	find services shared tools tests -name __pycache__ -type d -prune -exec rm -rf {} +
