#!/usr/bin/env bash
# What `make test` runs once the system parts are there. Stops at the first failure; ends with what the runners counted.
set -euo pipefail
cd "$(dirname "$0")/.."
log=$(mktemp); trap 'rm -f "$log"' EXIT

step() { printf '\n\033[1m[test]\033[0m %s\n' "$*"; }

step "format and clippy"
make --no-print-directory lint

step "unit and integration tests"
cargo test --workspace --exclude xtask 2>&1 | tee "$log"
cargo test --package xtask --target-dir target/xtask 2>&1 | tee -a "$log"

step "the program, and the browser half as it is shipped"
cargo xtask build --server
cargo xtask build --front --release
cargo xtask size | tee -a "$log"

step "browser tests"
export DSM_SITE=$PWD/target/site-release
(cd end2end && npm ci --no-audit --no-fund --loglevel=error && npm test) 2>&1 | tee -a "$log"

step "passed"
# the runners' own words: cargo's line for each test program that had a test, the first page's weight, node's sums
grep -E '^test result: ' "$log" | grep -v ' 0 passed; 0 failed'
grep -E ' in all \(' "$log"
grep -E '^(# |ℹ )(tests|pass|fail|skipped) ' "$log"
