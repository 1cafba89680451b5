# Tencho: `make run` serves the demo, `make test` checks and tests everything. Needs Python 3.11+ and make alone.
PYTHON ?= python3
PORT ?= 8000
PY := .venv/bin/python

.PHONY: run test check bench fix lock setup-run setup-test

run: setup-run
	@$(PY) manage.py migrate --verbosity 0
	@$(PY) manage.py collectstatic --noinput --verbosity 0
	@$(PY) manage.py demo
	@TENCHO_ORIGIN=$${TENCHO_ORIGIN:-http://127.0.0.1:$(PORT)} $(PY) manage.py serve --port $(PORT)

# OWN_SERVERS=1 starts PostgreSQL and Redis for this run instead of using those found on the machine.
test: check
	@$(PY) -m tools.test $(if $(OWN_SERVERS),--own-servers)

check: setup-test
	@$(PY) -m tools.check

# Speed beside a floor app, as ratios; BENCH_QUICK=1 for a short run. Fails nothing.
bench: setup-test
	@$(PY) -m tests.bench

fix: setup-test
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

# After a change of dependencies in pyproject.toml; UPGRADE=1 takes the newest allowed versions.
lock: setup-test
	@$(PY) -m tools.lock $(if $(UPGRADE),--upgrade)

setup-run:
	@$(PYTHON) tools/setup.py run

setup-test:
	@$(PYTHON) tools/setup.py test
