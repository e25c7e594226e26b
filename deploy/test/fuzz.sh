#!/usr/bin/env bash
# Every fuzz target of the tree, each for the given time.
set -euo pipefail
cd "$(dirname "$0")/../.."
for file in $(grep -rlE '^func Fuzz' --include='*_test.go' .); do
  for target in $(grep -oE '^func Fuzz[A-Za-z0-9_]+' "$file" | cut -d' ' -f2); do
    echo "== $target ($(dirname "$file"))"
    go test "$(dirname "$file")" -run '^$' -fuzz "^$target\$" -fuzztime "$1"
  done
done
