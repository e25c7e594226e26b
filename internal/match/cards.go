package match

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// card is what an item is found by. It follows the item's events, and says nothing to anybody: what is told of an item is
// read from the item.
type card struct {
	store.Meta[cardID] `bson:",inline"`
	Side               Side            `bson:"side"`
	Standing           Standing        `bson:"standing"`
	Organisation       id.Organisation `bson:"organisation"`
	Category           string          `bson:"category"`
	Spots              []string        `bson:"spots"`           // who sees it and where it is, each with each
	Words              []string        `bson:"words,omitempty"` // those of the title, each with each district
	Keys               []string        `bson:"keys"`            // who sees it, wherever it is
	Until              *time.Time      `bson:"until,omitempty"` // when it ends by itself
}

// trace is as much of a card as a search wants of it.
type trace struct {
	store.Meta[cardID] `bson:",inline"`
}

// cardID is the identifier of the item.
type cardID string

// The fields that queries name.
const (
	bySpot         = store.Each[string]("spots")
	byWord         = store.Each[string]("words")
	byKey          = store.Each[string]("keys")
	bySide         = store.Field[Side]("side")
	byStanding     = store.Field[Standing]("standing")
	byCategory     = store.Field[string]("category")
	byOrganisation = store.Field[id.Organisation]("organisation")
	byUntil        = store.Field[time.Time]("until")
)

func cardSchema() store.Schema {
	return store.Schema{Name: "match_cards", Indexes: []store.Index{
		store.Lookup(bySpot.Asc(), bySide.Asc(), byStanding.Asc(), byCategory.Asc()),
		store.Lookup(byWord.Asc(), bySide.Asc(), byStanding.Asc()),
		store.Lookup(byOrganisation.Asc(), byStanding.Asc(), byKey.Asc(), byUntil.Asc()),
	}}
}

// Whoever sees everything finds by everyone, and what has no place nearer than the world lies everywhere.
const (
	everyone   = "!"
	everywhere = "*"
)

// spot is one key under which somebody sees an item, in one area.
func spot(key, area string) string { return key + " " + area }

// cardOf is the card of an item; nil where there is nothing to be found.
func cardOf(i *Item) *card {
	if i == nil || i.Standing == Closed {
		return nil
	}
	c := &card{Side: i.Side, Standing: i.Standing, Organisation: i.Organisation, Category: i.Category, Until: i.ValidUntil}
	c.ID = cardID(i.ID)
	areas := []string{everywhere}
	for _, o := range i.Above {
		areas = append(areas, string(o))
	}
	if i.Place != nil {
		areas = append(areas, coarse().square(*i.Place), fine().square(*i.Place))
	}
	c.Keys = append([]string{everyone}, i.Audience...)
	slices.Sort(c.Keys)
	c.Keys = slices.Compact(c.Keys)
	for _, key := range c.Keys {
		for _, a := range areas {
			c.Spots = append(c.Spots, spot(key, a))
		}
	}
	slices.Sort(c.Spots)
	c.Spots = slices.Compact(c.Spots)
	c.Words = i.worded(nil)
	return c
}

// worded are the words of an item's title with each district in which it lies, but those that tell nothing apart.
func (i *Item) worded(common map[string]bool) []string {
	var out []string
	in := plainly(i.in(id.KindDistrict))
	if len(in) == 0 {
		in = []string{everywhere}
	}
	for _, g := range i.gramsOf() {
		if common[g] {
			continue
		}
		for _, d := range in {
			out = append(out, spot(g, d))
		}
	}
	return out
}

// errNothing leaves a document as it is.
var errNothing = errors.New("nothing to change")

// FollowItem brings the card of a need or a resource up to date with it. The item is read as it is now, so that an event
// heard twice or late changes nothing.
func (s *Service) FollowItem(ctx context.Context, e journal.Entry) error {
	return s.refile(authz.AsSystem(ctx), e.Subject)
}

func (s *Service) refile(ctx context.Context, item string) error {
	found, err := s.items(ctx, []string{item})
	if err != nil {
		return err
	}
	now := cardOf(found[0])
	if now == nil {
		err := s.cards.Remove(ctx, access.MatchKeep, item)
		if fault.Is(err, fault.CodeNotFound) {
			return nil
		}
		return err
	}
	_, err = s.cards.Touch(ctx, access.MatchKeep, item, func(c *card) error {
		if c.like(now) {
			return errNothing
		}
		c.Side, c.Standing, c.Organisation, c.Category, c.Until = now.Side, now.Standing, now.Organisation, now.Category, now.Until
		c.Spots, c.Words, c.Keys = now.Spots, now.Words, now.Keys
		return nil
	})
	switch {
	case errors.Is(err, errNothing):
		return nil
	case !fault.Is(err, fault.CodeNotFound):
		return err
	}
	_, err = s.cards.Add(ctx, access.MatchKeep, now)
	if fault.Is(err, fault.CodeTaken) { // another node was quicker
		return s.refile(ctx, item)
	}
	return err
}

func (c *card) like(o *card) bool {
	sameTime := c.Until == o.Until || c.Until != nil && o.Until != nil && c.Until.Equal(*o.Until)
	return sameTime && c.Side == o.Side && c.Standing == o.Standing && c.Organisation == o.Organisation && c.Category == o.Category &&
		slices.Equal(c.Spots, o.Spots) && slices.Equal(c.Words, o.Words) && slices.Equal(c.Keys, o.Keys)
}

// items reads needs and resources in the order of their identifiers, as the caller may read them; nil where there is
// none, or it is hidden.
func (s *Service) items(ctx context.Context, ids []string) ([]*Item, error) {
	var needs []id.Need
	var resources []id.Resource
	for _, i := range ids {
		if id.Is(i, id.KindNeed) {
			needs = append(needs, id.Need(i))
		} else {
			resources = append(resources, id.Resource(i))
		}
	}
	var found [2][]*Item
	var err error
	if len(needs) > 0 {
		if found[0], err = s.Needs(ctx, needs); err != nil {
			return nil, err
		}
	}
	if len(resources) > 0 {
		if found[1], err = s.Resources(ctx, resources); err != nil {
			return nil, err
		}
	}
	out := make([]*Item, len(ids))
	for n, i := range ids {
		at := 1
		if id.Is(i, id.KindNeed) {
			at = 0
		}
		out[n], found[at] = found[at][0], found[at][1:]
		if i := out[n]; i != nil && i.ValidUntil != nil && !i.ValidUntil.After(s.now()) {
			i.Standing = Closed
		}
	}
	return out, nil
}
