package fulfilment

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// tally adds up the shares of one commitment's fulfilments that one party provides. It remembers each with the number of the event it was told
// by, so that an event heard twice, or late, changes nothing.
type tally struct {
	store.Meta[tallyID] `bson:",inline"`
	Entries             []entry `bson:"entries"` // by day
	Sum                 Share   `bson:"sum"`
}

// entry is what one fulfilment counts, as of an event.
type entry struct {
	Key string `bson:"k"` // the day
	Seq int64  `bson:"s"` // the event's number
	Is  Share  `bson:"is"`
}

// rate adds up a party's commitments in one contract, and remembers each with the number of its tally's change.
type rate struct {
	store.Meta[rateID] `bson:",inline"`
	Entries            []entry `bson:"entries"` // by commitment
	Sum                Share   `bson:"sum"`
}

type tallyID string

// tallyKey is made of both, because an amendment may give a commitment to another party.
func tallyKey(m id.Commitment, provider id.Organisation) tallyID {
	return tallyID(string(m) + "/" + string(provider))
}

type rateID string

func rateKey(c id.Contract, party id.Organisation) rateID {
	return rateID(string(c) + "/" + string(party))
}

// enter takes up what one thing counts, unless something later is known of it. It says whether anything changed.
func enter(entries []entry, sum Share, e entry) ([]entry, Share, bool) {
	i, found := slices.BinarySearchFunc(entries, e, func(a, b entry) int { return strings.Compare(a.Key, b.Key) })
	if !found {
		entries = slices.Insert(entries, i, entry{Key: e.Key})
	} else if entries[i].Seq >= e.Seq {
		return entries, sum, false
	}
	sum.Due += e.Is.Due - entries[i].Is.Due
	sum.Earned += e.Is.Earned - entries[i].Is.Earned
	entries[i] = e
	return entries, sum, true
}

// FollowFulfilment takes what an event of a fulfilment (fulfilment.*) says of its share into its provider's rate. Hearing it again, or
// after what came later, changes nothing.
func (s *Service) FollowFulfilment(ctx context.Context, e journal.Entry) error {
	ctx = authz.AsSystem(ctx)
	var h Happened
	if err := bson.Unmarshal(e.Data, &h); err != nil {
		return fmt.Errorf("fulfilment: event %s: %w", e.ID, err)
	}
	if h.Was == h.Is { // what a fulfilment counts is told by the event that changed it
		return nil
	}
	t, err := s.tallied(ctx, tallyKey(h.Commitment, h.Provider), entry{Key: string(h.DueOn), Seq: e.Seq, Is: h.Is})
	if err != nil {
		return err
	}
	return s.rated(ctx, rateKey(h.Contract, h.Provider), entry{Key: string(h.Commitment), Seq: t.Rev, Is: t.Sum})
}

// tallied enters a share into a commitment's tally, which it returns as it then is.
func (s *Service) tallied(ctx context.Context, m tallyID, e entry) (*tally, error) {
	t, err := s.tallies.Touch(ctx, access.PlanKeep, string(m), func(t *tally) error {
		var news bool
		if t.Entries, t.Sum, news = enter(t.Entries, t.Sum, e); !news {
			return errNothing
		}
		return nil
	})
	switch {
	case errors.Is(err, errNothing):
		return s.tallies.Get(ctx, string(m))
	case !fault.Is(err, fault.CodeNotFound):
		return t, err
	}
	t = &tally{}
	t.ID = m
	t.Entries, t.Sum, _ = enter(nil, Share{}, e)
	t, err = s.tallies.Add(ctx, access.PlanKeep, t)
	if fault.Is(err, fault.CodeTaken) {
		return s.tallied(ctx, m, e)
	}
	return t, err
}

// rated enters a commitment's sum into its party's rate.
func (s *Service) rated(ctx context.Context, key rateID, e entry) error {
	_, err := s.rates.Touch(ctx, access.PlanKeep, string(key), func(r *rate) error {
		var news bool
		if r.Entries, r.Sum, news = enter(r.Entries, r.Sum, e); !news {
			return errNothing
		}
		return nil
	})
	switch {
	case errors.Is(err, errNothing):
		return nil
	case !fault.Is(err, fault.CodeNotFound):
		return err
	}
	r := &rate{}
	r.ID = key
	r.Entries, r.Sum, _ = enter(nil, Share{}, e)
	_, err = s.rates.Add(ctx, access.PlanKeep, r)
	if fault.Is(err, fault.CodeTaken) {
		return s.rated(ctx, key, e)
	}
	return err
}

// RateOf names a party of a contract.
type RateOf struct {
	Contract id.Contract
	Party    id.Organisation
}

// Rate is how far the share earned reaches of the share due, 0 to 1 to four places; nil where nothing was due.
func (s Share) Rate() *float64 {
	var none *float64
	if s.Due <= 0 {
		return none
	}
	r := math.Round(float64(s.Earned)/float64(s.Due)*10_000) / 10_000
	return &r
}

// Rates tells how far parties have kept what they promised in contracts, in the order asked. It is for callers who have
// read those contracts already: it asks no more who they are.
func (s *Service) Rates(ctx context.Context, of []RateOf) ([]Share, error) {
	keys := make([]string, len(of))
	for i, o := range of {
		keys[i] = string(rateKey(o.Contract, o.Party))
	}
	found, err := s.rates.GetMany(authz.AsSystem(ctx), keys)
	if err != nil {
		return nil, err
	}
	out := make([]Share, len(of))
	for i, r := range found {
		if r != nil {
			out[i] = r.Sum
		}
	}
	return out, nil
}

// Recount adds up a party's share from the fulfilments themselves: what Rates tells when all events have been heard.
func (s *Service) Recount(ctx context.Context, of RateOf) (Share, error) {
	var sum Share
	where := store.And(byContract.Is(of.Contract), byProvider.Is(of.Party))
	for f, err := range s.fulfilments.Walk(authz.AsSystem(ctx), where, byDueOn.Asc()) {
		if err != nil {
			return Share{}, err
		}
		is := f.share()
		sum.Due += is.Due
		sum.Earned += is.Earned
	}
	return sum, nil
}
