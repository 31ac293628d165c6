# Everything here sets itself up: only Python 3.11 (or newer) and make are needed.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BENCH := .venv-bench
BENCH_READY := $(BENCH)/.ready

.PHONY: demo test test-db proofs coverage lint types docs picture bench soak lock format reference clean

$(READY): requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

$(BENCH_READY): requirements-bench.lock pyproject.toml
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --require-hashes -r requirements-bench.lock
	$(BENCH)/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

demo: $(READY)  ## the whole job on an embedded database, the sandbox and sample orders
	$(BIN)/python runner.py demo

test: $(READY)  ## every test, on SQLite and PostgreSQL
	$(BIN)/python -m pytest -n 4 --dist worksteal

test-db: $(READY)  ## the tests of databases and batches on yours: ORDER_STAGING_TEST_URL=... (everything in it is deleted)
	@test -n "$$ORDER_STAGING_TEST_URL" || { echo "set ORDER_STAGING_TEST_URL to a database for tests"; exit 2; }
	$(BIN)/python -m pytest -k given tests/integration tests/end_to_end

proofs: $(READY)  ## every guarantee, by the whole of its proof: some twenty minutes
	WHOLE_PROOFS=1 $(BIN)/python -m pytest -n 4 --dist worksteal tests/integration/guarantees \
		tests/integration/batch/timed tests/integration/monday tests/end_to_end/test_kill_matrix.py \
		tests/end_to_end/test_several_runners.py

coverage: $(READY)  ## every test again, and which lines none of them reached
	$(BIN)/python -m pytest -n 4 --dist worksteal --cov --cov-report=term

lint: $(READY)  ## formatting, lint, types, import layers, and the house rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/unit/house

types: $(READY)  ## what pyright says of the public types and the examples; mypy says it in lint (downloads 60 MB)
	$(BIN)/uv tool run --quiet basedpyright==1.40.2 --pythonpath $(BIN)/python

docs: $(READY)  ## the pages and the API as a site in build/docs; a broken link or a warning fails it
	$(BIN)/python -m sphinx -c docs -b html --fail-on-warning --keep-going --quiet . build/docs

picture: $(READY)  ## docs/run.svg anew, taken of a real run
	$(BIN)/python docs/run_picture.py

format: $(READY)  ## put formatting and import order right
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

reference: $(READY)  ## what is made of the commands: their words for completion, and their sections in docs/command-line.md
	$(BIN)/python -m tests.command_reference

bench: $(BENCH_READY)  ## measurements, with programs from PyPI to compare with: what counts is the ratios
	$(BENCH)/bin/python benchmarks/aliases.py
	$(BENCH)/bin/python benchmarks/changes.py
	$(BENCH)/bin/python benchmarks/delivery.py
	$(BENCH)/bin/python benchmarks/detect.py
	$(BENCH)/bin/python benchmarks/lanes.py
	$(BENCH)/bin/python benchmarks/memory.py
	$(BENCH)/bin/python benchmarks/plans.py
	$(BENCH)/bin/python benchmarks/promote.py
	$(BENCH)/bin/python benchmarks/staging.py
	$(BENCH)/bin/python benchmarks/startup.py

soak: $(READY)  ## thousands of orders, faults by chance and killed runners, for some minutes: nothing lost, nothing twice
	$(BIN)/python -m tests.soak.soak

COMPILE := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	--no-header --upgrade --no-emit-package order-staging -q pyproject.toml requirements-build.in

lock: $(READY)  ## resolve the newest releases again into the lock files
	$(BIN)/$(COMPILE) --extra dev --extra mssql --extra postgres -o requirements-dev.lock
	$(BIN)/$(COMPILE) --extra bench -o requirements-bench.lock

clean:
	rm -rf $(VENV) $(BENCH) build dist .coverage* .mypy_cache .ruff_cache .hypothesis
