#!/bin/sh
# Sees to it that PostgreSQL's server is installed, which the tests start for themselves.
# As root on Debian or Ubuntu it is installed; elsewhere the words say what to install.
# Without it the tests that need it are skipped, except where CI=true.
set -eu

has_server() {
    command -v postgres >/dev/null 2>&1 && command -v initdb >/dev/null 2>&1 && return 0
    for folder in /usr/lib/postgresql/*/bin; do
        [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ] && return 0
    done
    return 1
}

# Beside the server, the pooler that some put before it; without it the tests behind it say that they were skipped.
has_pooler() {
    command -v pgbouncer >/dev/null 2>&1 || [ -x /usr/sbin/pgbouncer ]
}

has_server && has_pooler && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing PostgreSQL's server and PgBouncer for the tests"
    # The package would start a cluster of its own; nobody needs it.
    mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] || echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends postgresql pgbouncer >/dev/null; } || true
fi

has_server && exit 0

echo "PostgreSQL's server is not installed (Debian and Ubuntu: apt-get install postgresql; Fedora: postgresql-server;" >&2
echo "macOS: brew install postgresql@17). Without it the tests of PostgreSQL are skipped." >&2
[ "${CI:-}" != true ]
