# make run            install, then the main job: BiLSTM on the Mauna Loa CO₂ series, int8_dynamic on ONNX Runtime
# make run ARGS="…"   another job: ARGS="backend=openvino model=gru"
# make test           install all that the tests need (system packages too), then run them
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
ARGS ?=
MAIN := model=bilstm data=co2 precision=int8_dynamic backend=onnxruntime
# Without bytecode each of the thousands of processes that the tests start would compile its sources again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run install test toolchains check benchmarks docs clean

run: install
	$(BIN)/python -m runner $(or $(ARGS),$(MAIN))

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 10) <= sys.version_info < (3, 14) else "Python 3.10 to 3.13 is needed; say which: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) --editable '.[train,torchao,ui,plots,openvino,dvc]'
	@touch $@

$(VENV)/.tests-installed: $(VENV)/.installed
	$(PIP) --editable '.[train,torchao,ui,plots,openvino,dvc,litert,tvm,dev]'
	@touch $@

# One process more than two cores have: tests wait for other processes and for the disk a third of their time.
test: $(VENV)/.tests-installed system-packages
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

# The browser test needs a real browser, the tests of devices a real sshd, those of what leaves the machine
# strace, those of delegates a C compiler, those of TVM one for Arm. As root on Debian they are installed; elsewhere the command to type is printed.
PROGRAMS := chromium chromedriver sshd ssh strace openssl cc aarch64-linux-gnu-gcc
PACKAGES := chromium chromium-driver openssh-server openssh-client strace openssl gcc libc6-dev gcc-aarch64-linux-gnu libc6-dev-arm64-cross
.PHONY: system-packages
system-packages:
	@missing=; for program in $(PROGRAMS); do PATH="$$PATH:/usr/sbin:/sbin" command -v $$program >/dev/null || missing=1; done; \
	if [ -z "$$missing" ]; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(PACKAGES) >/dev/null; \
	else echo "The tests need $(PROGRAMS): sudo apt-get install $(PACKAGES)"; exit 1; fi

# Those that tests need and install by themselves.
toolchains: $(VENV)/.tests-installed
	for name in litert tosa; do $(BIN)/python -m runner toolchain install $$name; done

check: $(VENV)/.tests-installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

benchmarks: $(VENV)/.tests-installed
	for script in benchmarks/*.py; do $(BIN)/python $$script || exit 1; done

# The reference of the API in Python, to build/docs.
docs: $(VENV)/.tests-installed
	$(BIN)/python -m pdoc --no-show-source --output-directory build/docs runner.api

clean:
	rm -rf $(VENV) build dist *.egg-info
