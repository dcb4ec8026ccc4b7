#!/usr/bin/env bash
# offline.sh COMMAND…: runs it where only loopback exists, so that nothing can come from outside.
set -euo pipefail
command -v ip >/dev/null || "$(dirname "$0")/../../backend/testkit/install.sh" iproute2
as=()
[ "$(id -u)" = 0 ] || as=(--map-root-user)
exec unshare --net "${as[@]}" bash -c 'ip link set lo up && exec "$@"' offline "$@"
