package exchange

import (
	"context"
	"errors"
	"fmt"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Thing is a need or a resource.
type Thing interface {
	store.Object
	Listed() *Listing
	// Rehoused brings what it is found by up to date, and tells that it has come under other bodies.
	Rehoused() error
}

// Listed is the listing itself, for what needs and resources have in common.
func (l *Listing) Listed() *Listing { return l }

// Shelf is where needs lie, or resources: what time, moves and claims do to either alike.
type Shelf[T Thing] struct {
	*Desk

	Things *store.Collection[T]
	Time   string // the action under which time changes them
}

// maxTick bounds how many things are changed at once; the rest is for the next time.
const maxTick = 500

// errNothing leaves a thing as it is: another node was here first.
var errNothing = errors.New("exchange: nothing to do")

// Each changes the things that a filter finds, at most so many, and says how many those were; the others need not wait for
// one that fails. do says whether there was anything to do.
func (s Shelf[T]) Each(ctx context.Context, where store.Filter, do func(T) (bool, error), by ...store.Order) (n int, err error) {
	ctx = authz.AsSystem(ctx)
	found, err := s.Things.List(ctx, store.Query{Where: where, Sort: by, Limit: maxTick})
	if err != nil {
		return 0, err
	}
	var bad error
	for _, x := range found.Items {
		_, err := s.Things.Change(ctx, s.Time, x.Key(), func(x T) error {
			done, err := do(x)
			if err == nil && !done {
				return errNothing
			}
			return err
		})
		switch {
		case err == nil:
			n++
		case nothing(err) == nil:
		default:
			bad = errors.Join(bad, fmt.Errorf("%s: %w", x.Key(), err))
			if fault.Of(err).Kind == fault.Unavailable {
				return n, bad
			}
		}
	}
	return n, bad
}

// Moved follows an organisation that has come under other bodies: they read its things from now on, those it has left do
// not. It may be told the same thing twice.
func (s Shelf[T]) Moved(ctx context.Context, of id.Organisation) error {
	ctx = authz.AsSystem(ctx)
	facts, err := s.Organisations(ctx, []id.Organisation{of})
	if err != nil || !facts[0].Exists() {
		return err
	}
	for x, err := range s.Things.Walk(ctx, ByPublisher.Is(of), ByCreated.Asc()) {
		if err != nil {
			return err
		}
		if err := s.rehouse(ctx, x.Key(), facts[0]); err != nil {
			return fmt.Errorf("%s: %w", x.Key(), err)
		}
	}
	return nil
}

// Written looks once more where the publisher of a thing just written down lies: one that moved in that very moment did not
// find it among the things it had to tell. It may be told the same thing twice.
func (s Shelf[T]) Written(ctx context.Context, which string) error {
	ctx = authz.AsSystem(ctx)
	x, err := s.Things.Get(ctx, which)
	if err != nil {
		return err
	}
	facts, err := s.Organisations(ctx, []id.Organisation{x.Listed().Publisher})
	if err != nil || !facts[0].Exists() {
		return err
	}
	return s.rehouse(ctx, which, facts[0])
}

func (s Shelf[T]) rehouse(ctx context.Context, which string, at organisation.Facts) error {
	_, err := s.Things.Touch(ctx, s.Time, which, func(x T) error {
		if !x.Listed().House(at) {
			return errNothing
		}
		return x.Rehoused()
	})
	return nothing(err)
}

func nothing(err error) error {
	if errors.Is(err, errNothing) || fault.Is(err, fault.CodeNotFound) {
		return nil
	}
	return err
}

// ManyClaims finds claims in the order of ids; nil where there is none or the caller may not read what it is on.
func (s Shelf[T]) ManyClaims(ctx context.Context, on id.Kind, ids []id.Claim) ([]*Claim, error) {
	out := make([]*Claim, len(ids))
	return out, s.ofClaims(ctx, on, ids, func(i int, x T) { out[i] = x.Listed().Find(ids[i]) })
}

// ClaimActions are what the caller may do with claims now, in their order: what verbs says of each.
func (s Shelf[T]) ClaimActions(ctx context.Context, on id.Kind, claims []*Claim, verbs func(T, *Claim) []ClaimVerb) ([][]ClaimVerb, error) {
	ids, out := make([]id.Claim, len(claims)), make([][]ClaimVerb, len(claims))
	for i, c := range claims {
		ids[i], out[i] = c.ID, []ClaimVerb{}
	}
	return out, s.ofClaims(ctx, on, ids, func(i int, x T) { out[i] = verbs(x, claims[i]) })
}

// ofClaims finds the things that claims are on, as far as there are any that the caller may read.
func (s Shelf[T]) ofClaims(ctx context.Context, on id.Kind, ids []id.Claim, each func(int, T)) error {
	things := make([]string, len(ids))
	for i, c := range ids {
		whole, _, _ := id.Whole[string](string(c), on)
		things[i] = whole
	}
	found, err := s.Things.GetMany(ctx, things)
	if err != nil {
		return err
	}
	var none T
	for i, x := range found {
		if any(x) != any(none) {
			each(i, x)
		}
	}
	return nil
}
