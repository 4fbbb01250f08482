# The one task runner; CI calls `make test`. Each target makes the environment it needs.
#   make demo   paint two models of data/ (under 2 minutes after the installation) and name the picture to open
#   make test   lint, types and tests
#   make test-nerfstudio   the plugin inside the real nerfstudio, in an environment of its own
# Another interpreter: make demo PYTHON=python3.12      Another environment: make demo VENV=/tmp/venv

PYTHON ?= python3
VENV ?= .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
PY := $(BIN)/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt
RUN := $(VENV)/installed-run
DEV := $(VENV)/installed-dev
DEMO := out/demo
NODE := node_modules/@sparkjsdev/spark/package.json

.PHONY: docs tables demo test lint types unit bench bench-features bench-splats gallery corpus test-nerfstudio clean help
.DEFAULT_GOAL := help

help:
	@echo "make demo | test | lint | types | unit | bench | bench-features | bench-splats | gallery | corpus | tables | docs | test-nerfstudio | clean"

$(PY):
	@$(PYTHON) -c "import sys; sys.exit(None if (3, 10) <= sys.version_info < (3, 14) else 'style3d needs Python 3.10 to 3.13, not ' + sys.version.split()[0] + '; say which with PYTHON=')"
	$(PYTHON) -m venv $(VENV)

$(RUN): pyproject.toml constraints.txt | $(PY)
	@echo "Installing style3d into $(VENV); torch is large, so the first time takes minutes."
	$(PIP) -e ".[video,ktx2]"
	@$(PY) -c "open(r'$@', 'w').close()"

$(DEV): pyproject.toml constraints.txt | $(PY)
	@echo "Installing style3d and what its tests use into $(VENV); torch is large, so the first time takes minutes."
	$(PIP) -e ".[dev,video,ktx2,c2pa]"
	@$(PY) -c "open(r'$@', 'w').close()"

# The Khronos validator, three.js and a splat viewer on it, where npm is; the tests that use them skip without them.
$(NODE):
	@npm install --silent --no-save --no-audit --no-fund --prefix . gltf-validator@2.0.0-dev.3.10 three@0.187.0 @sparkjsdev/spark@2.2.0 || echo "no glTF-Validator, three.js and Spark: their tests are skipped"

demo: $(RUN)
	$(BIN)/style3d mesh data/models/teapot.glb --style data/styles/oil.jpg --preset draft --output $(DEMO)/teapot.glb
	$(BIN)/style3d mesh data/models/mossling.glb --style data/styles/stained-glass.jpg --preset draft --output $(DEMO)/mossling.glb
	@echo
	@echo "Done. Open $(DEMO)/teapot.contact-sheet.png: the teapot as it was above, as it is painted now below."
	@echo "The models themselves are $(DEMO)/teapot.glb and $(DEMO)/mossling.glb; any glTF viewer shows them."

test: lint types unit

lint: $(DEV)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

types: $(DEV)
	$(PY) -m mypy

unit: $(DEV) $(NODE)
	$(PY) -m pytest -q -n auto --maxprocesses 8

bench: $(RUN)
	$(PY) scripts/bench.py

bench-features: $(RUN)
	$(PY) scripts/bench_features.py

bench-splats: $(RUN)
	$(PY) scripts/bench_splats.py

gallery: $(RUN)
	$(PY) scripts/gallery.py

# The tables in docs/ that come from rows: options, formats, extensions, metrics.
tables: $(RUN)
	$(PY) scripts/tables.py

# The site, with warnings as errors; the sources are read and not imported, so style3d itself is not installed. ruff
# breaks the lines of signatures.
DOCS ?= .venv-docs
DOCSPY := $(subst $(VENV)/,$(DOCS)/,$(PY))
$(DOCS)/installed: pyproject.toml
	$(PYTHON) -m venv $(DOCS)
	$(DOCSPY) -m pip install --quiet --disable-pip-version-check "mkdocs-material>=9.5" "mkdocstrings[python]>=0.26" ruff
	@$(DOCSPY) -c "open(r'$@', 'w').close()"

docs: $(DOCS)/installed
	$(DOCSPY) -m mkdocs build --strict

corpus: $(DEV)
	$(PY) scripts/corpus.py

# An environment of its own: nerfstudio's libraries are large and its pins do not hold together, so it comes without them.
NERFSTUDIO ?= .venv-nerfstudio
NSPY := $(subst $(VENV)/,$(NERFSTUDIO)/,$(PY))
NSPIP := $(NSPY) -m pip install --quiet --disable-pip-version-check -c constraints.txt
$(NERFSTUDIO)/installed: pyproject.toml constraints.txt requirements-nerfstudio.txt
	$(PYTHON) -m venv $(NERFSTUDIO)
	@echo "Installing nerfstudio's libraries into $(NERFSTUDIO): 2 GB, which takes minutes."
	$(NSPIP) -e ".[dev]" -r requirements-nerfstudio.txt
	$(NSPIP) --no-deps nerfstudio==1.1.5
	@$(NSPY) -c "open(r'$@', 'w').close()"

test-nerfstudio: $(NERFSTUDIO)/installed
	OMP_NUM_THREADS=1 $(NSPY) -m pytest -q tests/nerf/nerfstudio

clean:
	rm -rf out build dist *.egg-info .pytest_cache .ruff_cache .mypy_cache
