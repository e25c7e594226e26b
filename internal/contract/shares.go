package contract

import (
	"context"
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Bounds of what is looked at to say what is shared.
const (
	maxPairs  = 200 // of a subject and a reader, in one question to the store
	maxShares = 500 // contracts that share the same subject
)

// Share is what one contract lets one organisation read of another at a moment.
type Share struct {
	Contract id.Contract
	Key      string // of the entry in the contract's text
	Subject  id.Organisation
	Reader   id.Organisation
	Fields   []SharedField
	Purpose  string
	Until    scalar.Date // the last day
}

// shares is what a contract in force shares, kept beside the text so that an index finds it: whoever asks finds the
// contract by the two organisations and reads no other. What holds at a moment is said by sharesAt.
type shares struct {
	Given []id.Organisation `bson:"given"` // whose fields
	Taken []id.Organisation `bson:"taken"` // who reads them
	Pairs []string          `bson:"pairs"` // of both, as pair makes them
}

// The fields by which shares are found.
const (
	byGiven = store.Each[id.Organisation]("shares.given")
	byTaken = store.Each[id.Organisation]("shares.taken")
	byPair  = store.Each[string]("shares.pairs")
)

func pair(subject, reader id.Organisation) string { return string(subject) + ">" + string(reader) }

// kept gathers what the contract shares now; nil where it shares nothing.
func (c *Contract) kept() *shares {
	if c.Status != Active {
		return nil
	}
	var out shares
	for _, s := range c.Sharing {
		for _, o := range s.readers(&c.Text) {
			if !slices.Contains(c.Current, s.Subject) || !slices.Contains(c.Current, o) {
				continue
			}
			out.Given, out.Taken = withOne(out.Given, s.Subject), withOne(out.Taken, o)
			out.Pairs = withOne(out.Pairs, pair(s.Subject, o))
		}
	}
	if out.Pairs == nil {
		return nil
	}
	return &out
}

func withOne[V comparable](all []V, v V) []V {
	if slices.Contains(all, v) {
		return all
	}
	return append(all, v)
}

// sharesAt says what the contract shares at a moment. It goes by the clock and not by what the scheduler has got round
// to: a last day, a notice, a completion without objection and the end of the contract all hold from their moment on. A
// contract that rests shares nothing.
func (c *Contract) sharesAt(now time.Time) []Share {
	if c.Status != Active || !now.Before(c.over()) || c.Completion != nil && !now.Before(c.Completion.CompletesAt) {
		return nil
	}
	if !c.staysAt(now, Host) || !c.staysAt(now, Partner) {
		return nil
	}
	var out []Share
	for _, s := range c.Sharing {
		last := or(s.Until, c.EndsOn)
		if !now.Before(last.End(c.zone())) || !c.hereAt(now, s.Subject) {
			continue
		}
		for _, o := range s.readers(&c.Text) {
			if c.hereAt(now, o) {
				out = append(out, Share{c.ID, s.Key, s.Subject, o, s.Fields, s.Purpose, last})
			}
		}
	}
	return out
}

// hereAt says whether an organisation is a party at a moment: it has not left, and no notice of its has come true.
func (c *Contract) hereAt(now time.Time, o id.Organisation) bool {
	p := c.Party(o)
	if p == nil || p.gone() {
		return false
	}
	at := c.leaves(p)
	return at == nil || now.Before(*at)
}

// staysAt says whether there is still a party of a part: without the host, or the last partner, there is no contract.
func (c *Contract) staysAt(now time.Time, part Part) bool {
	return slices.ContainsFunc(c.Parties, func(p *Party) bool { return p.Part == part && c.hereAt(now, p.Organisation) })
}

// SharedBetween tells what contracts let readers read of subjects at this moment, for whoever asks in the program's name.
// It looks at those contracts alone that share one of the subjects with one of the readers.
func (s *Service) SharedBetween(ctx context.Context, subjects, readers []id.Organisation) ([]Share, error) {
	var pairs []string
	for _, o := range subjects {
		for _, r := range readers {
			if o != r {
				pairs = withOne(pairs, pair(o, r))
			}
		}
	}
	var out []Share
	for some := range slices.Chunk(pairs, maxPairs) {
		found, err := s.sharing(ctx, byPair.In(some...))
		if err != nil {
			return nil, err
		}
		for _, x := range found {
			if slices.Contains(some, pair(x.Subject, x.Reader)) {
				out = append(out, x)
			}
		}
	}
	return out, nil
}

// SharedOf tells what contracts let anybody read of a subject at this moment.
func (s *Service) SharedOf(ctx context.Context, subject id.Organisation) ([]Share, error) {
	found, err := s.sharing(ctx, byGiven.Is(subject))
	return slices.DeleteFunc(found, func(x Share) bool { return x.Subject != subject }), err
}

// sharing finds what the contracts of a filter share at this moment.
func (s *Service) sharing(ctx context.Context, where store.Filter) ([]Share, error) {
	ctx = authz.AsSystem(ctx)
	found, err := s.contracts.List(ctx, store.Query{Where: where, Limit: maxShares})
	if err != nil {
		return nil, err
	}
	return s.shared(ctx, found.Items)
}

// shared says what contracts share at this moment, one after the other.
func (s *Service) shared(ctx context.Context, of []*Contract) ([]Share, error) {
	if err := s.superseded(ctx, of); err != nil {
		return nil, err
	}
	now := s.now()
	var out []Share
	for _, c := range of {
		out = append(out, c.sharesAt(now)...)
	}
	return out, nil
}

// superseded takes out of contracts what a signed amendment shares no longer, where its first day has begun and it has not
// been put in force yet.
func (s *Service) superseded(ctx context.Context, of []*Contract) error {
	var ids []id.Amendment
	for _, c := range of {
		if n := len(c.Amending); n > 0 {
			ids = append(ids, c.Amending[n-1])
		}
	}
	if len(ids) == 0 {
		return nil
	}
	found, err := s.ManyAmendments(authz.AsSystem(ctx), ids)
	if err != nil {
		return err
	}
	now := s.now()
	for _, a := range found {
		if a == nil || a.Status != AmendmentSigned || a.WakeAt == nil || now.Before(*a.WakeAt) {
			continue
		}
		for _, c := range of {
			if c.ID == a.Contract {
				c.Sharing = common(c.Sharing, a.Text.Sharing)
			}
		}
	}
	return nil
}

// common are the entries that two texts have alike.
func common(a, b []*Sharing) []*Sharing {
	return slices.DeleteFunc(slices.Clone(a), func(s *Sharing) bool {
		return !slices.ContainsFunc(b, func(o *Sharing) bool {
			return o.Subject == s.Subject && slices.Equal(o.Fields, s.Fields) && slices.Equal(o.With, s.With) && o.Purpose == s.Purpose &&
				or(o.Until, "") == or(s.Until, "")
		})
	})
}
