package report

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/cobuild/cobuild/internal/platform/fault/catalogue"
)

//go:embed words.en.json words.zh-CN.json
var wordFiles embed.FS

// Language is a language of reports.
type Language string

// The languages.
const (
	English Language = "EN"
	Chinese Language = "ZH_CN"
)

// Languages are all of them.
func Languages() []Language { return []Language{English, Chinese} }

// Tag is the language's BCP 47 tag.
func (l Language) Tag() string {
	if l == Chinese {
		return "zh-CN"
	}
	return "en"
}

// LanguageOf is the language of a tag; ok is false where reports do not know it.
func LanguageOf(tag string) (Language, bool) {
	for _, l := range Languages() {
		if l.Tag() == tag {
			return l, true
		}
	}
	return "", false
}

// words are what reports say in one language: "figure.KEPT_LATE", "section.EVIDENCE", "paper.page" and so on.
type words map[string]string

func loadWords(l Language) (words, error) {
	raw, err := wordFiles.ReadFile("words." + l.Tag() + ".json")
	if err != nil {
		return nil, err
	}
	w := words{}
	if err := json.Unmarshal(raw, &w); err != nil {
		return nil, fmt.Errorf("report: words.%s.json: %w", l.Tag(), err)
	}
	return w, nil
}

// vocabulary is the words of every language.
type vocabulary map[Language]words

func loadVocabulary() (vocabulary, error) {
	v := vocabulary{}
	for _, l := range Languages() {
		var err error
		if v[l], err = loadWords(l); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// heard are the words of the reader's language.
func (v vocabulary) heard(ctx context.Context) words {
	l, ok := LanguageOf(catalogue.From(ctx).Language())
	if !ok {
		l = English
	}
	return v[l]
}

// FigureTitle is a figure's name in the reader's language.
func (s *Service) FigureTitle(ctx context.Context, f *Figure) string {
	return s.words.heard(ctx).figure(f.Key)
}

// SectionTitle is a section's name in the reader's language.
func (s *Service) SectionTitle(ctx context.Context, x *Section) string {
	return s.words.heard(ctx).section(x.Key)
}

// say is a sentence with its parameters, which come in pairs; a key without one speaks for itself.
func (w words) say(key string, pairs ...string) string {
	said, ok := w[key]
	if !ok {
		return key
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		pairs[i] = "{" + pairs[i] + "}"
	}
	return strings.NewReplacer(pairs...).Replace(said)
}

func (w words) figure(k Key) string         { return w.say("figure." + string(k)) }
func (w words) section(k SectionKey) string { return w.say("section." + string(k)) }
