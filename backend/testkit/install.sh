#!/usr/bin/env sh
# Installs Debian packages, or prints the one line that does and fails.
set -eu
if ! command -v apt-get >/dev/null; then
	echo "Please install: $*" >&2
	exit 1
fi
if [ "$(id -u)" = 0 ]; then
	as=
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
	as=sudo
else
	echo "Please run: sudo apt-get install -y $*" >&2
	exit 1
fi
$as apt-get update -qq
DEBIAN_FRONTEND=noninteractive $as apt-get install -y -qq --no-install-recommends "$@"
