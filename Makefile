# Every target sets up what it needs by itself, once: a virtual environment in .venv and, as
# root on a machine that lacks them, Debian's venv package and (for `make test`) coturn, tshark,
# Chromium, Firefox and a sound device for it, Pion, libdatachannel, Pipecat, Janus and baresip.
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SERVERS := $(VENV)/.servers
BROWSERS := $(VENV)/.browsers
PEERS := $(VENV)/.peers
JOBS ?= auto

.PHONY: check test demo docs bench soak fuzz matrix format clean
.DEFAULT_GOAL := check

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "aiopeer needs Python 3.11 or newer"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) >/dev/null 2>&1 \
		|| { test "$$(id -u)" = 0 && apt-get update -qq && apt-get install -y -qq python3-venv \
		&& $(PYTHON) -m venv $(VENV); } >/dev/null \
		|| { echo "python3-venv is missing: install it, or run make as root"; exit 1; }
	@echo "installing into $(VENV) (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]' 2>&1 \
		| grep -v '^WARNING' || true
	@$(BIN)/python -c 'import aiortc, pytest, mypy'
	@touch $@

# A TURN server for the interop tests, the kernel's NAT for those in emulated networks, and
# Wireshark's dissectors; without the first and the last they skip, or fail where CI is set.
$(SERVERS): $(STAMP)
	@{ command -v turnserver && command -v nft && command -v ip && command -v tshark; } >/dev/null \
		|| test "$$(id -u)" != 0 || ! command -v apt-get >/dev/null \
		|| { echo "installing coturn, nftables and tshark (once)"; \
		apt-get update -qq >/dev/null 2>&1; RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq --no-install-recommends coturn nftables iproute2 tshark \
		>/dev/null 2>&1; } \
		|| echo "coturn and tshark could not be installed: tests against them skip"
	@touch $@

# Browsers, and the sound device without which Firefox has no WebAudio; the same holds.
$(BROWSERS): $(STAMP)
	@{ command -v chromium && command -v firefox-esr && command -v pulseaudio; } >/dev/null \
		|| test "$$(id -u)" != 0 || ! command -v apt-get >/dev/null \
		|| { echo "installing chromium, firefox-esr and pulseaudio (once)"; \
		apt-get update -qq >/dev/null 2>&1; RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq --no-install-recommends chromium firefox-esr pulseaudio \
		>/dev/null 2>&1; } || echo "browsers could not be installed: tests against them skip"
	@touch $@

# Other implementations: Pion, libdatachannel, werift, clients of WHIP, Pipecat, Janus, the SIP phone
# baresip.
$(PEERS): $(STAMP) tests/interop/build.py tests/interop/pion/main.go
	@{ command -v go && command -v npm && command -v baresip && command -v janus; } >/dev/null \
		&& test -d /usr/share/gocode/src/github.com/pion/webrtc \
		|| test "$$(id -u)" != 0 || ! command -v apt-get >/dev/null \
		|| { echo "installing Pion, npm, baresip and Janus (once)"; apt-get update -qq >/dev/null 2>&1; \
		RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
		golang-go golang-github-pion-webrtc.v3-dev baresip-core janus iproute2 \
		$$(command -v npm >/dev/null || echo npm) >/dev/null 2>&1; } \
		|| echo "other implementations could not be installed: tests against them skip"
	@echo "building and installing other implementations into $(VENV) (once)"
	@$(BIN)/python -m tests.interop.build \
		|| echo "other implementations could not be built: tests against them skip"
	@touch $@

check: $(STAMP) ## format, lint, types and the fast tests
	$(BIN)/ruff format --check --quiet
	$(BIN)/ruff check --quiet
	$(BIN)/mypy
	$(BIN)/pytest -q -n $(JOBS) -m "not slow and not interop"

test: $(SERVERS) $(BROWSERS) $(PEERS) ## everything
	$(BIN)/ruff format --check --quiet
	$(BIN)/ruff check --quiet
	$(BIN)/mypy
	$(BIN)/pytest -q -n $(JOBS)

demo: $(STAMP) $(if $(BROWSER),$(BROWSERS)) ## a video call with Python; BROWSER=headless checks it
	@$(BIN)/python -m demos.call $(if $(BROWSER),--browser $(BROWSER))

docs: $(STAMP) ## the documentation as a site, in build/docs
	@$(BIN)/python -m sphinx -q -W --keep-going -c docs -d build/doctrees . build/docs
	@echo "open file://$(CURDIR)/build/docs/index.html"

bench: $(STAMP) ## speed, side by side with aioice and aiortc
	$(BIN)/python -m tools.bench.stun
	$(BIN)/python -m tools.bench.ice
	$(BIN)/python -m tools.bench.ice_delay
	$(BIN)/python -m tools.bench.net
	$(BIN)/python -m tools.bench.sdp
	$(BIN)/python -m tools.bench.rtp
	$(BIN)/python -m tools.bench.call
	$(BIN)/python -m tools.bench.call_delay
	$(BIN)/python -m tools.bench.voice
	$(BIN)/python -m tools.bench.virtual_call
	$(BIN)/python -m tools.bench.trace
	$(BIN)/python -m tools.bench.data
	$(BIN)/python -m tools.bench.imports

soak: $(STAMP) ## thousands of connections and hours of a call: nothing is left, nothing grows
	$(BIN)/python -m tools.soak

fuzz: $(STAMP) ## a bounded run of every parser on random and mutated input
	$(BIN)/python -m tools.fuzz

matrix: $(STAMP) ## every pair of NAT behaviours, as a table
	$(BIN)/python -m tests.properties.nat_matrix

format: $(STAMP)
	$(BIN)/ruff format --quiet
	$(BIN)/ruff check --quiet --fix

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis *.egg-info build dist
