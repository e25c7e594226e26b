package template

import (
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// Words are one text in both languages of the house.
type Words = text.Both

// in are words in a language.
func in(w Words, l lang) string {
	if l == english {
		return w.En
	}
	return w.Zh
}

// lang is one of the two languages in which templates are written.
type lang bool

const (
	chinese lang = false
	english lang = true
)

// langOf chooses the language of a contract's text.
func langOf(tag string) (lang, error) {
	t, err := language.Parse(tag)
	if err == nil {
		switch base, _ := t.Base(); base.String() {
		case "zh":
			return chinese, nil
		case "en":
			return english, nil
		}
	}
	return chinese, fault.New(fault.Invalid, CodeLanguage, "language", tag)
}

// line checks a line in both languages, at the input field name.
func line(f *fault.List, name string, w Words, least, most int) Words {
	return text.BothLines(f, name, w, least, most)
}

// block checks a longer text in both languages, at the input field name.
func block(f *fault.List, name string, w Words, least, most int) Words {
	return text.BothBlocks(f, name, w, least, most)
}

// The placeholders that every text knows. A template's text knows its partner roles besides.
const (
	forHost       = "host"       // the community's name
	forPartners   = "partners"   // the names of all partners
	forNoticeDays = "noticeDays" // days from a notice to the exit
)

func common() []string { return []string{forHost, forPartners, forNoticeDays} }

var placeholder = regexp.MustCompile(`\{([^{}]*)\}`)

// known says at the input field name whether a text names a placeholder that nothing will fill.
func known(f *fault.List, name string, w Words, names []string) {
	for _, in := range []struct{ at, said string }{{"zh", w.Zh}, {"en", w.En}} {
		for _, m := range placeholder.FindAllStringSubmatch(in.said, -1) {
			if !slices.Contains(names, m[1]) {
				f.Add(fault.New(fault.Invalid, CodePlaceholder, "name", m[1], "names", strings.Join(names, ", ")), name, in.at)
				break
			}
		}
	}
}

// filled puts what stands for each placeholder into a text. What was put in is not looked at again: a name that holds
// braces stays a name.
func filled(said string, with map[string]string) string {
	return placeholder.ReplaceAllStringFunc(said, func(p string) string {
		if v, ok := with[p[1:len(p)-1]]; ok {
			return v
		}
		return p
	})
}

// joined lists names as the language does.
func joined(names []string, l lang) string {
	switch n := len(names); {
	case l == chinese:
		return strings.Join(names, "、")
	case n < 3:
		return strings.Join(names, " and ")
	default:
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
}
