#!/usr/bin/env bash
# Runs the clients that partners and frontends use (deploy/test/clients) against a live demo on a free port of loopback.
# The packages come from the npm registry by `npm ci`, as the lock file pins them, Node.js among them; they live below
# ~/.cache/cobuild/clients (COBUILD_TEST_CLIENTS_HOME says otherwise), about 500 MB, one folder for each lock file.
#
#   deploy/test/clients.sh [SUITE…]     all suites, or some: deploy/test/clients.sh apollo urql
#
# Exit codes: 0 done, 1 failed, 3 cannot be had on this machine (one sentence on stderr says why).
set -euo pipefail
cd "$(dirname "$0")/../.."
suites=$PWD/deploy/test/clients
home=${COBUILD_TEST_CLIENTS_HOME:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/cobuild/clients}

say() { printf 'clients.sh: %s\n' "$*" >&2; }
unavailable() { say "$*"; exit 3; }

need_npm() {
  if command -v npm >/dev/null && command -v node >/dev/null; then return; fi
  { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; } || unavailable "npm is needed: https://nodejs.org"
  say "installing npm"
  { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends nodejs npm; } \
    >/dev/null 2>&1 || unavailable "npm cannot be installed with this machine's apt"
}

# get_packages lays the packages out beside their place and moves them there when they are whole.
get_packages() {
  packages=$home/$(cat "$suites"/package.json "$suites"/package-lock.json | cat - <(uname -sm) | sha256sum | cut -c 1-16)
  mkdir -p "$home"
  exec 9>"$home/lock"
  flock 9
  if [ ! -e "$packages/node_modules" ]; then
    need_npm
    rm -rf "$packages.new"
    mkdir "$packages.new"
    cp "$suites"/{package.json,package-lock.json,.npmrc} "$packages.new"
    (cd "$packages.new" && npm ci --ignore-scripts --loglevel=error 9>&-) >"$home/npm.log" 2>&1 ||
      { tail -n 5 "$home/npm.log" >&2; unavailable "the packages cannot be had from the npm registry"; }
    mv "$packages.new" "$packages"
    say "packages installed after ${SECONDS}s"
  fi
  touch "$packages"
  find "$home" -mindepth 1 -maxdepth 1 -type d -mtime +30 -exec rm -rf {} + # of lock files long gone
  flock -u 9
  ln -sfn "$packages/node_modules" "$suites/node_modules"
  export PATH=$suites/node_modules/.bin:$PATH
  node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 22 || (a == 22 && b >= 18) ? 0 : 1)' ||
    unavailable "Node.js 22.18 or newer is needed here, and this is $(node --version)"
}

# serve starts a demo with data of its own and waits until it can be asked.
serve() {
  work=$(mktemp -d)
  trap stop EXIT
  "${GO:-go}" build -trimpath -o "$work/cobuild" ./cmd/cobuild
  "$work/cobuild" serve --demo --data "$work/data" --addr 127.0.0.1:0 --log-level warn >"$work/out" 2>"$work/log" &
  server=$!
  local try
  for try in $(seq 6000); do
    export COBUILD_URL
    COBUILD_URL=$(grep -om 1 'http://127.0.0.1:[0-9]*' "$work/out") && return
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
  done
  cat "$work/log" >&2
  say "the demo does not start"
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
export COBUILD_TOKENS=$work/data/demo-tokens.json COBUILD_DATA=$work/data COBUILD=$work/cobuild COBUILD_SOURCE=$PWD
files=()
for suite in "$@"; do files+=("$suites/suites/$suite.test.js"); done
[ ${#files[@]} -gt 0 ] || files=("$suites"/suites/*.test.js)
code=0
node --test --test-concurrency=2 --test-reporter=spec "${files[@]}" || code=1
if grep -q 'level=ERROR' "$work/log"; then # an error of the server's is a finding, even where every client was content
  grep 'level=' "$work/log" >&2
  code=1
fi
say "done after ${SECONDS}s"
exit $code
