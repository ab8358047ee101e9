#!/usr/bin/env bash
# Prints the path of a Chromium: of the path, of Debian's packages, or installed with npm into target/tools; prints why not, to standard error,
# and succeeds where it cannot be had.
set -euo pipefail
cd "$(dirname "$0")/.."
tools="$PWD/target/tools"
found() {
  for name in chromium chromium-browser google-chrome chrome-headless-shell chromium-headless-shell; do
    if command -v "$name" >/dev/null 2>&1; then command -v "$name"; return 0; fi
  done
  find "$tools/browsers" -type f \( -name chrome -o -name chrome-headless-shell -o -name headless_shell \) 2>/dev/null | grep -m 1 .
}
found && exit 0
echo "installing Chromium for the tests" >&2
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  { apt-get update -qq && timeout 150 apt-get install -qq -y --no-install-recommends chromium-headless-shell; } >/dev/null 2>&1 || true
  found && exit 0
fi
if command -v npx >/dev/null 2>&1; then
  mkdir -p "$tools"
  PLAYWRIGHT_BROWSERS_PATH="$tools/browsers" timeout 90 npx --yes playwright@1.65.1 install chromium-headless-shell >/dev/null 2>&1 || true
  found && exit 0
fi
echo "Chromium cannot be had here: the window is not looked at in a browser" >&2
