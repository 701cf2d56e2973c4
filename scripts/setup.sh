#!/usr/bin/env bash
# Installs what the targets of the Makefile need, and only what is missing: `scripts/setup.sh wasm site postgres …`.
# Quick when there is nothing to do (0.1 s). Steps, and what they took on a machine with 2 cores:
#   wasm      a download       the compiler's WebAssembly target, rustfmt, clippy
#   nextest   9 min            cargo-nextest, the test runner (beside another build; 6 min of processor time)
#   site      9 min            cargo-leptos (7 min 10 s) and wasm-bindgen (1 min 50 s), which build the browser half
#   release   2 s              wasm-opt, which makes the browser half of a release small
#   deny      8 min            cargo-deny, which looks at what we depend on (beside another build)
#   postgres  a download       PostgreSQL's server programs, for tests and benches
#   load      a download       wrk, which asks for pages as fast as it can
#   browser   a download, 2 s  Chromium and a font for Chinese; the packages of end2end/; a library for Python that verifies webhooks
# Tools go to $BATCHBOOK_CACHE/tools, shared by all checkouts; only the system's packages need root or sudo.
set -euo pipefail
cd "$(dirname "$0")/.."

CARGO_LEPTOS=0.3.9 # newer ones need a newer compiler than rust-version in Cargo.toml
CARGO_NEXTEST=0.9.143 # used where none is installed; any version will do
CARGO_DENY=0.20.2
BINARYEN=132.0.0
STANDARDWEBHOOKS=1.1.0

cache=${BATCHBOOK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/batchbook}
tools=$cache/tools
export PATH=$tools/bin:$PATH

say() { printf '\033[1m%s\033[0m\n' "setup: $*" >&2; }
die() { say "$*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }
need() { have "$1" || die "$1 is missing. $2"; }

# One installation at a time, also between checkouts. Cargo and npm do nothing when another one was quicker.
lock() {
    mkdir -p "$tools/bin"
    if have flock; then
        exec 9>"$tools/lock"
        flock --nonblock 9 || { say "waiting for another set-up to finish"; flock 9; }
    fi
}

# install_crate <crate> <version> <optimisation> [flag …]: as cheap to compile as it gets; these programs spend their time in
# other programs (cargo-leptos) or on small inputs, and are compiled once.
install_crate() {
    local crate=$1 version=$2 level=$3 started=$SECONDS
    shift 3
    lock
    say "compiling $crate $version (once per machine, some minutes)"
    env -u CARGO_BUILD_BUILD_DIR CARGO_TARGET_DIR="$tools/build" CARGO_INCREMENTAL=0 \
        CARGO_PROFILE_RELEASE_OPT_LEVEL="$level" CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
        CARGO_PROFILE_RELEASE_DEBUG=0 CARGO_PROFILE_RELEASE_STRIP=symbols CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS=fallback \
        cargo install "$crate" --version "$version" --root "$tools" --quiet "$@"
    rm -rf "$tools/build"
    say "$crate took $((SECONDS - started)) s"
}

# apt <package …>: the list of packages is refreshed once, and only when something is missing.
apt() {
    local sudo=()
    have apt-get || die "please install with your system's package manager: $* (or what it calls them)"
    if [ "$(id -u)" -ne 0 ]; then
        sudo -n true 2>/dev/null || die "please run: sudo apt-get install $*"
        sudo=(sudo)
    fi
    say "installing $*"
    if [ -z "${apt_updated:-}" ]; then
        "${sudo[@]}" apt-get update -qq
        apt_updated=yes
    fi
    DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

step_wasm() {
    need cargo "Install Rust with rustup."
    local sysroot
    sysroot=$(rustc --print sysroot)
    if [ ! -d "$sysroot/lib/rustlib/wasm32-unknown-unknown" ]; then
        need rustup "It is needed to add the target wasm32-unknown-unknown."
        say "adding the target wasm32-unknown-unknown"
        rustup --quiet target add wasm32-unknown-unknown
    fi
    if [ ! -x "$sysroot/bin/cargo-clippy" ] || [ ! -x "$sysroot/bin/cargo-fmt" ]; then
        rustup --quiet component add rustfmt clippy
    fi
}

step_nextest() {
    have cargo-nextest || install_crate cargo-nextest "$CARGO_NEXTEST" 1 --locked --no-default-features --features default-no-update
}

step_site() {
    local bindgen
    bindgen=$(sed -n '/^name = "wasm-bindgen"$/{n;s/version = "\(.*\)"/\1/p;}' Cargo.lock)
    case $(cargo-leptos --version 2>/dev/null) in
        "cargo-leptos 0.3."*) ;;
        *) install_crate cargo-leptos "$CARGO_LEPTOS" 0 --locked ;;
    esac
    # It must be the version that the browser half is compiled with, to the last digit.
    if [ "$(wasm-bindgen --version 2>/dev/null)" != "wasm-bindgen $bindgen" ]; then
        install_crate wasm-bindgen-cli "$bindgen" 1
    fi
}

step_release() {
    have wasm-opt && return
    need npm "Install Node.js 20 or newer."
    lock
    say "installing binaryen $BINARYEN"
    npm install --silent --no-audit --no-fund --prefix "$tools/binaryen" "binaryen@$BINARYEN"
    ln -sf "$tools/binaryen/node_modules/.bin/wasm-opt" "$tools/bin/wasm-opt"
}

step_deny() {
    have cargo-deny || install_crate cargo-deny "$CARGO_DENY" 0 --locked
}

step_postgres() {
    have initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || apt postgresql
}

step_load() {
    have wrk || apt wrk
}

step_browser() {
    need npm "Install Node.js 20 or newer."
    # The one without windows is twice as quick; not every system has it.
    [ -n "${CHROMIUM:-}" ] || have chromium-headless-shell || (apt chromium-headless-shell) || have chromium || apt chromium
    # Without such a font every Chinese character is an empty box.
    [ -d /usr/share/fonts/opentype/noto ] || ! have apt-get || apt fonts-noto-cjk
    if [ end2end/package-lock.json -nt end2end/node_modules/.package-lock.json ]; then
        say "installing the packages of end2end/"
        npm ci --silent --no-audit --no-fund --prefix end2end
        touch end2end/node_modules/.package-lock.json
    fi
    if [ ! -d "$tools/python/standardwebhooks" ]; then
        have pip3 || apt python3-pip
        lock
        say "installing standardwebhooks $STANDARDWEBHOOKS for Python"
        pip3 install --quiet --disable-pip-version-check --target "$tools/python" "standardwebhooks==$STANDARDWEBHOOKS"
    fi
}

for step in "$@"; do
    declare -F "step_$step" >/dev/null || die "there is no step called $step"
    "step_$step"
done
