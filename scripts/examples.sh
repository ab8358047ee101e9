#!/usr/bin/env bash
# Generates the contract's stubs into examples/*/gen, or with "build" also builds the examples there, which the tests then run.
# scripts/examples.sh stubs|build [go|python|typescript|java]...
# What a language needs comes from its package registry. Where its tool chain or its registry cannot be had, the language is
# skipped, and a line says so; a program that does not compile is a fault.
set -euo pipefail
cd "$(dirname "$0")/.."
goal=${1:?stubs or build}
shift
[ $# -gt 0 ] || set -- go python typescript java
logs="$PWD/target/examples"
mkdir -p "$logs" target/tools

skip() { # language, reason
  echo "the $1 example is not built here: $2"
  rm -rf "$logs/$1.built"
  exit 0
}

# Runs what needs a registry: without it the language is skipped.
fetch() { # language, command...
  local language=$1
  shift
  "$@" >>"$logs/$language.log" 2>&1 || skip "$language" "'$*' failed, see target/examples/$language.log"
}

# Runs what needs nothing but what was fetched.
run() { # language, command...
  local language=$1
  shift
  "$@" >>"$logs/$language.log" 2>&1 || broken "$language" "$*"
}

broken() { # language, command
  echo "the $1 example is broken: '$2' failed:"
  cat "$logs/$1.log"
  exit 1
}

needs() { # language, command
  command -v "$2" >/dev/null 2>&1 || skip "$1" "there is no $2"
}

generate() { # language
  run "$1" scripts/buf.sh -C "examples/$1" generate
  [ -d "examples/$1/gen" ] || skip "$1" "there is no buf"
  cp proto/service_config.json "examples/$1/gen/"
}

# protoc's name for this machine.
platform() {
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) echo linux-x86_64 ;;
    Linux-aarch64) echo linux-aarch_64 ;;
    Darwin-x86_64) echo osx-x86_64 ;;
    Darwin-arm64) echo osx-aarch_64 ;;
    *) echo unknown ;;
  esac
}

go_fetch() {
  needs go go
  fetch go go -C examples/go mod download
  fetch go env "GOBIN=$PWD/target/tools" go -C examples/go install tool
}
go_build() {
  run go go -C examples/go vet ./...
  run go go -C examples/go build -o settle .
}

python_fetch() {
  needs python python3
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' || skip python "it needs Python 3.10"
  [ -x examples/python/.venv/bin/python ] || fetch python python3 -m venv examples/python/.venv
  fetch python examples/python/.venv/bin/pip install --quiet --disable-pip-version-check -r examples/python/requirements.txt
}
python_build() {
  run python examples/python/.venv/bin/python -m compileall -q examples/python/gen examples/python/*.py
}

typescript_fetch() {
  needs typescript npm
  node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' || skip typescript "it needs Node.js 20"
  fetch typescript npm --prefix examples/typescript ci --silent --no-audit --no-fund
}
typescript_build() {
  run typescript npm --prefix examples/typescript run --silent build
}

java_fetch() {
  needs java mvn
  needs java javac
  [ "$(javac -version 2>&1 | sed -E 's/^javac ([0-9]+).*/\1/')" -ge 17 ] || skip java "it needs Java 17"
  fetch java mvn -q -B -f examples/java dependency:copy@generators "-Dplatform=$(platform)"
  chmod +x target/tools/protoc target/tools/protoc-gen-grpc-java
}
java_build() {
  # Maven fetches as it builds, so its words tell whether a registry is to blame.
  mvn -q -B -f examples/java package >>"$logs/java.log" 2>&1 && return
  ! grep -qE 'Could not (transfer|find|resolve)|Unknown host' "$logs/java.log" || skip java "Maven's registry does not answer"
  broken java 'mvn package'
}

# What a built program depends on: where it did not change, nothing is done.
state() { # language
  {
    cat proto/service_config.json "$0"
    find proto "examples/$1" \( -name gen -o -name .venv -o -name node_modules -o -name dist -o -name target -o -name __pycache__ \) \
      -prune -o -type f ! -name settle -print0 | sort -z | xargs -0 cat
  } | cksum
}

one() { # language
  local language=$1 state
  state=$(state "$language")
  if [ "$goal" = build ] && [ "$(cat "$logs/$language.built" 2>/dev/null)" = "$state" ]; then return; fi
  : >"$logs/$language.log"
  "${language}_fetch"
  generate "$language"
  if [ "$goal" = build ]; then
    "${language}_build"
    echo "$state" >"$logs/$language.built"
  fi
  echo "the $language example: $goal done"
}

scripts/buf.sh --version >/dev/null
workers=()
for language in "$@"; do
  (one "$language") &
  workers+=($!)
done
failed=0
for worker in "${workers[@]}"; do
  wait "$worker" || failed=1
done
exit "$failed"
