#!/usr/bin/env bash
# Known vulnerabilities in what the program calls, by govulncheck; and versions that their own authors have retracted.
# A machine that cannot reach the vulnerability database says so in one line: what cannot be looked up is no failure of
# the code, and no success either. Retractions come with the modules themselves, so they are always looked up.
set -uo pipefail
cd "$(dirname "$0")/../.."
tool=${TOOL:-go tool -modfile=internal/tools/go.mod}
mapfile -t modules < <(go list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}' ./... | sort -u)
retracted=$(go list -m -u -retracted -f '{{if .Retracted}}{{.Path}} {{.Version}} was retracted: {{join .Retracted "; "}}{{end}}' "${modules[@]}") || exit 1
retracted=$(printf '%s' "$retracted" | sed '/^$/d')
if [ -n "$retracted" ]; then
  printf '%s\n' "$retracted" >&2
  exit 1
fi
echo "None of the ${#modules[@]} modules in the program is a retracted version."
out=$($tool govulncheck -db "${GOVULNDB:-https://vuln.go.dev}" ./... 2>&1)
code=$?
printf '%s\n' "$out"
if [ $code -ne 0 ] && printf '%s' "$out" | grep -qE 'dial tcp|no such host|i/o timeout|connection refused|proxyconnect'; then
  echo "The vulnerability database cannot be reached from here: vulnerabilities were NOT CHECKED. GOVULNDB names a copy of it (https:// or file://)."
  exit 0
fi
exit $code
