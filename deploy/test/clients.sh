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

# shellcheck source=deploy/test/live.sh
. deploy/test/live.sh

get_packages "$suites"
ln -sfn "$packages/node_modules" "$suites/node_modules"
export PATH=$suites/node_modules/.bin:$PATH
node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 22 || (a == 22 && b >= 18) ? 0 : 1)' ||
  unavailable "Node.js 22.18 or newer is needed here, and this is $(node --version)"
build
serve --demo
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
