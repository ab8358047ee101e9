#!/usr/bin/env bash
# Runs promtool, from the path or from Debian's package unpacked into target/tools; says so and succeeds where it cannot be had, except
# where REQUIRE_TOOLS=true.
set -euo pipefail
cd "$(dirname "$0")/.."
tools="$PWD/target/tools"
if ! command -v promtool >/dev/null 2>&1 && [ ! -x "$tools/promtool" ] && command -v apt-get >/dev/null 2>&1; then
  mkdir -p "$tools"
  package="$(mktemp -d)"
  # The package alone: nothing of it is installed, and no server is started.
  (cd "$package" && { apt-get -o APT::Sandbox::User=root download prometheus || { apt-get update -qq && apt-get -o APT::Sandbox::User=root download prometheus; }; } \
    && dpkg-deb --extract prometheus_*.deb . && cp usr/bin/promtool "$tools/promtool") >/dev/null 2>&1 || true
  rm -rf "$package"
fi
for candidate in "$(command -v promtool || true)" "$tools/promtool"; do
  if [ -n "$candidate" ] && [ -x "$candidate" ]; then exec "$candidate" "$@"; fi
done
echo "promtool cannot be had here: 'promtool $*' is skipped"
[ "${REQUIRE_TOOLS:-}" != true ]
