package match

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/cobuild/cobuild/internal/platform/fault/catalogue"
)

//go:embed words.en.json words.zh-CN.json
var wordFiles embed.FS

// word is one thing as both languages say it.
type word struct{ en, zh string }

// plain is a word that both languages write alike.
func plain(s string) word { return word{s, s} }

func number(n int64) word { return plain(strconv.FormatInt(n, 10)) }

// sentence is what is said of something, before anybody's language is known: a key of the words and its parameters.
type sentence struct {
	key    string
	params map[string]word
}

func say(key string, pairs ...any) sentence {
	s := sentence{key: key, params: map[string]word{}}
	for i := 0; i+1 < len(pairs); i += 2 {
		s.params[pairs[i].(string)] = pairs[i+1].(word)
	}
	return s
}

// vocabulary is the sentences of matching in both languages.
type vocabulary struct{ en, zh map[string]string }

func loadVocabulary() (*vocabulary, error) {
	v := &vocabulary{}
	for name, into := range map[string]*map[string]string{"words.en.json": &v.en, "words.zh-CN.json": &v.zh} {
		raw, err := wordFiles.ReadFile(name)
		if err == nil {
			err = json.Unmarshal(raw, into)
		}
		if err != nil {
			return nil, fmt.Errorf("match: %s: %w", name, err)
		}
	}
	return v, nil
}

// in says a sentence in one language; a key without words speaks for itself.
func (v *vocabulary) in(s sentence, chinese bool) string {
	words, pick := v.en, func(w word) string { return w.en }
	if chinese {
		words, pick = v.zh, func(w word) string { return w.zh }
	}
	said, ok := words[s.key]
	if !ok {
		return s.key
	}
	var pairs []string
	for name, w := range s.params {
		pairs = append(pairs, "{"+name+"}", pick(w))
	}
	return strings.NewReplacer(pairs...).Replace(said)
}

// speak says a sentence in the language of the request.
func (v *vocabulary) speak(ctx context.Context, s sentence) string {
	return v.in(s, catalogue.From(ctx).Language() == "zh-CN")
}
