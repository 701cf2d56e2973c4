#!/usr/bin/env bash
# Prints what a browser loads of the site in target/site: raw, gzip and brotli, in kB.
set -euo pipefail
shopt -s nullglob
cd "$(dirname "$0")/../target/site/pkg"

printf '%-28s %8s %8s %8s\n' file raw gzip brotli
for file in *.wasm *.js *.css; do
    printf '%-28s' "$file"
    for made in "$file" "$file.gz" "$file.br"; do
        if [ -e "$made" ]; then printf ' %8s' "$(($(wc -c <"$made") / 1000))"; else printf ' %8s' -; fi
    done
    echo
done
