#!/usr/bin/env bash
# Makes groups of targets side by side, because each waits more than it works: `scripts/beside.sh "clippy" "site server"`. What
# the first says is shown at once, what the others say when it has ended. One that fails keeps none of the others from its end;
# the program fails when one of them did.
set -uo pipefail
cd "$(dirname "$0")/.."

status=0 logs=() running=()
# `make` ends what it has begun.
trap 'kill "${running[@]}" 2>/dev/null; rm -f "${logs[@]}"' EXIT

for group in "${@:2}"; do
    logs+=("$(mktemp)")
    # shellcheck disable=SC2086 # a group is a list
    "${MAKE:-make}" --no-print-directory $group >"${logs[-1]}" 2>&1 &
    running+=($!)
done
# shellcheck disable=SC2086
"${MAKE:-make}" --no-print-directory $1 || status=1
for at in "${!running[@]}"; do
    wait "${running[at]}" || status=1
    cat "${logs[at]}"
done
exit $status
