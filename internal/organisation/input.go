package organisation

import (
	"errors"
	"math/big"
	"regexp"
	"strconv"

	"github.com/99designs/gqlgen/graphql"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// The bounds of what organisations tell of themselves.
const (
	MaxName  = 100  // characters of a name, in either language
	MaxText  = 2000 // characters of a profile
	MaxPlace = 200  // characters of an address
	MaxPhone = 32   // characters of an office's telephone number
	MinYear  = 1900 // of any year; the latest is the one that runs
)

// SetLine takes up a text of one line: absent keeps what is there, null and the empty text remove it. most is in
// characters.
func SetLine(faults *fault.List, name string, in graphql.Omittable[*string], most int, into **string) {
	if v, given := in.ValueOK(); given {
		*into = text.Optional(faults, name, v, most)
	}
}

// SetBlock is SetLine for a text of several lines.
func SetBlock(faults *fault.List, name string, in graphql.Omittable[*string], most int, into **string) {
	v, given := in.ValueOK()
	if !given {
		return
	}
	*into = nil
	if v == nil {
		return
	}
	if s := text.Block(faults, name, *v, 0, most); s != "" {
		*into = &s
	}
}

// phone allows what a telephone number of an office is written with: digits in groups, a country's plus, an extension.
var phone = regexp.MustCompile(`^\+?[0-9()][0-9() -]{3,24}[0-9](( ?ext\.? ?|转|,)[0-9]{1,6})?$`)

// SetPhone takes up an office's telephone number.
func SetPhone(faults *fault.List, name string, in graphql.Omittable[*string], into **string) {
	SetLine(faults, name, in, MaxPhone, into)
	if in.IsSet() && *into != nil && !phone.MatchString(**into) {
		faults.Add(fault.New(fault.Invalid, fault.CodeMalformed, "want", "0510-83590000"), name)
	}
}

// SetNumber takes up a whole number between least and most: absent keeps what is there, null removes it.
func SetNumber(faults *fault.List, name string, in graphql.Omittable[*int], least, most int, into **int) {
	v, given := in.ValueOK()
	if !given {
		return
	}
	if v != nil && (*v < least || *v > most) {
		faults.Add(outOfRange(least, most), name)
		return
	}
	*into = v
}

func outOfRange(least, most any) error {
	return fault.New(fault.Invalid, fault.CodeOutOfRange, "min", least, "max", most)
}

// SetAmount takes up a decimal from nought to most: absent keeps what is there, null removes it.
func SetAmount(faults *fault.List, name string, in graphql.Omittable[*scalar.Decimal], most int64, into **scalar.Decimal) {
	v, given := in.ValueOK()
	if !given {
		return
	}
	if v == nil {
		*into = nil
		return
	}
	d, err := scalar.ParseDecimal(string(*v))
	if err != nil {
		faults.Add(err, name)
		return
	}
	if r := d.Rat(); r.Sign() < 0 || r.Cmp(new(big.Rat).SetInt64(most)) > 0 {
		faults.Add(outOfRange(0, most), name)
		return
	}
	*into = &d
}

// SetFlag takes up a yes or no: absent keeps what is there, null makes it unknown.
func SetFlag(in graphql.Omittable[*bool], into **bool) {
	if v, given := in.ValueOK(); given {
		*into = v
	}
}

// Lines checks a list of short texts: at most so many, each once.
func Lines(faults *fault.List, name string, in []string, most, length int) []string {
	var own fault.List
	if len(in) > most {
		faults.Add(fault.New(fault.Invalid, fault.CodeTooMany, "max", most), name)
		return nil
	}
	out, seen := make([]string, 0, len(in)), map[string]bool{}
	for i, s := range in {
		at := strconv.Itoa(i)
		s = text.Line(&own, at, s, 1, length)
		if s != "" && seen[s] {
			own.Add(fault.New(fault.Invalid, fault.CodeDuplicate, "value", s), at)
		}
		seen[s] = true
		out = append(out, s)
	}
	faults.Add(own.Err(), name)
	return out
}

// Taken turns the store's refusal of a value that another organisation has into a fault at the input field. at says
// which field and value an index is about.
func Taken(err error, at func(index string) (field, value string)) error {
	exists, ok := errors.AsType[*store.ExistsError](err)
	if !ok {
		return err
	}
	field, value := at(exists.Index)
	if field == "" {
		return err
	}
	return fault.New(fault.Refused, fault.CodeTaken, "value", value).At(field).Because(exists)
}
