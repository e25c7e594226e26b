package scalar

import (
	"io"
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// Decimal is an exact decimal number as text: at most 15 digits before the point and 6 behind it, no exponent, no
// needless zeros, as "-12.5".
type Decimal string

var decimal = regexp.MustCompile(`^-?[0-9]{1,15}(\.[0-9]{1,6})?$`)

// ParseDecimal reads a decimal and brings it into its one form.
func ParseDecimal(s string) (Decimal, error) {
	if !decimal.MatchString(s) {
		return "", fault.New(fault.Invalid, fault.CodeMalformed, "want", "12.5")
	}
	sign, rest := "", s
	if strings.HasPrefix(s, "-") {
		sign, rest = "-", s[1:]
	}
	whole, part, _ := strings.Cut(rest, ".")
	if whole = strings.TrimLeft(whole, "0"); whole == "" {
		whole = "0"
	}
	if part = strings.TrimRight(part, "0"); part != "" {
		whole += "." + part
	}
	if whole == "0" {
		sign = ""
	}
	return Decimal(sign + whole), nil
}

// Rat is the number, for arithmetic.
func (d Decimal) Rat() *big.Rat {
	r, ok := new(big.Rat).SetString(string(d))
	if !ok {
		return new(big.Rat)
	}
	return r
}

// Sign is -1, 0 or 1.
func (d Decimal) Sign() int { return d.Rat().Sign() }

// MarshalGQL writes the number as a JSON string, so that no client rounds it.
func (d Decimal) MarshalGQL(w io.Writer) { _, _ = io.WriteString(w, strconv.Quote(string(d))) }

// UnmarshalGQL reads a decimal from a client's string.
func (d *Decimal) UnmarshalGQL(v any) error {
	s, err := textOf(v, `"12.5"`)
	if err != nil {
		return err
	}
	*d, err = ParseDecimal(s)
	return err
}
