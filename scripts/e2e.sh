#!/usr/bin/env bash
# Browser tests against the real program: a new SQLite database with the demo history, served on a free port of loopback. After
# the tests the server must end by itself on SIGTERM with 0, and the books of what the tests left behind must close.
# Pictures go to $SCREENSHOTS, or $BATCHBOOK_CACHE/screenshots; where it is set and empty, none are taken. Arguments are passed on
# to `node --test`; without any, all files are run, four at a time because tests wait more than they work, each with a server and
# a copy of the filled database of its own. $BATCHBOOK is another program to test, such as target/release/batchbook.
set -euo pipefail
cd "$(dirname "$0")/.."

batchbook=${BATCHBOOK:-${CARGO_TARGET_DIR:-target}/debug/batchbook}
cache=${BATCHBOOK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/batchbook}
work=$(mktemp -d)
log=$work/server.log
server=

finish() {
    local status=$?
    if [ -n "$server" ]; then
        kill -KILL "$server" 2>/dev/null || true
    fi
    if [ $status -ne 0 ] && [ -e "$log" ]; then
        echo "e2e: the last lines of the server's log:" >&2
        tail -n 40 "$log" >&2
    fi
    rm -rf "$work"
}
trap finish EXIT

# field <name>: of the object on standard input, a text as it is and everything else as JSON
field() { node -e 'let t = ""; process.stdin.on("data", d => t += d).on("end", () => { const v = JSON.parse(t)[process.argv[1]]; console.log(typeof v === "string" ? v : JSON.stringify(v)) })' "$1"; }

# fill <database>: with the demo history; who may sign in goes to <database>.operators
fill() {
    echo "e2e: filling a new database with the demo history"
    DATABASE_URL=sqlite://$1 "$batchbook" demo --json 2>"$log" | field operators >"$1.operators"
}

# What takes longest is begun first; what a file says is shown when it has ended.
if [ $# -eq 0 ]; then
    export E2E_FILLED=$work/filled.db
    fill "$E2E_FILLED"
    # shellcheck disable=SC2016 # it is the inner shell that expands
    (cd end2end && ls batch-page.test.mjs shell.test.mjs tasks.test.mjs && ls -S -- *.test.mjs) | awk '!seen[$0]++' | xargs -n 1 -P 4 bash -c \
        'status=0; said=$(scripts/e2e.sh "$0" 2>&1) || status=1; echo "$said"; exit $status'
    exit
fi

port=$(scripts/free-port.sh)
export DATABASE_URL=sqlite://$work/batchbook.db LEPTOS_SITE_ADDR=127.0.0.1:$port
export BASE_URL=http://$LEPTOS_SITE_ADDR SCREENSHOTS=${SCREENSHOTS-$cache/screenshots}
# Receivers of webhooks run on this machine.
export BATCHBOOK_ALLOW_SUBNETS=127.0.0.0/8
# Nobody waits minutes for the third attempt.
export BATCHBOOK_WEBHOOK_SCHEDULE_S=0,1,1,600,1800
export BATCHBOOK=$(realpath "$batchbook") PYTHON_LIBRARY=${PYTHON_LIBRARY:-$cache/tools/python}

if [ -n "${E2E_FILLED:-}" ]; then
    cp "$E2E_FILLED" "$work/batchbook.db"
    cp "$E2E_FILLED.operators" "$work/batchbook.db.operators"
else
    fill "$work/batchbook.db"
fi
OPERATORS=$(<"$work/batchbook.db.operators")
OPERATOR_TOKEN=$("$batchbook" operator token --email owner@example.com --json 2>>"$log" | field token)
export OPERATORS OPERATOR_TOKEN
"$batchbook" serve --simulate >>"$log" 2>&1 &
server=$!

for _ in $(seq 150); do
    kill -0 "$server" 2>/dev/null || { echo "e2e: the server ended before it was ready" >&2; exit 1; }
    [ "$(curl -s -o /dev/null -w '%{http_code}' "$BASE_URL/healthz" || true)" = 200 ] && break
    sleep 0.2
done

(cd end2end && node --test --test-reporter=spec "$@")

kill -TERM "$server"
status=0
wait "$server" || status=$?
server=
[ $status -eq 0 ] || { echo "e2e: the server ended with $status on SIGTERM" >&2; exit 1; }
"$batchbook" verify >>"$log" 2>&1 || { echo "e2e: the books do not close" >&2; exit 1; }
echo "e2e: the server ended by itself and the books close"
