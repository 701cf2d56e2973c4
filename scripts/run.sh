#!/usr/bin/env bash
# `make run`: server, workers and simulated provider until Ctrl-C. An empty database is filled with the demo history first. The
# program itself prints the address, a key and a curl to paste. Arguments are passed on to `batchbook serve`.
set -euo pipefail
cd "$(dirname "$0")/.."
exec "${CARGO_TARGET_DIR:-target}/debug/batchbook" serve --simulate --demo "$@"
