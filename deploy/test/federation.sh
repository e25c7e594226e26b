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

# shellcheck source=deploy/test/live.sh
. deploy/test/live.sh

get_packages "$suite"
cp "$suite"/*.js "$suite"/*.graphqls "$packages"
for node in "$packages"/node_modules/node-linux-*/bin; do PATH=$node:$PATH; done
node -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)' || unavailable "Node.js 20 or newer is needed here"
build
export COBUILD_GATEWAY_KEY=gateway-of-the-test-0123456789abcdef COBUILD_PASSWORD='a good long password'
echo "$COBUILD_GATEWAY_KEY" >"$work/gateways"
printf %s "$COBUILD_PASSWORD" | "$work/cobuild" admin create --login ops --name Operations --password-stdin --data "$work/data" >&2
serve --gateway-keys "$work/gateways"
code=0
(cd "$packages" && node --test --test-reporter=spec federation.test.js) || code=1
if [ -s "$work/log" ]; then
  say "the server's log:"
  cat "$work/log" >&2
  code=1
fi
exit $code
