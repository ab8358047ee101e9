#!/usr/bin/env bash
# Starts the image with docker or podman, as it is deployed: its own user, a root file system that cannot be written, no capability. What is
# asked of it: every RPC once, a health check, a call to a gateway that keeps its journal on a volume, and an end in order when told to stop.
# IMAGE names it; the default is settlement-gateway and the version.
set -euo pipefail
cd "$(dirname "$0")/.."
image=${IMAGE:-settlement-gateway:$(sed -nE 's/^version = "(.*)"/\1/p' Cargo.toml | head -1)}
patience_seconds=60
if command -v docker >/dev/null 2>&1 && docker info >/dev/null 2>&1; then
  engine=docker
elif command -v podman >/dev/null 2>&1; then
  engine=podman
else
  echo "the image is not started: there is no docker whose daemon answers, and no podman" >&2
  exit 1
fi
fail() {
  echo "$1" >&2
  exit 1
}
confined=(--read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges --stop-timeout 30)
gateway=/usr/local/bin/settlement-gateway
data=/var/lib/settlement-gateway

"$engine" run --rm "${confined[@]}" "$image" dev --tour --ephemeral >/dev/null || fail "the tour fails in the image"
echo "the tour: every RPC answered"

container=$("$engine" run --detach "${confined[@]}" --volume "$data" "$image" dev --dir "$data/dev")
trap '"$engine" rm --force --volumes "$container" >/dev/null 2>&1' EXIT
inspect() { "$engine" inspect --format "$1" "$container"; }
user=$(inspect '{{.Config.User}}')
[ "$user" = 65532:65532 ] || fail "the image's user is '$user'"
check=$(inspect '{{json .Config.Healthcheck.Test}}')
[ "$check" = "[\"CMD\",\"$gateway\",\"healthcheck\"]" ] || fail "the image's health check is $check"
waited_seconds=0
until "$engine" exec "$container" "$gateway" healthcheck 2>/dev/null; do
  [ "$(inspect '{{.State.Running}}')" = true ] || fail "it ended: $("$engine" logs "$container" 2>&1 | tail -3)"
  [ "$waited_seconds" -lt "$patience_seconds" ] || fail "it is not healthy after $patience_seconds seconds"
  sleep 1
  waited_seconds=$((waited_seconds + 1))
done
echo "healthy, as user $user, on a root file system that cannot be written"
"$engine" exec "$container" "$gateway" settlements list --enterprise ent-v1 >/dev/null || fail "a call is not answered"
echo "a call over gRPC: answered"
"$engine" stop "$container" >/dev/null
code=$(inspect '{{.State.ExitCode}}')
[ "$code" = 0 ] || fail "it ended with $code when told to stop"
echo "told to stop: ended with 0"
