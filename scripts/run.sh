#!/usr/bin/env bash
# `make run`: a new SQLite database is filled with the demo history; then server, workers and simulated provider run until
# Ctrl-C. The program itself prints the address, a key and a curl to paste. Arguments are passed on to `batchbook serve`.
set -euo pipefail
cd "$(dirname "$0")/.."

batchbook=${CARGO_TARGET_DIR:-target}/debug/batchbook
url=${DATABASE_URL:-sqlite://data/batchbook.db}

case $url in
    sqlite:*)
        file=${url#sqlite:}
        file=${file#//}
        file=${file%%\?*}
        if [ ! -e "$file" ]; then
            mkdir -p "$(dirname "$file")"
            # Half a history is none: what this run began, it takes away again.
            "$batchbook" demo || { rm -f "$file" "$file-wal" "$file-shm"; exit 1; }
        fi
        ;;
    *) echo "run: the database is not a new SQLite file; for the demo history run once: $batchbook demo" >&2 ;;
esac

exec "$batchbook" serve --simulate "$@"
