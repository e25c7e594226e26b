package exchange

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// The numbers that people write with all kinds of signs between, or in full width: Plain makes one form of them.
var (
	identity = regexp.MustCompile(`(^|[^0-9])[1-9][0-9]{5}(18|19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9xX]($|[^0-9])`)
	mobile   = regexp.MustCompile(`(^|[^0-9])((00|\+)?86)?1[3-9][0-9]{9}($|[^0-9])`)
	landline = regexp.MustCompile(`(^|[^0-9])0[1-9][0-9]{1,2}[2-9][0-9]{6,7}($|[^0-9])`)
	local    = regexp.MustCompile(`(^|[^0-9])[2-8][0-9]{6,7}($|[^0-9])`)
	mailbox  = regexp.MustCompile(`[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z0-9.-]+`)
)

// between are the signs that stand inside a number.
const between = " -.·()_—–"

// plain brings a text into the form in which numbers are looked for: full-width signs become narrow ones, and what stands
// between two digits only to part them goes.
func plain(s string) string {
	in := []rune(norm.NFKC.String(s))
	var out strings.Builder
	for i := 0; i < len(in); i++ {
		j := i
		for j < len(in) && strings.ContainsRune(between, in[j]) {
			j++
		}
		if j > i && j-i <= 3 && j < len(in) && i > 0 && unicode.IsDigit(in[i-1]) && (unicode.IsDigit(in[j]) || in[j] == 'x' || in[j] == 'X') {
			i = j
		}
		out.WriteRune(in[i])
	}
	return out.String()
}

// Identified says whether a text holds what looks like the number of an identity card.
func Identified(s string) bool { return identity.MatchString(plain(s)) }

// Reachable says whether a text holds what looks like a telephone number or an address of mail.
func Reachable(s string) bool {
	p := plain(s)
	// A day as 2026-11-26 is no telephone number; eight digits in one piece are.
	return mobile.MatchString(p) || landline.MatchString(p) || local.MatchString(norm.NFKC.String(s)) || mailbox.MatchString(p)
}

// unidentified refuses the number of an identity card in a text.
func unidentified(f *fault.List, name, s string) {
	if Identified(s) {
		f.Add(fault.New(fault.Invalid, CodeIdentity), name)
	}
}
