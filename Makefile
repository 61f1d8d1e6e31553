# `make demo` and `make test` are all a new user needs: each builds .venv by itself when it is absent or
# older than the lock. Needs Python 3.11, 3.12 or 3.13 (another than the first found: make demo PYTHON=...);
# uses uv when it is there, else venv and pip.

VENV := .venv
BIN  := $(VENV)/bin
export PYTHON
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help environment import-environment grid-environment demo demo-all test test-all mutation lint format lock notebooks readme docs screenshot \
    benchmark fuzz clean page wheel test-page test-arm

help: ## show what there is
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' Makefile | expand -t 20

environment: ## build .venv if it is absent or outdated
	@.ci/environment.sh $(VENV)

import-environment: environment ## build .venv-import, where radlib import converts .pt2 and .onnx
	@.ci/import_environment.sh .venv-import

grid-environment: environment ## build .venv-grid, from which radlib grid starts Snakemake
	@.ci/grid_environment.sh .venv-grid

demo: environment ## run the whole series on drawn films; ends with the path of the report
	@$(BIN)/radlib run --study demo

demo-all: environment ## the same with every technique, in at most ten minutes
	@$(BIN)/radlib run --study demo_all

test: lint ## style, unit and contract tests, every notebook, coverage
	@.ci/test.sh $(VENV) "not slow"

test-all: lint ## the same, with the largest networks and long fuzzing
	@.ci/test.sh $(VENV) "slow or not slow"

test-arm: environment ## bundles installed and asked on an emulated arm64 board, beside the desk's answers; some minutes, Linux 6.7
	@$(BIN)/python .ci/arm

page: page/dist/index.html ## build the page for browsers (needs Node 20 and npm)

page/node_modules/.package-lock.json: page/package-lock.json
	@cd page && npm ci --no-audit --no-fund --loglevel=error --prefer-offline --fetch-retries=1
	@touch $@

page/dist/index.html: page/node_modules/.package-lock.json $(shell find page/source page/public page/*.ts page/index.html 2>/dev/null)
	@cd page && npm run --silent build

test-page: environment ## the whole page: every step against the desk, and as somebody uses it, in Chromium; at most five minutes
	@.ci/test_page.sh $(VENV)

wheel: environment page ## the wheel and the source archive, with the page, in dist/
	@$(BIN)/python -m hatchling build

mutation: environment ## how many faults planted in metrics and coders the tests notice: of a sample (SAMPLE=200), or of all in hours
	@nice $(BIN)/$(if $(SAMPLE),python .ci/mutation_sample.py $(SAMPLE),mutmut run)

lint: environment ## style and types
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy --no-error-summary

format: environment ## put the code in order
	@$(BIN)/ruff check --quiet --fix . || true
	@$(BIN)/ruff format --quiet .

lock: environment ## resolve pyproject.toml anew (needs uv and network), and environment.yml with it
	@uv pip compile --quiet --universal --python-version 3.11 --extra dev --generate-hashes --no-strip-extras \
	    --no-emit-index-url --no-header --no-annotate pyproject.toml -o requirements.txt
	@$(BIN)/python .ci/conda_environment.py

notebooks: environment ## execute the committed notebooks in place, in order, on the demo
	@$(BIN)/python .ci/refresh_notebooks.py

readme: environment ## fill the tables of README and CONTRIBUTING and draw the house, from results, registries and imports
	@$(BIN)/python .ci/notebook_pictures.py
	@$(BIN)/python .ci/readme_tables.py
	@$(BIN)/python .ci/house.py

screenshot: environment ## the picture of a report in the README, of outputs/demo (needs Chromium)
	@$(BIN)/python .ci/screenshot.py outputs/demo/report.html docs/report.png

docs: environment ## write the interface, the methods, every setting and column as pages: open site/index.html
	@$(BIN)/python .ci/docs.py

benchmark: environment ## speed, as ratios measured side by side
	@$(BIN)/python -m benchmarks

fuzz: environment ## damaged films, model files, folders of films, tables and studies by the thousand
	@$(BIN)/python -m benchmarks fuzz fuzz_models fuzz_folders fuzz_tables fuzz_studies

clean: ## remove the environment and what tools left; data/ and outputs/ stay
	@rm -rf $(VENV) .coverage mutants .pytest_cache .ruff_cache .mypy_cache .hypothesis dist build site
	@find radlib tests benchmarks .ci -name __pycache__ -prune -exec rm -rf {} +
