#!/usr/bin/env bash
# Builds the explorer anew from its sources and the packages of the lock file, byte for byte. With --check it only
# compares with what is committed. Needs Node.js 20 or newer and npm.
set -euo pipefail
cd "$(dirname "$0")"
target=$PWD/../../internal/platform/web/explorer/dist
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r package.json package-lock.json .npmrc build.mjs src "$work"
cd "$work"
npm ci --ignore-scripts --loglevel=error
if [ "${1:-}" = --check ]; then
  node build.mjs "$work/dist"
  diff -r "$work/dist" "$target" >/dev/null || { echo 'the explorer is not what its sources make: run deploy/explorer/build.sh and commit' >&2; exit 1; }
  exit 0
fi
node build.mjs "$target"
