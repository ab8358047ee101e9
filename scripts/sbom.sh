#!/usr/bin/env bash
# Writes the bill of materials of the binary, in CycloneDX's format: the crates that are linked into it or write code of it, with versions,
# licences and hashes, and a few that only tools of the build switch on. The tool is cargo-cyclonedx, of the path or built by cargo into
# target/tools; what the image holds besides is its base.
set -euo pipefail
cd "$(dirname "$0")/.."
tools="$PWD/target/tools/sbom"
bill=target/sbom/settlement-gateway.cdx.json
platform=x86_64-unknown-linux-gnu
export PATH="$tools/bin:$PATH"
if ! command -v cargo-cyclonedx >/dev/null 2>&1; then
  echo "building cargo-cyclonedx"
  # It runs once and briefly: built without optimisation it is there in half the time.
  if ! cargo install --quiet --locked --debug --root "$tools" cargo-cyclonedx@0.5.9; then
    echo "no bill is written: cargo-cyclonedx cannot be had here" >&2
    exit 1
  fi
fi
cargo cyclonedx --quiet --format json --describe binaries --target "$platform" --no-build-deps --spec-version 1.5
mkdir -p target/sbom
# Where it was built is nobody's business, and differs.
sed "s|path+file://$PWD#|path+file:///|g" settlement-gateway_bin.cdx.json >"$bill"
rm settlement-gateway_bin.cdx.json
listed=$(sed -nE 's|.*"purl": "pkg:cargo/([^@"]+)@([^"?]+).*|\1 \2|p' "$bill" | sort -u)
built_of=$(cargo tree --locked --edges normal --target "$platform" --prefix none --format '{p}' | sed -nE 's/^([^ ]+) v([^ ]+).*/\1 \2/p' | sort -u)
# cargo's own account of the binary: what the bill lacked, nobody would miss.
lacking=$(comm -13 <(echo "$listed") <(echo "$built_of"))
if [ -n "$lacking" ]; then
  echo "$bill lacks:" "$lacking" >&2
  exit 1
fi
echo "$bill: $(wc -l <<<"$listed") crates"
