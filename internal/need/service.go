package need

import (
	"context"
	"fmt"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/exchange"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/vault"
)

// Service keeps needs.
type Service struct {
	exchange.Desk
	Vault *vault.Vault // encrypts how to reach people

	table authz.Table
	needs *store.Collection[*Need]
}

// Open makes the room ready on a back end.
func Open(ctx context.Context, db store.Backend, s Service) (*Service, error) {
	s.table = access.Table()
	out := &s
	var err error
	if s.needs, err = store.Open(ctx, db, store.Options[*Need]{
		Schema: schema(), Read: access.NeedRead, Now: s.Now, Told: s.Told,
		Sealer: s.Vault.Sealer(vault.Kind{Collection: "needs", Fields: []string{"contact"}}),
		Policy: authz.PolicyOf[*Need](s.table, access.NeedRead, exchange.Columns(), nil, out.view),
	}); err != nil {
		return nil, fmt.Errorf("needs: %w", err)
	}
	return out, nil
}

// Outboxes are the collections whose events the relay takes to the journal.
func (s *Service) Outboxes() []store.Outbox { return []store.Outbox{s.needs} }

// Sealed are the collections whose texts move from one data key to the next.
func (s *Service) Sealed() []vault.Moving { return []vault.Moving{s.needs} }

// Need finds one need that the caller may read.
func (s *Service) Need(ctx context.Context, n id.Need) (*Need, error) {
	return s.needs.Get(ctx, string(n))
}

// Many finds needs in the order of ids; nil where there is none or the caller may not read it.
func (s *Service) Many(ctx context.Context, ids []id.Need) ([]*Need, error) {
	plain := make([]string, len(ids))
	for i, n := range ids {
		plain[i] = string(n)
	}
	return s.needs.GetMany(ctx, plain)
}

// Residents are whose micro-wishes needs are, in their order, for counting who read how to reach them; empty where nobody
// with an account is. They are shown to nobody.
func (s *Service) Residents(ctx context.Context, needs []*Need) ([]id.Person, error) {
	out := make([]id.Person, len(needs))
	var ask []id.Need
	for _, n := range needs {
		if n.Reach != "" {
			ask = append(ask, n.ID)
		}
	}
	if len(ask) == 0 {
		return out, nil
	}
	found, err := s.Many(authz.AsSystem(ctx), ask)
	if err != nil {
		return nil, err
	}
	for i, n := range needs {
		for _, f := range found {
			if f != nil && f.ID == n.ID {
				out[i] = f.Resident
			}
		}
	}
	return out, nil
}

// Stand tells how organisations stand to the need.
func (n *Need) Stand(r authz.Relation) []id.Organisation { return n.Stands(r, n.Status.Shown()) }

// Audience is recorded on its events.
func (n *Need) Audience() []string { return n.Hearers(n.Status.Shown()) }

// view blanks what a caller may not see of a need that they read.
func (s *Service) view(a authz.Actor, n *Need) {
	if a.IsSystem() {
		return
	}
	if !s.reaches(a, n) {
		n.Reach = ""
	}
	n.Resident = ""
	if rule, ok := s.table.Rule(access.NeedRead); ok {
		a = a.Under(rule, n)
	}
	if n.Veil(a) {
		n.CollectedBy, n.VerifiedBy, n.ConsentBy = "", "", ""
	}
}

// reaches says whether a caller is shown how to reach the resident: the community's own people, who wrote it down, and who
// has taken the wish on, as long as the resident agrees and the matter is open.
func (s *Service) reaches(a authz.Actor, n *Need) bool {
	for _, o := range s.table.For(a, access.NeedReadReach, n) {
		if o == n.Publisher {
			return true
		}
		if n.ConsentAt == nil || n.Status.Over() {
			continue
		}
		for _, c := range n.Claims {
			if c.Claimant == o && (c.Status == exchange.ClaimAccepted || c.Status == exchange.ClaimFulfilled) {
				return true
			}
		}
	}
	return false
}

// told is the event of what happened to a need; c is the claim that it was about, or nil.
func (n *Need) told(what string, c *exchange.Claim) error {
	return n.Tell(what, n.Happening(string(n.Status), c))
}

// The events of this room. Each carries an exchange.Happened.
const (
	ToldCollected        = "need.collected"
	ToldChanged          = "need.changed"
	ToldVerified         = "need.verified"
	ToldPublished        = "need.published"
	ToldClaimed          = "need.claimed"
	ToldClaimAccepted    = "need.claimAccepted"
	ToldClaimDeclined    = "need.claimDeclined"
	ToldClaimWithdrawn   = "need.claimWithdrawn"
	ToldClaimLapsed      = "need.claimLapsed"
	ToldClosed           = "need.closed"
	ToldReported         = "need.reported"
	ToldFulfilled        = "need.fulfilled"
	ToldReturned         = "need.returned"
	ToldConfirmed        = "need.confirmed"
	ToldWithdrawn        = "need.withdrawn"
	ToldExpired          = "need.expired"
	ToldConsented        = "need.contactConsented"
	ToldConsentWithdrawn = "need.contactConsentWithdrawn"
	ToldContactDeleted   = "need.contactDeleted"
	ToldMoved            = "need.moved" // its publisher has come under other bodies
)
