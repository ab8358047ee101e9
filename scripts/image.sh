#!/usr/bin/env bash
# Builds the image with whichever of docker, podman and buildah can, tells how large it is, and refuses one of more than 60 MB.
# IMAGE names it; the default is settlement-gateway and the version.
set -euo pipefail
cd "$(dirname "$0")/.."
most_bytes=60000000
version=$(sed -nE 's/^version = "(.*)"/\1/p' Cargo.toml | head -1)
image=${IMAGE:-settlement-gateway:$version}
# The commit's time and not the clock's, so that the same commit gives the same labels. Files that are not as committed make it another revision.
arguments=(
  --build-arg "VERSION=$version"
  --build-arg "REVISION=$(git describe --always --dirty --abbrev=40 --exclude '*' 2>/dev/null || echo unknown)"
  --build-arg "CREATED=$(git log -1 --format=%cI 2>/dev/null || echo unknown)"
  --tag "$image"
)
if command -v docker >/dev/null 2>&1 && docker info >/dev/null 2>&1; then
  DOCKER_BUILDKIT=1 docker build "${arguments[@]}" .
  bytes=$(docker image inspect --format '{{.Size}}' "$image")
elif command -v podman >/dev/null 2>&1; then
  # OCI's own format has no place for HEALTHCHECK.
  podman build --format docker "${arguments[@]}" .
  bytes=$(podman image inspect --format '{{.Size}}' "$image")
elif command -v buildah >/dev/null 2>&1; then
  buildah bud --format docker "${arguments[@]}" .
  archive=$(mktemp -u)
  buildah push --quiet "$image" "docker-archive:$archive"
  bytes=$(stat --format %s "$archive")
  rm "$archive"
else
  echo "the image is not built: there is no docker whose daemon answers, no podman and no buildah" >&2
  exit 1
fi
echo "$image: $bytes bytes, unpacked"
if [ "$bytes" -gt "$most_bytes" ]; then
  echo "that is more than $most_bytes" >&2
  exit 1
fi
