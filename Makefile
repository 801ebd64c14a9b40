# Everything is run from here; `make` alone lists it. Needs python3 (3.11 to 3.13, with venv) and make.

BIN := .venv/bin
# What is there of them: a checkout without a part is still checked.
SOURCES := $(wildcard trading simulator webapp drill tests bench deploy tools docs/examples)
SUITE := $(wildcard tests/unit tests/contracts tests/scenarios)
STATE := state/simulated

.DEFAULT_GOAL := help
.PHONY: help setup setup-run setup-notify demo demo-reset test check lint format types contracts drill soak bench \
	browser-test machine-test container-test lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Make .venv with everything for development, and fetch the front-end assets
	@tools/setup.sh dev

setup-run:
	@tools/setup.sh run

setup-notify: ## Install apprise, for notifications to more than plain webhooks
	@tools/setup.sh notify

demo: setup-run ## Trade bundled market history through the simulated gateway; dashboard on port 5056; Ctrl-C stops it
	@GATEWAY=simulated ./start.sh

demo-reset: ## Forget the demo: its state, and its logs where no live system writes to the same files
	rm -rf $(STATE)
	@if [ ! -e state/trading.db ]; then set -x; rm -f logs/trading.log* logs/gateway.log*; fi

test: setup ## Run the whole suite that needs no root, no Docker and no browser
	@$(BIN)/python -m pytest -q -n 2 --dist loadscope $(SUITE)

check: lint types contracts test ## Everything that has to hold before a commit

lint: setup ## Check style and format
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/ruff format --check $(SOURCES)

format: setup ## Format the code
	@$(BIN)/ruff format $(SOURCES)
	@$(BIN)/ruff check --fix $(SOURCES)

types: setup ## Check types
	@$(BIN)/mypy $(SOURCES)

contracts: setup ## Check who may import whom
	@$(BIN)/lint-imports --no-logo

drill: setup ## Try the trading system against 200 seeded schedules, then single faults, for at most 8 minutes
	@$(BIN)/python -m drill --planted
	@$(BIN)/python -m drill --seeds 0:200 --swarm --singles --jobs 2 --seconds 480

soak: setup ## Ten thousand schedules, every fault alone and in pairs, every kill point; SECONDS=3600 ends each
	@$(BIN)/python -m drill --seeds 0:10000 --jobs 2 $(if $(SECONDS),--seconds $(SECONDS))
	@$(BIN)/python -m drill --singles --seeds 0:3 --jobs 2 $(if $(SECONDS),--seconds $(SECONDS))
	@$(BIN)/python -m drill --pairs --seeds 0:1 --jobs 2 $(if $(SECONDS),--seconds $(SECONDS))
	@$(BIN)/python -m drill --kill-points all,random --seeds 0:25 $(if $(SECONDS),--seconds $(SECONDS))

bench: setup ## Measure speed
	@$(BIN)/python -m bench

browser-test: setup ## Try the dashboard in a browser (needs Chromium; pictures go to tests/browser/screenshots)
	@$(BIN)/python -m pytest -q tests/browser

machine-test: setup ## Try full and read-only disks, files of another user and no IPv4 (Linux, in namespaces of its own)
	@tools/machine-test.sh

container-test: setup ## Try the container (needs root and Docker)
	@tools/container-test.sh

lock: ## Resolve the requirements anew and write the lock files
	@tools/lock.sh

clean: ## Remove what the tools made; state, logs and .env stay
	rm -rf .venv node_modules webapp/static/vendor build .mypy_cache .pytest_cache .ruff_cache .import_linter_cache \
		.hypothesis .coverage*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
