package search

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/words"
)

// How much is taken up anew at a time.
const (
	batch    = 200
	together = 32 // cards changed side by side, so that they share a commit
)

// progress is how far the things of one kind have been taken up in the form of today. Where it says nothing of a kind, or
// of an older form, all of them are taken up anew; the cards that are there serve meanwhile.
type progress struct {
	store.Meta[progressID] `bson:",inline"`

	Form  int    `bson:"form"`
	Past  string `bson:"past,omitempty"` // the last thing that was taken up
	Done  int    `bson:"done"`
	Total int    `bson:"total"` // about how many there were at the beginning
	Whole bool   `bson:"whole"` // all were
}

type progressID string

// form is what the cards of a kind are made by: how texts are taken apart, how cards are made, and what a thing tells.
func (c Source) form() int { return (words.Version*100+cardForm)*100 + c.Form }

// cardForm counts the changes of how cards are made.
const cardForm = 1

// Tick takes up a number of things anew, where that is due, and says how many. Broken off it goes on where it was. Two
// nodes that do it at once are harmless.
func (s *Service) Tick(ctx context.Context, _ time.Time) (int, error) {
	ctx = authz.AsSystem(ctx)
	for _, c := range s.Sources {
		p, err := s.standing(ctx, c)
		if err != nil {
			return 0, err
		}
		if p.Form > c.form() || p.Form == c.form() && p.Whole {
			continue // as it is, or as a newer program has made it
		}
		return s.proceed(ctx, c, p)
	}
	return 0, nil
}

// standing is how far a kind has come. For one that was never taken up it begins.
func (s *Service) standing(ctx context.Context, c Source) (*progress, error) {
	p, err := s.progress.Get(ctx, string(c.Kind))
	if !fault.Is(err, fault.CodeNotFound) {
		return p, err
	}
	p = &progress{}
	p.SetKey(string(c.Kind))
	p, err = s.progress.Add(ctx, actKeep, p)
	if fault.Is(err, fault.CodeTaken) {
		return s.progress.Get(ctx, string(c.Kind))
	}
	return p, err
}

// proceed takes up the next things of a kind. At least one is said to be done, so that there is a next time until all are.
func (s *Service) proceed(ctx context.Context, c Source, was *progress) (int, error) {
	past, done, total := was.Past, was.Done, was.Total
	if was.Form != c.form() {
		n, err := c.Count(ctx)
		if err != nil {
			return 0, err
		}
		past, done, total = "", 0, n
	}
	things, err := c.Behind(ctx, past, batch)
	if err != nil {
		return 0, err
	}
	if err := s.takeUp(ctx, c, things); err != nil {
		return 0, err
	}
	to := string(c.Of) + "~" // behind all of the kind
	whole := len(things) < batch
	if !whole {
		to = things[len(things)-1].ID
	}
	if err := s.tidy(ctx, c, past, to, things); err != nil {
		return 0, err
	}
	_, err = s.progress.Touch(ctx, actKeep, was.Key(), func(p *progress) error {
		if p.Rev != was.Rev {
			return errElsewhere
		}
		p.Form, p.Past, p.Done, p.Total, p.Whole = c.form(), to, done+len(things), total, whole
		return nil
	})
	if errors.Is(err, errElsewhere) {
		err = nil
	}
	return max(len(things), 1), err
}

// errElsewhere says that another node has done the same meanwhile.
var errElsewhere = errors.New("search: another node has gone on")

// takeUp makes the cards of things: of new ones many in one write, of others side by side. A thing that was changed
// meanwhile is taken up once more, so that no old state stays behind.
func (s *Service) takeUp(ctx context.Context, c Source, things []*Thing) error {
	ids := make([]string, len(things))
	for i, t := range things {
		ids[i] = t.ID
	}
	had, err := s.cards.GetMany(ctx, ids)
	if err != nil {
		return err
	}
	var fresh []*card
	var g errgroup.Group
	g.SetLimit(together)
	for i, t := range things {
		made := cardOf(c.Of, t)
		if had[i] == nil {
			fresh = append(fresh, made)
			continue
		}
		g.Go(func() error { return s.keep(ctx, made) })
	}
	if err := errors.Join(g.Wait(), s.add(ctx, fresh)); err != nil {
		return err
	}
	return s.again(ctx, c, things, ids)
}

// add keeps new cards; where somebody was faster with one of them, each by itself.
func (s *Service) add(ctx context.Context, fresh []*card) error {
	err := s.cards.AddMany(ctx, actKeep, fresh)
	if _, taken := errors.AsType[*store.ExistsError](err); !taken {
		return err
	}
	for _, c := range fresh {
		if err := s.keep(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// again takes up those things that have changed since they were read.
func (s *Service) again(ctx context.Context, c Source, things []*Thing, ids []string) error {
	now, err := c.Load(ctx, ids)
	if err != nil {
		return err
	}
	for i, t := range now {
		if t != nil && t.Rev == things[i].Rev {
			continue
		}
		if err := s.renew(ctx, c, ids[i:i+1]); err != nil {
			return err
		}
	}
	return nil
}

// tidy drops the cards between two identifiers whose things are there no more.
func (s *Service) tidy(ctx context.Context, c Source, past, to string, things []*Thing) error {
	there := map[string]bool{}
	for _, t := range things {
		there[t.ID] = true
	}
	low := max(past, string(c.Of))
	var lost []string
	for k, err := range s.cards.Walk(ctx, store.And(byCard.Gt(low), byCard.Lte(to))) {
		if err != nil {
			return err
		}
		if !there[k.Key()] {
			lost = append(lost, k.Key())
		}
	}
	if len(lost) == 0 {
		return nil
	}
	return s.renew(ctx, c, lost)
}

// byCard is the order of cards.
const byCard = store.Field[string]("_id")

// indexed is how much of everything has been taken up in the form of today, in hundredths.
func (s *Service) indexed(ctx context.Context) (int, error) {
	ids := make([]string, len(s.Sources))
	for i, c := range s.Sources {
		ids[i] = string(c.Kind)
	}
	all, err := s.progress.GetMany(authz.AsSystem(ctx), ids)
	if err != nil {
		return 0, err
	}
	done, total := 0, 0
	for i, p := range all {
		switch {
		case p == nil:
			total++
		case p.Form >= s.Sources[i].form() && p.Whole:
			done, total = done+max(p.Total, 1), total+max(p.Total, 1)
		case p.Form == s.Sources[i].form():
			done, total = done+min(p.Done, p.Total), total+max(p.Total, 1)
		default:
			total += max(p.Total, 1)
		}
	}
	if total == 0 || done == total {
		return 100, nil
	}
	return min(100*done/total, 99), nil
}
