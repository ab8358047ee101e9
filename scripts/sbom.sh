#!/usr/bin/env bash
# Writes the bill of materials of the binary, in CycloneDX's format: the crates that are linked into it, with versions, licences and hashes.
# The tool is cargo-cyclonedx, of the path or built by cargo into target/tools; what the image holds besides is its base.
set -euo pipefail
cd "$(dirname "$0")/.."
tools="$PWD/target/tools/sbom"
export PATH="$tools/bin:$PATH"
if ! command -v cargo-cyclonedx >/dev/null 2>&1; then
  echo "building cargo-cyclonedx"
  # It runs once and briefly: built without optimisation it is there in half the time.
  cargo install --quiet --locked --debug --root "$tools" cargo-cyclonedx@0.5.9
fi
cargo cyclonedx --quiet --format json --describe binaries --target x86_64-unknown-linux-gnu --no-build-deps --spec-version 1.5
mkdir -p target/sbom
mv settlement-gateway_bin.cdx.json target/sbom/settlement-gateway.cdx.json
echo "target/sbom/settlement-gateway.cdx.json"
