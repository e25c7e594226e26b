// Package catalogue turns a fault's code and parameters into a sentence for people, in the reader's language.
//
// The sentences are in en.json and zh-CN.json, one for each code, with the parameters in braces. codes.txt is the frozen
// registry of the codes: a code never leaves it and never changes its meaning.
package catalogue

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"strings"

	"golang.org/x/text/language"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

//go:embed en.json zh-CN.json
var files embed.FS

// Languages are the catalogue's languages; the first one is spoken to whoever asks for none of them.
func Languages() []language.Tag { return []language.Tag{language.English, language.MustParse("zh-CN")} }

// Catalogue holds the sentences of every language.
type Catalogue struct {
	tags      []language.Tag
	matcher   language.Matcher
	sentences []map[fault.Code]string // in the order of tags
}

// Load reads the catalogue that is built into the program.
func Load() (*Catalogue, error) {
	c := &Catalogue{tags: Languages()}
	c.matcher = language.NewMatcher(c.tags)
	for _, tag := range c.tags {
		raw, err := files.ReadFile(tag.String() + ".json")
		if err != nil {
			return nil, fmt.Errorf("catalogue: %w", err)
		}
		sentences := map[fault.Code]string{}
		if err := json.Unmarshal(raw, &sentences); err != nil {
			return nil, fmt.Errorf("catalogue %s: %w", tag, err)
		}
		c.sentences = append(c.sentences, sentences)
	}
	return c, nil
}

// Voice speaks one language of the catalogue. The zero Voice says bare codes.
type Voice struct {
	tag       language.Tag
	sentences map[fault.Code]string
}

// Voice chooses the language that serves an Accept-Language header best.
func (c *Catalogue) Voice(accept string) Voice {
	want, _, err := language.ParseAcceptLanguage(accept)
	if err != nil {
		want = nil // a header we cannot read asks for nothing
	}
	_, i, _ := c.matcher.Match(want...)
	return Voice{tag: c.tags[i], sentences: c.sentences[i]}
}

// Language is the voice's language, as for a Content-Language header.
func (v Voice) Language() string { return v.tag.String() }

// Say makes the sentence of a code with its parameters. A code without a sentence speaks for itself.
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
		pairs = append(pairs, "{"+name+"}", fmt.Sprint(value))
	}
	return strings.NewReplacer(pairs...).Replace(sentence)
}

type key struct{}

// With puts the voice of a request into its context.
func With(ctx context.Context, v Voice) context.Context { return context.WithValue(ctx, key{}, v) }

// From finds the voice of the request; the zero Voice where there is none.
func From(ctx context.Context) Voice { v, _ := ctx.Value(key{}).(Voice); return v }
