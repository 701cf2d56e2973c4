#!/usr/bin/env bash
# Prints what a browser loads of the site in target/site: raw, gzip and brotli, in kB. Fails when an interactive page would load
# more than the budget.
set -euo pipefail
shopt -s nullglob
cd "$(dirname "$0")/../target/site/pkg"

# 280 kB brotli is the promise for everything that an interactive page of a batch needs; 15 kB of it are the page itself.
BUDGET_KB=${BUDGET_KB:-265}

printf '%-28s %8s %8s %8s\n' file raw gzip brotli
sum=0
for file in *.wasm *.js *.css; do
    printf '%-28s' "$file"
    for made in "$file" "$file.gz" "$file.br"; do
        if [ -e "$made" ]; then printf ' %8s' "$(($(wc -c <"$made") / 1000))"; else printf ' %8s' -; fi
    done
    if [ -e "$file.br" ]; then sum=$((sum + $(wc -c <"$file.br"))); fi
    echo
done
printf '%-28s %8s %8s %8s (budget %s kB)\n' together '' '' "$((sum / 1000))" "$BUDGET_KB"
if [ $sum -gt $((BUDGET_KB * 1000)) ]; then
    echo "sizes: the browser half is over its budget. src/console/api/mod.rs says what makes it large." >&2
    exit 1
fi
