package notification

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault/catalogue"
)

//go:embed words.en.json words.zh-CN.json
var wordFiles embed.FS

// Language is one in which people are told.
type Language string

// The languages.
const (
	English Language = "EN"
	Chinese Language = "ZH_CN"
)

// Tag is the language's BCP 47 tag.
func (l Language) Tag() string {
	if l == English {
		return "en"
	}
	return "zh-CN"
}

// words are what notifications say in one language: for each kind a sentence without facts, and one with them, under
// "KIND" and "KIND.facts".
type words map[string]string

// vocabulary is the words of every language.
type vocabulary map[Language]words

func loadVocabulary() (vocabulary, error) {
	v := vocabulary{}
	for _, l := range []Language{English, Chinese} {
		raw, err := wordFiles.ReadFile("words." + l.Tag() + ".json")
		if err != nil {
			return nil, err
		}
		w := words{}
		if err := json.Unmarshal(raw, &w); err != nil {
			return nil, fmt.Errorf("notification: words.%s.json: %w", l.Tag(), err)
		}
		v[l] = w
	}
	return v, nil
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

// language is the one in which a person is told: what they chose for notifications, else that of their account.
func (s *Service) language(ctx context.Context, who id.Person) (Language, error) {
	all, err := s.wants(ctx, []id.Person{who})
	if err != nil {
		return "", err
	}
	if l := all[0].Language; l != nil {
		return *l, nil
	}
	accounts, err := s.Accounts(ctx, []id.Person{who})
	if err != nil {
		return "", err
	}
	if l := accounts[0].Language; l != "" {
		return l, nil
	}
	if catalogue.From(ctx).Language() == English.Tag() {
		return English, nil
	}
	return Chinese, nil
}

// Texts are what notifications of the caller say, in the language asked for or else in the caller's: with the facts that
// the caller may read now, and without any where what it is about is hidden from them.
func (s *Service) Texts(ctx context.Context, ns []*Notification, in *Language) ([]*string, error) {
	var l Language
	var err error
	if in != nil {
		l = *in
	} else if l, err = s.language(ctx, authz.From(ctx).Person); err != nil {
		return nil, err
	}
	contracts, organisations := make([]id.Contract, len(ns)), make([]id.Organisation, len(ns))
	for i, n := range ns {
		contracts[i], organisations[i] = n.Contract, n.Organisation
	}
	titles, err := s.Titles(ctx, contracts)
	if err != nil {
		return nil, err
	}
	bodies, err := s.Organisations(ctx, organisations)
	if err != nil {
		return nil, err
	}
	out := make([]*string, len(ns))
	for i, n := range ns {
		name := bodies[i].Name
		if l == English && bodies[i].NameEn != "" {
			name = bodies[i].NameEn
		}
		out[i] = new(s.words[l].text(n, titles[i], name))
	}
	return out, nil
}

// text is what one notification says. A sentence of facts is said only where all that it names is known.
func (w words) text(n *Notification, title, name string) string {
	key := string(n.Kind)
	pairs := []string{"contract", title, "organisation", name, "on", "", "role", w.say("role." + string(n.Role))}
	if n.On != nil {
		pairs[5] = string(*n.On)
	}
	if !n.facts {
		return w.say(key)
	}
	for _, facts := range []string{key + ".facts", key + ".facts.alone"} { // alone: without who acted, where nobody did
		if said, ok := w[facts]; ok && known(said, pairs) {
			return w.say(facts, pairs...)
		}
	}
	return w.say(key)
}

// known says whether a sentence names only what is known.
func known(sentence string, pairs []string) bool {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" && strings.Contains(sentence, "{"+pairs[i]+"}") {
			return false
		}
	}
	return true
}
