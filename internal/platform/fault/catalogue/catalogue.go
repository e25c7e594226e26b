// Package catalogue turns a fault's code and parameters into a sentence for people, in the reader's language.
//
// The sentences are in en.json and zh-CN.json, one for each code, with the parameters in braces. codes.txt is the frozen
// registry of the codes: a code never leaves it and never changes its meaning. words.en.json and words.zh-CN.json are the
// glossary: how the words of the API that sentences repeat, as states, verbs and roles, are said to people.
package catalogue

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/text/language"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

//go:embed en.json zh-CN.json words.en.json words.zh-CN.json
var files embed.FS

// Languages are the catalogue's languages; the first one is spoken to whoever asks for none of them.
func Languages() []language.Tag { return []language.Tag{language.English, chinese()} }

func chinese() language.Tag { return language.MustParse("zh-CN") }

// Catalogue holds the sentences of every language.
type Catalogue struct {
	tags      []language.Tag
	matcher   language.Matcher
	sentences []map[fault.Code]string // in the order of tags
	words     []map[string]string     // likewise
}

// Load reads the catalogue that is built into the program.
func Load() (*Catalogue, error) {
	c := &Catalogue{tags: Languages()}
	c.matcher = language.NewMatcher(c.tags)
	for _, tag := range c.tags {
		sentences, words := map[fault.Code]string{}, map[string]string{}
		if err := errors.Join(read(tag.String()+".json", &sentences), read("words."+tag.String()+".json", &words)); err != nil {
			return nil, fmt.Errorf("catalogue: %w", err)
		}
		c.sentences, c.words = append(c.sentences, sentences), append(c.words, words)
	}
	return c, nil
}

func read(name string, into any) error {
	raw, err := files.ReadFile(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// Voice speaks one language of the catalogue. The zero Voice says bare codes.
type Voice struct {
	tag       language.Tag
	sentences map[fault.Code]string
	words     map[string]string
}

// Voice chooses the language that serves an Accept-Language header best.
func (c *Catalogue) Voice(accept string) Voice {
	want, _, err := language.ParseAcceptLanguage(accept)
	if err != nil {
		want = nil // a header we cannot read asks for nothing
	}
	_, i, _ := c.matcher.Match(want...)
	return Voice{tag: c.tags[i], sentences: c.sentences[i], words: c.words[i]}
}

// Language is the voice's language, as for a Content-Language header.
func (v Voice) Language() string { return v.tag.String() }

// Word is how a word of the API is said to people, where the glossary has it.
func (v Voice) Word(word string) (string, bool) { said, ok := v.words[word]; return said, ok }

// Say makes the sentence of a code with its parameters, those that are words of the glossary in the reader's language. A
// code without a sentence speaks for itself.
func (v Voice) Say(code fault.Code, params map[string]any) string {
	sentence, ok := v.sentences[code]
	if !ok {
		return string(code)
	}
	if !strings.Contains(sentence, "{") {
		return sentence
	}
	pairs := make([]string, 0, 2*len(params))
	for name, value := range params {
		pairs = append(pairs, "{"+name+"}", v.value(name, fmt.Sprint(value)))
	}
	return strings.NewReplacer(pairs...).Replace(sentence)
}

// value is what a sentence says for a parameter: a word of the API or a list of such as people say it, where the
// parameter is of those that hold them, anything else as it is. A name or a value of the caller's own is never changed.
func (v Voice) value(name, value string) string {
	switch name {
	case "status", "verb", "role", "kind", "type", "given", "reason", "part", "what", "want":
		if said, ok := v.words[value]; ok {
			return said
		}
	case "kinds":
		all := strings.Split(value, ", ")
		for i, word := range all {
			if said, ok := v.words[word]; ok {
				all[i] = said
			}
		}
		if v.tag == chinese() {
			return strings.Join(all, "、")
		}
		return strings.Join(all, ", ")
	}
	return value
}

type key struct{}

// With puts the voice of a request into its context.
func With(ctx context.Context, v Voice) context.Context { return context.WithValue(ctx, key{}, v) }

// From finds the voice of the request; the zero Voice where there is none.
func From(ctx context.Context) Voice { v, _ := ctx.Value(key{}).(Voice); return v }
