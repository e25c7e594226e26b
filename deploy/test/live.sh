# What the suites that ask a live server from Node.js share; sourced by clients.sh and federation.sh. A suite is a folder
# with package.json and package-lock.json. The packages come from the npm registry by `npm ci`, as the lock file pins
# them, Node.js among them; they live in a folder of $home for each lock file.
#
# Exit codes: 0 done, 1 failed, 3 cannot be had on this machine (one sentence on stderr says why).
# shellcheck shell=bash

say() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; }
unavailable() { say "$*"; exit 3; }

need_npm() {
  if command -v npm >/dev/null && command -v node >/dev/null; then return; fi
  { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; } || unavailable "npm is needed: https://nodejs.org"
  say "installing npm"
  { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends nodejs npm; } \
    >/dev/null 2>&1 || unavailable "npm cannot be installed with this machine's apt"
}

# get_packages SUITE lays the packages of a suite out beside their place and moves them there when they are whole.
get_packages() {
  packages=$home/$(cat "$1"/package.json "$1"/package-lock.json <(uname -sm) | sha256sum | cut -c 1-16)
  mkdir -p "$home"
  exec 9>"$home/lock"
  flock 9
  if [ ! -e "$packages/node_modules" ]; then
    need_npm
    rm -rf "$packages.new"
    mkdir "$packages.new"
    cp "$1"/{package.json,package-lock.json,.npmrc} "$packages.new"
    (cd "$packages.new" && npm ci --ignore-scripts --loglevel=error 9>&-) >"$home/npm.log" 2>&1 ||
      { tail -n 5 "$home/npm.log" >&2; unavailable "the packages cannot be had from the npm registry"; }
    mv "$packages.new" "$packages"
    say "packages installed after ${SECONDS}s"
  fi
  touch "$packages"
  find "$home" -mindepth 1 -maxdepth 1 -type d -mtime +30 -exec rm -rf {} + # of lock files long gone
  flock -u 9
}

# build makes the program in a folder of its own, which goes when the script ends, and the server with it.
build() {
  work=$(mktemp -d)
  trap stop EXIT
  "${GO:-go}" build -trimpath -o "$work/cobuild" ./cmd/cobuild
}

# serve starts the server on a free port of loopback with data of its own and more flags, and waits until it can be asked.
serve() {
  "$work/cobuild" serve --data "$work/data" --addr 127.0.0.1:0 --log-level warn "$@" >"$work/out" 2>"$work/log" &
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
