#!/usr/bin/env bash
# A throw-away PostgreSQL cluster, for tests and benches.
#
#   postgres.sh start DIR [durable]   makes a cluster in DIR and starts it; prints its address
#   postgres.sh restart DIR           stops it as a crash would, and starts it again on the same port
#   postgres.sh stop DIR              stops it and removes DIR
#   postgres.sh with COMMAND…         runs a command with TEST_DATABASE_URL set to a cluster of its own
#
# Tests do without fsync; `durable` keeps the server's own settings, for benches. The server refuses to run as root: as root
# it runs as the user postgres, which the Debian package brings.
set -euo pipefail

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$bin" ] || bin=$(dirname "$(command -v initdb)") || { echo "postgres.sh: no PostgreSQL programs; make setup installs them" >&2; exit 1; }

as_owner() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }

start() {
    local dir=$1 mode=${2:-quick} port
    mkdir -p "$dir"
    if [ "$(id -u)" = 0 ]; then chown postgres "$dir"; fi
    as_owner "$bin/initdb" -D "$dir/data" -U batchbook -A trust -E UTF8 --locale=C >"$dir/initdb.log" 2>&1
    port=$("$(dirname "$0")/free-port.sh")
    {
        echo "port = $port"
        echo "listen_addresses = '127.0.0.1'"
        echo "unix_socket_directories = ''"
        echo "max_connections = 300"
        echo "shared_buffers = 512MB"
        echo "max_wal_size = 8GB"
        if [ "$mode" = quick ]; then echo "fsync = off"; fi
    } | as_owner tee -a "$dir/data/postgresql.conf" >/dev/null
    echo "$port" >"$dir/port"
    as_owner "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -t 60 start >/dev/null
    echo "postgres://batchbook@127.0.0.1:$port/postgres"
}

stop() {
    as_owner "$bin/pg_ctl" -D "$1/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$1"
}

case ${1:-} in
    start) start "$2" "${3:-quick}" ;;
    restart) as_owner "$bin/pg_ctl" -D "$2/data" -l "$2/log" -m immediate -w -t 60 restart >/dev/null ;;
    stop) stop "$2" ;;
    with)
        shift
        dir=$(mktemp -d "${TMPDIR:-/tmp}/batchbook-postgres.XXXXXX")
        chmod 755 "$dir"
        trap 'stop "$dir"' EXIT
        TEST_DATABASE_URL=$(start "$dir" "${POSTGRES_MODE:-quick}")
        export TEST_DATABASE_URL POSTGRES_DIR=$dir
        "$@"
        ;;
    *) sed -n '2,10p' "$0" >&2; exit 2 ;;
esac
