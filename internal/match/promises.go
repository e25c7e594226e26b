package match

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// book is what an organisation has promised, contract by contract and claim by claim, and how far it has kept it. It is
// about an organisation, never a person.
type book struct {
	store.Meta[id.Organisation] `bson:",inline"`
	Pages                       []leaf `bson:"pages"` // by what they are about
	Open                        int    `bson:"open"`
	Due                         int64  `bson:"due"`
	Kept                        int64  `bson:"kept"`
	Contracts                   int    `bson:"contracts"` // in which something fell due
}

// leaf is what one contract, need or resource adds.
type leaf struct {
	About string `bson:"about"`
	Open  int    `bson:"open,omitempty"`
	Due   int64  `bson:"due,omitempty"`
	Kept  int64  `bson:"kept,omitempty"`
}

// write puts a page into the book in place of the one about the same; false where it says the same.
func (b *book) write(about string, alter func(*leaf)) bool {
	i, found := slices.BinarySearchFunc(b.Pages, about, func(l leaf, a string) int { return strings.Compare(l.About, a) })
	was := leaf{About: about}
	if found {
		was = b.Pages[i]
	}
	now := was
	alter(&now)
	empty := now == leaf{About: about}
	switch {
	case now == was:
		return false
	case found && empty:
		b.Pages = slices.Delete(b.Pages, i, i+1)
	case found:
		b.Pages[i] = now
	default:
		b.Pages = slices.Insert(b.Pages, i, now)
	}
	b.Open, b.Due, b.Kept, b.Contracts = 0, 0, 0, 0
	for _, l := range b.Pages {
		b.Open, b.Due, b.Kept = b.Open+l.Open, b.Due+l.Due, b.Kept+l.Kept
		if l.Due > 0 {
			b.Contracts++
		}
	}
	return true
}

// Promised is what one organisation has promised in a contract, or claimed of a need or a resource.
type Promised struct {
	Organisation id.Organisation
	Open         int // 0 where nothing of it is open any more
}

// FollowPromises notes what the organisations around a contract, a need or a resource have open in it. It is read as it is
// now, so that an event heard twice or late changes nothing.
func (s *Service) FollowPromises(ctx context.Context, e journal.Entry) error {
	ctx = authz.AsSystem(ctx)
	all, err := s.Promised(ctx, e.Subject)
	if err != nil {
		return err
	}
	for _, p := range all {
		if err := s.note(ctx, p.Organisation, e.Subject, func(l *leaf) { l.Open = p.Open }); err != nil {
			return err
		}
	}
	return nil
}

// Fulfilled is what a fulfilment's event tells: whose promise it is, and in which contract.
type Fulfilled struct {
	Contract id.Contract
	Provider id.Organisation
}

// FollowFulfilment adds up anew what a provider kept in a contract.
func (s *Service) FollowFulfilment(ctx context.Context, e journal.Entry) error {
	ctx = authz.AsSystem(ctx)
	f, changed, err := s.Fulfilled(e)
	if err != nil || !changed {
		return err
	}
	due, kept, err := s.Share(ctx, f)
	if err != nil {
		return err
	}
	return s.note(ctx, f.Provider, string(f.Contract), func(l *leaf) { l.Due, l.Kept = due, kept })
}

func (s *Service) note(ctx context.Context, of id.Organisation, about string, alter func(*leaf)) error {
	_, err := s.books.Touch(ctx, access.MatchKeep, string(of), func(b *book) error {
		if !b.write(about, alter) {
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
	b := &book{}
	b.ID = of
	if !b.write(about, alter) {
		return nil
	}
	_, err = s.books.Add(ctx, access.MatchKeep, b)
	if fault.Is(err, fault.CodeTaken) { // another node was quicker
		return s.note(ctx, of, about, alter)
	}
	return err
}

// promisesOf tells how organisations keep their promises, as far as the caller may know.
func (s *Service) promisesOf(ctx context.Context, of []id.Organisation) (map[id.Organisation]Promises, error) {
	out := make(map[id.Organisation]Promises, len(of))
	keys := make([]string, len(of))
	for i, o := range of {
		keys[i] = string(o)
	}
	books, err := s.books.GetMany(authz.AsSystem(ctx), keys)
	if err != nil {
		return nil, err
	}
	judged, err := s.Judged(ctx, of)
	if err != nil {
		return nil, err
	}
	for i, o := range of {
		p := Promises{Mean: judged[i].Mean, Hidden: judged[i].Hidden}
		if b := books[i]; b != nil {
			p.Contracts, p.Due, p.Kept, p.Open = b.Contracts, b.Due, b.Kept, b.Open
		}
		out[o] = p
	}
	return out, nil
}

// Judged is how its partners have judged an organisation, as far as the caller may know.
type Judged struct {
	Mean   *float64 // 1 to 5; nil for none
	Hidden bool     // the caller may not know
}
