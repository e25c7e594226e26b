#!/usr/bin/env bash
# All tests on both stores, then the clients of partners and a federation gateway; with CI set, none is taken from the cache. The MongoDB-compatible server comes from COBUILD_TEST_MONGODB_URI or is brought up here.
set -uo pipefail
cd "$(dirname "$0")/../.."
missing=
if [ -z "${COBUILD_TEST_MONGODB_URI:-}" ]; then
  if line=$(bash deploy/test/mongodb.sh start); then
    export "${line?}"
  else
    missing='The MongoDB-compatible server cannot be had here: everything was tested on the embedded store only.'
    if [ "${CI:-}" = true ]; then
      echo "$missing With CI=true that is a failure." >&2
      exit 1
    fi
  fi
fi
# shellcheck disable=SC2086
"${GO:-go}" test ${CI:+-count=1} ${TESTFLAGS:-} -timeout 60m ${TESTPACKAGES:-./...}
code=$?
case "${TESTFLAGS:-}" in # the long stories are too long for the race detector: they are told whole without it
  *-race*)
    "${GO:-go}" test ${CI:+-count=1} -timeout 60m -run 'TestAHundredThousandRandomStepsKeepEveryInvariant|TestARealThreePartyAgreementLivesItsWholeLife' \
      ./internal/app ./cmd/cobuild || code=1
    ;;
esac
if [ -z "${TESTPACKAGES:-}" ]; then # some packages alone: their tests and nothing else
  bash deploy/test/clients.sh
  case $? in
    0) ;;
    3)
      clients='NOT RUN: the clients that partners use, because npm and its packages cannot be had here.'
      [ "${CI:-}" != true ] || { echo "$clients With CI=true that is a failure." >&2; code=1; }
      ;;
    *) code=1 ;;
  esac
  bash deploy/test/federation.sh
  case $? in
    0) ;;
    3)
      federation='NOT RUN: the composition with other subgraphs, because npm and its packages cannot be had here.'
      [ "${CI:-}" != true ] || { echo "$federation With CI=true that is a failure." >&2; code=1; }
      ;;
    *) code=1 ;;
  esac
fi
[ -z "$missing" ] || echo "$missing"
[ -z "${clients:-}" ] || echo "$clients"
[ -z "${federation:-}" ] || echo "$federation"
exit $code
