#!/usr/bin/env bash
# Runs buf, from the path or installed through a package registry into target/; says so and succeeds where it cannot be had, except
# where REQUIRE_TOOLS=true. With -C it runs in another folder of the repository.
set -euo pipefail
cd "$(dirname "$0")/.."
version=1.75.0
folder=.
if [ "${1:-}" = -C ]; then
  folder=$2
  shift 2
fi
if command -v buf >/dev/null 2>&1; then
  cd "$folder"
  exec buf "$@"
fi
tools="$PWD/target/tools"
if [ ! -x "$tools/node_modules/.bin/buf" ] && [ ! -x "$tools/python/bin/buf" ]; then
  mkdir -p "$tools"
  npm install --silent --no-audit --no-fund --prefix "$tools" "@bufbuild/buf@$version" >/dev/null 2>&1 \
    || { python3 -m venv "$tools/python" && "$tools/python/bin/pip" install --quiet "buf-bin==$version"; } >/dev/null 2>&1 \
    || true
fi
for candidate in "$tools/node_modules/.bin/buf" "$tools/python/bin/buf"; do
  if [ -x "$candidate" ]; then
    cd "$folder"
    exec "$candidate" "$@"
  fi
done
echo "buf cannot be had here: 'buf $*' is skipped"
[ "${REQUIRE_TOOLS:-}" != true ]
