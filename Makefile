# Batchbook's commands. `make` alone lists them.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.NOTPARALLEL:
.DEFAULT_GOAL := help

# What is slow to make and the same everywhere (compiled dependencies, tools) lives outside the checkout: a fresh clone, also
# one made by a CI run, starts warm. What a checkout makes of its own stays apart: programs and site in target/ of the
# checkout, the package's own compiled parts under names of their own (.cargo/config.toml says how, and why it matters).
export BATCHBOOK_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/batchbook
export CARGO_BUILD_BUILD_DIR ?= $(BATCHBOOK_CACHE)/target
export PATH := $(BATCHBOOK_CACHE)/tools/bin:$(PATH)

# Clippy's lints of this package are kept under a shared name all the same; a flag that differs by checkout makes them stale.
LINTS := -- -D warnings --cfg 'checkout="$(CURDIR)"'
WASM  := --lib --no-default-features --features hydrate --target wasm32-unknown-unknown
SETUP := @scripts/setup.sh

.PHONY: help setup run test check build release deny bench bench-console e2e pictures clean fmt clippy unit nextest built site server

help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

setup: ## install whatever any target needs (each target installs what it needs by itself)
	$(SETUP) wasm nextest site release postgres browser

run: site server ## build, fill a new database with the demo history, start simulator and server on http://127.0.0.1:3000
	@scripts/run.sh

check: fmt clippy unit ## fast: format, lints of both halves, unit tests

# Pictures are for people: `make e2e` takes them.
test: export SCREENSHOTS =
test: ## everything: check, integration tests on SQLite and PostgreSQL, browser tests
	$(SETUP) wasm nextest site postgres browser
	@status=0; scripts/beside.sh "built" "fmt clippy" || status=1; scripts/beside.sh nextest e2e || status=1; exit $$status

build: release ## release (25 min on 2 cores): the program in target/release/batchbook, the site in target/site; fails above the size budget
	@scripts/sizes.sh

release: ## the same without the budget, so that what is too large can be run and measured
	$(SETUP) wasm site release
	@# Views are one type to the compiler: a third less to load. The markup is the same, so the server needs no flag.
	RUSTFLAGS="--cfg erase_components" cargo leptos build --release --precompress --frontend-only
	cargo build --release

deny: ## what we depend on: licences, sources, what is banned; known vulnerabilities too, where their list can be had
	$(SETUP) deny
	cargo deny check bans licenses sources
	@if cargo deny fetch db 2>/dev/null; then cargo deny check advisories; else echo "deny: the list of known vulnerabilities cannot be had here; they were not looked for" >&2; fi

bench: ## measure; one benchmark: make bench ARGS=settle
	$(SETUP) postgres
	POSTGRES_MODE=durable scripts/postgres.sh with cargo bench --bench bench -- $(ARGS)

bench-console: release ## measure the console: pages a second, times, memory, clicks in a browser
	$(SETUP) browser load
	scripts/bench-console.sh

e2e: site server ## browser tests against the real program
	$(SETUP) browser
	scripts/e2e.sh

pictures: site server ## take the pictures in docs/ anew
	$(SETUP) browser
	scripts/e2e.sh pictures.mjs

clean: ## remove what was built of this package (dependencies, tools and data/ are kept)
	cargo clean --package batchbook
	cargo clean --package batchbook --target wasm32-unknown-unknown
	CARGO_BUILD_BUILD_DIR=$(BATCHBOOK_CACHE)/lints cargo clean --package batchbook
	rm -rf target

# Parts of the above.
fmt:
	cargo fmt --check

clippy:
	$(SETUP) wasm
	cargo clippy --all-targets $(LINTS)
	cargo clippy $(WASM) $(LINTS)

# Lints are looked for while everything else is built: cargo lets two work side by side only in folders of their own.
clippy: export CARGO_BUILD_BUILD_DIR = $(BATCHBOOK_CACHE)/lints

unit:
	$(SETUP) nextest
	cargo nextest run --lib --bins

# The tests' form of the program first: it is compiled beside the plain one.
built:
	cargo nextest run --no-run
	@$(MAKE) --no-print-directory server site

nextest:
	@# Tests wait for disks, clocks and other processes more than they work.
	scripts/postgres.sh with cargo nextest run --test-threads $$(( $$(nproc) * 2 ))

site:
	$(SETUP) wasm site
	cargo leptos build --frontend-only

server:
	cargo build
