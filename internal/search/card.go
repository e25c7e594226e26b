package search

import (
	"context"
	"errors"
	"slices"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/words"
)

// cardID is the identifier of a card: that of its thing.
type cardID string

// card is what is kept of a thing to find it by. Its postings are the entries of an index: of those, a change of the card
// writes what is new and takes away what is old, and nothing else.
type card struct {
	store.Meta[cardID] `bson:",inline"`

	Postings []string `bson:"postings"`       // lane, weight and word; of each lane the same words
	Keys     []string `bson:"keys,omitempty"` // the narrow ways in which it is read
	Size     int      `bson:"size"`           // words of its name: short names come first
	Name     string   `bson:"name"`           // folded, to tell a whole name from a part
	Of       int64    `bson:"of"`             // the state of the thing that it was made of
}

// The weights of a word, as a posting has them.
const (
	inName = '1'
	inText = '2'
)

// The fields that queries name.
const (
	byPosting = store.Each[string]("postings")
	byKey     = store.Each[string]("keys")
	bySize    = store.Field[int]("size")
)

// The indexes: the postings, of each word the shortest names first; and the cards of who reads a few, the latest first.
var (
	postings = store.Lookup(byPosting.Asc(), bySize.Asc())
	kept     = store.Sparse(byKey.Asc())
)

const (
	cards    = "postings"
	actKeep  = "search.keep" // the program's own
	maxName  = 200           // characters of a name that are kept
	maxTexts = 20_000        // characters of a thing's texts that are looked at
)

func schema() store.Schema {
	return store.Schema{Name: cards, Indexes: []store.Index{postings, kept}}
}

// cardOf makes the card of a thing.
func cardOf(kind id.Kind, t *Thing) *card {
	c := &card{Of: t.Rev}
	c.SetKey(t.ID)
	if !t.Readers.Everyone {
		c.Keys = narrow(kind, t.Readers)
	}
	var found []string
	seen := map[string]bool{}
	take := func(weight byte, all []words.Word) {
		for _, w := range all {
			if len(found) < MaxWords && !seen[w.Text] {
				seen[w.Text] = true
				found = append(found, string(weight)+w.Text)
			}
		}
	}
	for _, x := range t.Texts {
		if x.Name {
			name := clip(x.Text, maxName)
			take(inName, words.Of(name))
			take(inName, words.Characters(name))
			if c.Name == "" {
				c.Name = words.Fold(name)
			}
		}
	}
	c.Size = len(found)
	left := maxTexts
	for _, x := range t.Texts {
		if !x.Name && left > 0 && len(found) < MaxWords {
			text := clip(x.Text, left)
			left -= len([]rune(text))
			take(inText, words.Of(text))
		}
	}
	c.Postings = make([]string, 0, len(found))
	for _, lane := range lanes(kind, t.Readers) {
		for _, w := range found {
			c.Postings = append(c.Postings, lane+w)
		}
	}
	return c
}

// clip keeps the beginning of a text, in characters.
func clip(s string, most int) string {
	n := 0
	for at := range s {
		if n == most {
			return s[:at]
		}
		n++
	}
	return s
}

// alike says whether two cards find the same thing by the same words for the same readers.
func (c *card) alike(d *card) bool {
	return c.Size == d.Size && c.Name == d.Name && slices.Equal(c.Postings, d.Postings) && slices.Equal(c.Keys, d.Keys)
}

// errLater says that a card was made of a later state already.
var errLater = errors.New("search: made of a later state")

// keep puts the card of a thing in the place of the one that is there. Cards that come late or twice change nothing.
func (s *Service) keep(ctx context.Context, c *card) error {
	was, err := s.cards.Get(ctx, c.Key())
	if fault.Is(err, fault.CodeNotFound) {
		fresh := *c
		if _, err = s.cards.Add(ctx, actKeep, &fresh); !fault.Is(err, fault.CodeTaken) {
			return err
		}
		was, err = s.cards.Get(ctx, c.Key()) // somebody was faster
	}
	if err != nil {
		return err
	}
	if was.Of > c.Of || was.alike(c) {
		return nil
	}
	_, err = s.cards.Change(ctx, actKeep, c.Key(), func(d *card) error {
		if d.Of > c.Of {
			return errLater
		}
		d.Postings, d.Keys, d.Size, d.Name, d.Of = c.Postings, c.Keys, c.Size, c.Name, c.Of
		return nil
	})
	if errors.Is(err, errLater) {
		return nil
	}
	return err
}

// drop takes away the card of a thing that is there no more.
func (s *Service) drop(ctx context.Context, key string) error {
	err := s.cards.Remove(ctx, actKeep, key)
	if fault.Is(err, fault.CodeNotFound) {
		return nil
	}
	return err
}
