#!/usr/bin/env bash
# Browser tests against the real program: a new SQLite database with the demo history, served on a free port of loopback. After
# the tests the server must end by itself on SIGTERM with 0, and the books of what the tests left behind must close.
# Pictures stay in $BATCHBOOK_CACHE/screenshots. Arguments are passed on to `node --test`; without any, all files are run in three
# parts side by side, each with a server and a database of its own, because tests wait more than they work. $BATCHBOOK is another
# program to test, such as target/release/batchbook.
set -euo pipefail
cd "$(dirname "$0")/.."

# Every third file, of those that are long and those that are short alike; what they say is shown when they have ended.
parts() {
    local files part at status=0 logs=() running=()
    mapfile -t files < <(cd end2end && ls -S -- *.test.mjs)
    for part in 0 1 2; do
        local mine=()
        for ((at = part; at < ${#files[@]}; at += 3)); do mine+=("${files[at]}"); done
        logs+=("$(mktemp)")
        scripts/e2e.sh "${mine[@]}" >"${logs[part]}" 2>&1 &
        running+=($!)
    done
    for part in 0 1 2; do
        wait "${running[part]}" || status=$?
        cat "${logs[part]}"
        rm -f "${logs[part]}"
    done
    return $status
}
if [ $# -eq 0 ]; then
    parts
    exit
fi

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

port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })')
export DATABASE_URL=sqlite://$work/batchbook.db LEPTOS_SITE_ADDR=127.0.0.1:$port
export BASE_URL=http://$LEPTOS_SITE_ADDR SCREENSHOTS=$cache/screenshots
# Receivers of webhooks run on this machine.
export BATCHBOOK_ALLOW_SUBNETS=127.0.0.0/8
# Nobody waits minutes for the third attempt.
export BATCHBOOK_WEBHOOK_SCHEDULE_S=0,1,1,600,1800
export BATCHBOOK=$(realpath "$batchbook") PYTHON_LIBRARY=${PYTHON_LIBRARY:-$cache/tools/python}

echo "e2e: filling a new database with the demo history"
OPERATORS=$("$batchbook" demo --json 2>"$log" | field operators)
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
