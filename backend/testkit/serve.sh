#!/usr/bin/env bash
# serve.sh BINARY COMMAND…: starts a fresh gateway on a free port, runs the
# command with the gateway's address as its last argument, stops the gateway.
set -euo pipefail
bin=$1
shift
dir=$(mktemp -d)
port=$(node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})')
DATA_DIR="$dir" HOME="$dir" "$bin" serve --no-open --port "$port" >"$dir/out" 2>"$dir/log" &
pid=$!
trap 'kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; rm -rf "$dir"' EXIT
for _ in $(seq 100); do
	node -e 'fetch(process.argv[1]+"/healthz").then(r=>process.exit(r.ok?0:1),()=>process.exit(1))' "http://127.0.0.1:$port" && break
	kill -0 "$pid" 2>/dev/null || { cat "$dir/log" >&2; exit 1; }
	sleep 0.1
done
"$@" "http://127.0.0.1:$port"
