package contract

import (
	"context"
	"slices"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Source is the match from which a commitment was drafted: what somebody lacks, and what somebody else offers. It is kept
// beside the text, not in it: what is signed is the promise, not how it came about, and a signed text keeps its form. A
// commitment's key stays the same through all versions, so its source stays with it whatever is revised.
type Source struct {
	Key      string      `bson:"key"` // the commitment's
	Need     id.Need     `bson:"need"`
	Resource id.Resource `bson:"resource"`
	Millions int64       `bson:"score"`   // of the match when it was drafted, in millionths
	Weights  string      `bson:"weights"` // the version by which it was judged
}

// Score is the match's score when it was drafted, 0 to 1.
func (s *Source) Score() float64 { return float64(s.Millions) / 1_000_000 }

// The fields by which contracts are found from a need or a resource.
const (
	byNeed     = store.Each[id.Need]("sources.need")
	byResource = store.Each[id.Resource]("sources.resource")
)

// drafted notes from which matches the commitments of a draft came, in their order.
func (c *Contract) drafted(t Text, from []Source) {
	for i, s := range from {
		if i < len(t.Commitments) && s.Need != "" {
			s.Key = t.Commitments[i].Key
			c.Sources = append(c.Sources, s)
		}
	}
}

// part lets go of the sources of commitments that a revision took out: a key that is given again by hand is another promise.
func (c *Contract) part() {
	c.Sources = slices.DeleteFunc(c.Sources, func(s Source) bool { return !c.promises(s.Key) })
}

func (t *Text) promises(key string) bool {
	return slices.ContainsFunc(t.Commitments, func(m *Commitment) bool { return m.Key == key })
}

// inherit takes over the sources of those commitments that a renewal keeps.
func (c *Contract) inherit(was *Contract, t Text) {
	for _, s := range was.Sources {
		if t.promises(s.Key) {
			c.Sources = append(c.Sources, s)
		}
	}
}

// Repeated finds the contract that the same mutation of the caller's drafted before, if it did. It is for drafts that are
// made of what may have changed since.
func (s *Service) Repeated(ctx context.Context) (*Contract, bool, error) {
	once := store.OnceFrom(ctx)
	if once == nil {
		return nil, false, nil
	}
	c, err := s.Contract(ctx, store.NewID[id.Contract](ctx, id.KindContract, s.now(), s.Random))
	if fault.Is(err, fault.CodeNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	done, err := once.Did(c.Replays)
	return c, done, err
}

// SourcesOf finds the matches from which commitments were drafted, in the order asked; nil for one that was written freely,
// and where the caller may not read the contract.
func (s *Service) SourcesOf(ctx context.Context, ms []*Commitment) ([]*Source, error) {
	ids := make([]id.Contract, len(ms))
	for i, m := range ms {
		ids[i] = m.Contract()
	}
	in, err := s.Many(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]*Source, len(ms))
	for i, c := range in {
		if c == nil {
			continue
		}
		if at := slices.IndexFunc(c.Sources, func(s Source) bool { return s.Key == ms[i].Key }); at >= 0 {
			out[i] = &c.Sources[at]
		}
	}
	return out, nil
}

// FromNeed lists the contracts with a commitment that was drafted for a need, among those that the caller may read.
func (s *Service) FromNeed(ctx context.Context, n id.Need, a page.Args) (*Connection, error) {
	return s.from(ctx, byNeed.Is(n), a)
}

// FromResource lists the contracts with a commitment that was drafted of a resource.
func (s *Service) FromResource(ctx context.Context, r id.Resource, a page.Args) (*Connection, error) {
	return s.from(ctx, byResource.Is(r), a)
}

func (s *Service) from(ctx context.Context, of store.Filter, a page.Args) (*Connection, error) {
	if err := a.Bounded(); err != nil {
		return nil, err
	}
	return page.List(ctx, s.contracts, s.Cursors, of, nil, a)
}
