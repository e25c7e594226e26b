package wire

import (
	"math"
	"net/url"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// Node is anything that can be found by its identifier alone.
type Node interface{ IsNode() }

// moment is RFC 3339 in UTC to the millisecond, as the store keeps times.
const moment = "2006-01-02T15:04:05.000Z"

// MarshalDateTime writes a moment in UTC.
func MarshalDateTime(t time.Time) graphql.Marshaler {
	return graphql.MarshalString(t.UTC().Format(moment))
}

// UnmarshalDateTime reads a moment with any offset; years run from 1900 to 2999.
func UnmarshalDateTime(v any) (time.Time, error) {
	const want = "RFC 3339, 1900 to 2999"
	s, ok := v.(string)
	if !ok {
		return time.Time{}, notA(want, v)
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.UTC().Year() < 1900 || t.UTC().Year() > 2999 {
		return time.Time{}, fault.New(fault.Invalid, fault.CodeMalformed, "want", want)
	}
	return t.UTC().Truncate(time.Millisecond), nil
}

// MarshalInt writes a whole number.
func MarshalInt(n int) graphql.Marshaler { return graphql.MarshalInt(n) }

// UnmarshalInt reads a whole number of 32 bits, the most that the specification lets an Int have.
func UnmarshalInt(v any) (int, error) {
	n, err := graphql.UnmarshalInt(v)
	if err != nil {
		return 0, notA("a whole number", v)
	}
	if n < math.MinInt32 || n > math.MaxInt32 {
		return 0, fault.New(fault.Invalid, fault.CodeOutOfRange, "min", math.MinInt32, "max", math.MaxInt32)
	}
	return n, nil
}

// MarshalLong writes a large whole number as a string.
func MarshalLong(n int64) graphql.Marshaler { return graphql.MarshalString(strconv.FormatInt(n, 10)) }

// UnmarshalLong reads a large whole number from a string.
func UnmarshalLong(v any) (int64, error) {
	const want = "±123"
	s, ok := v.(string)
	if !ok {
		return 0, notA(want, v)
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, fault.New(fault.Invalid, fault.CodeMalformed, "want", want)
	}
	return n, nil
}

// MaxURL is the longest web address, in bytes.
const MaxURL = 2000

// MarshalURL writes a web address.
func MarshalURL(s string) graphql.Marshaler { return graphql.MarshalString(s) }

// UnmarshalURL reads an absolute web address without a name or password in it.
func UnmarshalURL(v any) (string, error) {
	const want = "https://…"
	s, err := UnmarshalString(v)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || len(s) > MaxURL {
		return "", fault.New(fault.Invalid, fault.CodeMalformed, "want", want)
	}
	return s, nil
}
