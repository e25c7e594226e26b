#!/usr/bin/env bash
# Composes Cobuild's subgraph with others and asks a live server through a gateway (deploy/test/federation). The
# packages come from the npm registry by `npm ci`, as the lock file pins them, Node.js among them; they live below
# ~/.cache/cobuild/federation (COBUILD_TEST_FEDERATION_HOME says otherwise), one folder for each lock file.
#
# Exit codes: 0 done, 1 failed, 3 cannot be had on this machine (one sentence on stderr says why).
set -euo pipefail
cd "$(dirname "$0")/../.."
suite=$PWD/deploy/test/federation
home=${COBUILD_TEST_FEDERATION_HOME:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/cobuild/federation}

say() { printf 'federation.sh: %s\n' "$*" >&2; }
unavailable() { say "$*"; exit 3; }

need_npm() {
  if command -v npm >/dev/null && command -v node >/dev/null; then return; fi
  { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; } || unavailable "npm is needed: https://nodejs.org"
  { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends nodejs npm; } \
    >/dev/null 2>&1 || unavailable "npm cannot be installed with this machine's apt"
}

# get_packages lays the packages out beside their place and moves them there when they are whole.
get_packages() {
  packages=$home/$(cat "$suite"/package.json "$suite"/package-lock.json <(uname -sm) | sha256sum | cut -c 1-16)
  mkdir -p "$home"
  exec 9>"$home/lock"
  flock 9
  if [ ! -e "$packages/node_modules" ]; then
    need_npm
    rm -rf "$packages.new"
    mkdir "$packages.new"
    cp "$suite"/{package.json,package-lock.json,.npmrc} "$packages.new"
    (cd "$packages.new" && npm ci --ignore-scripts --loglevel=error 9>&-) >"$home/npm.log" 2>&1 ||
      { tail -n 5 "$home/npm.log" >&2; unavailable "the packages cannot be had from the npm registry"; }
    mv "$packages.new" "$packages"
  fi
  flock -u 9
  cp "$suite"/*.js "$suite"/*.graphqls "$packages"
  for node in "$packages"/node_modules/node-linux-*/bin; do PATH=$node:$PATH; done
  node -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)' || unavailable "Node.js 20 or newer is needed here"
}

# serve starts a server with nothing but an administrator and waits until it can be asked.
serve() {
  work=$(mktemp -d)
  trap stop EXIT
  "${GO:-go}" build -trimpath -o "$work/cobuild" ./cmd/cobuild
  export COBUILD_GATEWAY_KEY=gateway-of-the-test-0123456789abcdef COBUILD_PASSWORD='a good long password'
  echo "$COBUILD_GATEWAY_KEY" >"$work/gateways"
  printf %s "$COBUILD_PASSWORD" | "$work/cobuild" admin create --login ops --name Operations --password-stdin --data "$work/data" >&2
  "$work/cobuild" serve --data "$work/data" --addr 127.0.0.1:0 --gateway-keys "$work/gateways" --log-level warn >"$work/out" 2>"$work/log" &
  server=$!
  local try
  for try in $(seq 6000); do
    export COBUILD_URL
    COBUILD_URL=$(grep -om 1 'http://127.0.0.1:[0-9]*' "$work/out") && return
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
  done
  cat "$work/log" >&2
  say "the server does not start"
  exit 1
}

stop() {
  if [ -n "${server:-}" ]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$work"
}

get_packages
serve
code=0
(cd "$packages" && node --test --test-reporter=spec federation.test.js) || code=1
if [ -s "$work/log" ]; then
  say "the server's log:"
  cat "$work/log" >&2
  code=1
fi
exit $code
