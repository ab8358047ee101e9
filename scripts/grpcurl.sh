#!/usr/bin/env bash
# Sees to it that there is a grpcurl, of the path or installed with Go into target/tools; says so and succeeds where it cannot be had.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v grpcurl >/dev/null 2>&1 && exit 0
tools="$PWD/target/tools"
[ -x "$tools/grpcurl" ] && exit 0
mkdir -p "$tools"
if command -v go >/dev/null 2>&1; then
  echo "installing grpcurl for the tests"
  GOBIN="$tools" go install github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3 >/dev/null 2>&1 && exit 0
fi
echo "grpcurl cannot be had here: buf stands for it when the pages' commands are run"
