# `make` alone lists the targets. Everything here also works by hand: the lines are the documentation.
SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run dev demo build lint test bench lighthouse shots

# rustup's folder may be missing in shells that are no login shells
export PATH := $(PATH):$(HOME)/.cargo/bin
LISTEN ?= 127.0.0.1:3000
DATA ?= ./data
# Native code without xtask: that one has a target folder of its own, see .cargo/config.toml
NATIVE := --workspace --exclude xtask
XTASK := --package xtask --target-dir target/xtask

help: ## List the targets
	@printf 'DSM Console\n\n'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@printf '\nLISTEN=%s and DATA=%s can be set; REDIS_URL and DATABASE_URL too.\n' '$(LISTEN)' '$(DATA)'

run: ## Build everything and serve it at http://127.0.0.1:3000
	@scripts/tools.sh run
	@cargo xtask build
	@exec target/debug/dsm-console serve --listen $(LISTEN) --data $(DATA) --site target/site

dev: ## Like run, and build and restart whenever a file changes
	@scripts/tools.sh run
	@cargo xtask dev --listen $(LISTEN) --data $(DATA)

demo: ## Like run, with the sample project loaded and its traffic started
	@scripts/tools.sh run
	@cargo xtask build
	@exec target/debug/dsm-console serve --listen $(LISTEN) --data $(DATA) --site target/site --demo

build: ## Fill dist/ with the release program and all it needs
	@scripts/tools.sh build
	@cargo xtask dist

lint: ## Format check and clippy, of both halves
	cargo fmt --all --check
	cargo clippy $(NATIVE) --all-targets -- -D warnings
	cargo clippy --package app --lib --features hydrate -- -D warnings
	cargo clippy $(XTASK) --all-targets -- -D warnings

test: ## All that must be green before a push: lint, unit, integration, size, browser
	@scripts/tools.sh test
	@scripts/test.sh

bench: ## Measure beside peers and the limit of this machine, into bench/RESULTS.md
	@scripts/tools.sh bench
	@bench/peers/setup.sh
	@cargo build --release --package server --package bench
	@target/release/bench all --write

lighthouse: ## Measure the Overview page, in the release build, with Lighthouse
	@scripts/tools.sh test
	@cargo xtask build --release
	@cd end2end && npm ci --no-audit --no-fund && cd lighthouse && npm ci --no-audit --no-fund && DSM_PROGRAM=$(CURDIR)/target/release/dsm-console DSM_SITE=$(CURDIR)/target/site-release npm run measure

shots: ## Pictures of every page, wide and narrow, light and dark, into end2end/results
	@scripts/tools.sh test
	@cargo xtask build
	@cd end2end && npm ci --no-audit --no-fund && npm run shots
