// Package text makes what people type fit to keep: normalised, bounded, free of control characters.
package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// Line checks a text of one line and gives it back in NFC without surrounding spaces. Lengths are in characters.
// What is wrong is added to faults, at the input field name.
func Line(faults *fault.List, name, s string, least, most int) string {
	s, f := clean(s, false)
	if f == nil {
		f = bounds(s, least, most)
	}
	if f != nil {
		faults.Add(f, name)
	}
	return s
}

// Block is Line for a text of several lines: line feeds and tabs are kept, other line ends become line feeds.
func Block(faults *fault.List, name, s string, least, most int) string {
	s, f := clean(s, true)
	if f == nil {
		f = bounds(s, least, most)
	}
	if f != nil {
		faults.Add(f, name)
	}
	return s
}

// Optional is Line for a text that may be absent; nil stays nil, and an empty text becomes nil.
func Optional(faults *fault.List, name string, s *string, most int) *string {
	if s == nil {
		return nil
	}
	t := Line(faults, name, *s, 0, most)
	if t == "" {
		return nil
	}
	return &t
}

// Clean normalises a text and refuses what no text may hold: bytes that are not UTF-8, and control characters other
// than line feed and tab.
func Clean(s string) (string, error) {
	t, f := clean(s, true)
	if f != nil {
		return "", f
	}
	return t, nil
}

func clean(s string, lines bool) (string, *fault.Fault) {
	if !utf8.ValidString(s) {
		return "", fault.New(fault.Invalid, fault.CodeNotUTF8)
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	for _, r := range s {
		if lines && (r == '\n' || r == '\t') {
			continue
		}
		if unicode.IsControl(r) || hidden(r) {
			return "", fault.New(fault.Invalid, fault.CodeControl)
		}
	}
	return strings.TrimSpace(norm.NFC.String(s)), nil
}

// hidden characters turn the direction of a text or the meaning of what stands beside them, unseen: no honest line of
// a contract needs them. Joiners, which some scripts and names need, are allowed.
func hidden(r rune) bool {
	switch {
	case r == '\u2028', r == '\u2029', r == '\ufeff':
		return true
	case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
		return true
	}
	return false
}

// seen says whether a character can be seen: a text of joiners alone is as good as none.
func seen(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) }

func bounds(s string, least, most int) *fault.Fault {
	n := utf8.RuneCountInString(s)
	switch {
	case least > 0 && !strings.ContainsFunc(s, seen):
		return fault.New(fault.Invalid, fault.CodeRequired)
	case n < least:
		return fault.New(fault.Invalid, fault.CodeTooShort, "min", least)
	case n > most:
		return fault.New(fault.Invalid, fault.CodeTooLong, "max", most)
	}
	return nil
}
