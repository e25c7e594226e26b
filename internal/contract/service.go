package contract

import (
	"context"
	"io"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/feed"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/signing"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Config is what the room needs of the house.
type Config struct {
	// Now is the clock, Random where identifiers come from, Cursors what seals places in lists.
	Now     func() time.Time
	Random  io.Reader
	Cursors *page.Cursors
	// Told wakes the relay after a write that left events. May be nil.
	Told func()
	// Organisations tells the facts of organisations in the order asked; the zero Facts where there is none.
	Organisations func(context.Context, []id.Organisation) ([]organisation.Facts, error)
	// SignAs signs a statement with the key held for the organisation and names the key. It refuses where none is held
	// or where it is revoked.
	SignAs func(ctx context.Context, org id.Organisation, said signing.Statement) (jws, kid string, err error)
	// CheckSignature checks an organisation's own detached JWS over a statement and names the key. It refuses a key
	// that is unknown, another organisation's or revoked.
	CheckSignature func(ctx context.Context, org id.Organisation, jws string, said signing.Statement) (kid string, err error)
	// Seal adds the keys of a bundle's signatures, puts the server's seal on it and writes it.
	Seal func(ctx context.Context, b signing.Bundle) ([]byte, error)
	// Undone tells what of a contract's promises is not done yet, with a few examples.
	Undone func(context.Context, *Contract) (Undone, error)
	// Listen begins to listen to what happens.
	Listen func(context.Context, feed.Want) (*feed.Listener, error)
}

// Service is the room's commands and queries.
type Service struct {
	Config
	table     authz.Table
	contracts *store.Collection[*Contract]
	texts     *store.Collection[*pastText]

	amendments *store.Collection[*Amendment]

	shown feed.Shared[feed.Sight, *Contract] // to those who listen
}

// Open makes the room ready on a back end.
func Open(ctx context.Context, db store.Backend, c Config) (*Service, error) {
	s := &Service{Config: c, table: access.Table()}
	var err error
	s.contracts, err = store.Open(ctx, db, store.Options[*Contract]{
		Schema: schema(),
		Policy: authz.PolicyOf[*Contract](s.table, access.ContractRead, columns(), nil, nil),
		Read:   access.ContractRead,
		Now:    c.Now,
		Make:   func(bson.Raw) (*Contract, error) { return &Contract{}, nil },
		Told:   c.Told,
	})
	if err != nil {
		return nil, err
	}
	s.texts, err = store.Open(ctx, db, store.Options[*pastText]{
		Schema: store.Schema{Name: "contract_texts", Indexes: []store.Index{store.Lookup(pastContract.Asc(), pastNumber.Asc())}},
		Policy: authz.ProgramOnly[*pastText](),
		Read:   access.ContractRead,
		Now:    c.Now,
		Make:   func(bson.Raw) (*pastText, error) { return &pastText{}, nil },
	})
	if err != nil {
		return nil, err
	}
	return s, s.openAmendments(ctx, db)
}

// Outboxes are the collections whose events the relay moves.
func (s *Service) Outboxes() []store.Outbox { return []store.Outbox{s.contracts, s.amendments} }

// Contract finds one contract that the caller may read.
func (s *Service) Contract(ctx context.Context, c id.Contract) (*Contract, error) {
	return s.contracts.Get(ctx, string(c))
}

// Many finds contracts in the order of ids; nil where there is none or the caller may not read it.
func (s *Service) Many(ctx context.Context, ids []id.Contract) ([]*Contract, error) {
	keys := make([]string, len(ids))
	for i, c := range ids {
		keys[i] = string(c)
	}
	return s.contracts.GetMany(ctx, keys)
}

// Commitment finds one commitment of a contract's current text, for callers who may read the contract.
func (s *Service) Commitment(ctx context.Context, m id.Commitment) (*Commitment, error) {
	found, err := s.Commitments(ctx, []id.Commitment{m})
	if err != nil {
		return nil, err
	}
	if found[0] == nil {
		return nil, absent(string(m))
	}
	return found[0], nil
}

// Commitments finds commitments in the order of ids; nil where the current text has none of this identifier or the
// caller may not read the contract.
func (s *Service) Commitments(ctx context.Context, ids []id.Commitment) ([]*Commitment, error) {
	wholes := make([]id.Contract, len(ids))
	for i, m := range ids {
		if id.Is(string(m), id.KindCommitment) {
			wholes[i], _, _ = id.Whole[id.Contract](string(m), id.KindContract)
		}
	}
	in, err := s.Many(ctx, wholes)
	if err != nil {
		return nil, err
	}
	out := make([]*Commitment, len(ids))
	for i, c := range in {
		if c == nil {
			continue
		}
		if at := slices.IndexFunc(c.Commitments, func(m *Commitment) bool { return m.ID == ids[i] }); at >= 0 {
			out[i] = c.Commitments[at]
		}
	}
	return out, nil
}

// AllowedActions are the verbs that the caller may do to the contract as it is now, by role and by state.
func (s *Service) AllowedActions(ctx context.Context, c *Contract) []Verb {
	a, out := authz.From(ctx), []Verb{}
	for _, v := range Verbs() {
		can := func(o id.Organisation) bool { return c.ready(v, o) == nil }
		if s.orders(a, v, c) || slices.ContainsFunc(s.actingFor(a, v.Action(), c), can) {
			out = append(out, v)
		}
	}
	return out
}

// actingFor lists the parties for which somebody may do an action, in the order of the text.
func (s *Service) actingFor(a authz.Actor, action string, c *Contract) []id.Organisation {
	return s.actingIn(a, action, c, c.Current)
}

// actingIn lists those of the parties to a contract or an amendment for which somebody may do an action.
func (s *Service) actingIn(a authz.Actor, action string, of stander, parties []id.Organisation) []id.Organisation {
	rule, _ := s.table.Rule(action)
	a = a.Under(rule, of)
	return slices.DeleteFunc(slices.Clone(parties), func(o id.Organisation) bool {
		return !a.IsSystem() && !slices.ContainsFunc(rule.Who, func(g authz.Grant) bool {
			return slices.Contains(of.Stand(g.As), o) && a.Acts(g.Role, o)
		})
	})
}

// stander is what organisations stand to.
type stander interface {
	Stand(authz.Relation) []id.Organisation
}

// by finds out for which party the caller does an action.
func (s *Service) by(ctx context.Context, action string, c *Contract, named *id.Organisation) (By, error) {
	return s.choose(ctx, action, s.actingFor(authz.From(ctx), action, c), c.Current, named)
}

// choose takes the party that is named, or the only one of the caller's own.
func (s *Service) choose(ctx context.Context, action string, mine, parties []id.Organisation, named *id.Organisation) (By, error) {
	a := authz.From(ctx)
	by := By{Person: a.Author(), At: s.now()}
	switch {
	case named == nil && len(mine) == 1:
		by.Party = mine[0]
		return by, nil
	case named == nil && len(mine) > 1:
		return by, fault.New(fault.Invalid, CodeAmbiguousParty, "organisations", mine).At("party")
	case named == nil:
		return by, refused(action, "")
	case slices.Contains(mine, *named):
		by.Party = *named
		return by, nil
	case !slices.Contains(parties, *named):
		return by, notParty(*named)
	}
	return by, refused(action, *named)
}

// refused is the answer to who acts for no party that could do this.
func refused(action string, o id.Organisation) error {
	if (action == access.ContractSign || action == access.AmendmentSign) && o != "" {
		return noRight(&o, o)
	}
	return fault.New(fault.Forbidden, fault.CodeForbidden, "action", action)
}

func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }

func absent(what string) error { return fault.New(fault.NotFound, fault.CodeNotFound, "id", what) }

// All are the contracts, for who goes through all of them.
func (s *Service) All() store.All[*Contract] { return s.contracts.All() }
