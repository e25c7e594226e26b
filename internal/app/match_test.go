package app_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/exchange"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/match"
	"github.com/cobuild/cobuild/internal/need"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/resource"
)

// lunches and lunch are a need and a resource that serves it.
func lunches() *need.Input {
	return &need.Input{Input: exchange.Input{
		Category: "ELDERS_MEALS", Title: "独居老人送餐", Quantity: 20, Unit: "份", ValidUntil: "2026-12-31", Visibility: new(exchange.ToAll),
	}}
}

func lunch(v exchange.Visibility, to ...id.Organisation) *resource.Input {
	return &resource.Input{Input: exchange.Input{
		Category: "ELDERS_MEALS", Title: "老人午餐送餐", Quantity: 15, Unit: "份", ValidUntil: "2026-12-31", Visibility: &v, Organisations: to,
		AsksAcceptance: new(false),
	}}
}

// matches are all that somebody is shown of a question, the best first.
func (h *house) matches(who id.Person, q match.Question) []*match.Match {
	h.t.Helper()
	return all(h.t, func(a page.Args) (*page.Connection[*match.Match], error) {
		got, err := h.Matches.Matches(h.as(who), q, a)
		if err != nil {
			return nil, err
		}
		return got.Connection, nil
	})
}

func (h *house) lacks(w *town) *need.Need {
	h.t.Helper()
	n, err := h.Needs.Publish(h.as(w.secretary), need.PublishInput{Need: lunches()})
	must(h.t, err)
	return n
}

func (h *house) offers(who id.Person, in *resource.Input) *resource.Resource {
	h.t.Helper()
	r, err := h.Resources.Offer(h.as(who), resource.OfferInput{Resource: in})
	must(h.t, err)
	return r
}

// Cards find and documents decide: what is claimed, withdrawn or past its day is matched no more at that
// moment, before anybody has heard of it; and what comes back is found again.
func TestMatchesFollowWhatHappensToBothSidesOnEitherStore(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			s := at(t)
			h := open(t, s.node())
			w := h.town(2)
			n := h.lacks(w)
			here := h.offers(w.liaisons[0], lunch(exchange.ToSubDistrict))
			named := h.offers(w.liaisons[1], lunch(exchange.ToOrganisations, w.units[0]))
			h.settle()
			of := match.Question{Need: &n.ID}
			near := match.Question{Need: &n.ID, NearMisses: true}
			equal(t, "whom one is shown", len(h.matches(w.secretary, of)), 1)
			equal(t, "the other who may read both", len(h.matches(w.liaisons[0], of)), 2)
			equal(t, "out of the sub-district", len(h.matches(w.southern, of)), 0)
			found := h.matches(w.secretary, of)[0]
			back := h.matches(w.secretary, match.Question{Resource: &here.ID})[0]
			equal(t, "from either side", back.Score(), found.Score())
			equal(t, "of the community", h.matches(w.secretary, match.Question{Community: &w.community})[0].ResourceID, here.ID)

			share, err := h.Resources.Claim(h.as(w.secretary), resource.ClaimInput{Resource: here.ID, Quantity: 15})
			must(t, err)
			for range 2 { // before it is heard, and after
				equal(t, "claimed wholly", len(h.matches(w.secretary, of)), 0)
				h.settle()
			}
			missed := h.matches(w.secretary, near)
			equal(t, "nearly", len(missed), 1)
			equal(t, "why not", missed[0].WhyNot[0].Name, match.AlreadyClaimed)
			_, err = h.Resources.WithdrawClaim(h.as(w.secretary), exchange.WithdrawInput{ID: share.Claim.ID})
			must(t, err)
			h.settle()
			equal(t, "given back", len(h.matches(w.secretary, of)), 1)

			h.withdraw(w.liaisons[1], named.ID)
			equal(t, "withdrawn", len(h.matches(w.liaisons[0], of)), 1)
			h = h.another(s.restart())
			h.clock.add(time.Minute) // until the leases of the one before have run out
			h.settle()
			equal(t, "after a restart", len(h.matches(w.secretary, of)), 1)
			h.at("2027-01-01T00:00:00+08:00")
			_, err = h.Matches.Matches(h.as(w.secretary), of, page.Args{First: new(1)})
			refused(t, err, match.CodeNotOpen)
		})
	}
}

func (h *house) withdraw(who id.Person, r id.Resource) {
	h.t.Helper()
	now, err := h.Resources.Resource(h.as(who), r)
	must(h.t, err)
	_, err = h.Resources.Withdraw(h.as(who), resource.WithdrawInput{Change: command.Change{ExpectedVersion: now.Version}, ID: r, Reason: new("无余力")})
	must(h.t, err)
}

// What an organisation has promised and kept is counted in books that follow contracts, claims and fulfilments: the same on
// either store, and told by the factors.
func TestPromisesMadeAndKeptAreToldByMatchesOnEitherStore(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			h := open(t, at(t).node())
			w := h.town(1)
			n := h.lacks(w)
			h.offers(w.liaisons[0], lunch(exchange.ToAll))
			h.settle()
			is := func(what string, name match.FactorName, want *float64) {
				t.Helper()
				m := h.matches(w.secretary, match.Question{Need: &n.ID})[0]
				f := m.Factors[slices.IndexFunc(m.Factors, func(f *match.Factor) bool { return f.Name == name })]
				if (f.Raw == nil) != (want == nil) || want != nil && *f.Raw != *want {
					t.Errorf("%s: %s is %v", what, name, f.Raw)
				}
			}
			is("nothing promised", match.Load, new(0.0))
			is("nothing fell due", match.Record, nil)
			var in []contract.CommitmentInput
			for range 3 {
				in = append(in, w.once("2026-03-03", 2))
			}
			first, second := h.active(w, w.text("2026-03-02", "2026-06-30", in...)), h.active(w, w.text("2026-03-02", "2026-06-30", in...))
			is("six promises", match.Load, new(5.0))
			h.at("2026-03-03T09:00:00+08:00")
			for _, c := range []id.Contract{first.ID, second.ID} {
				for i, f := range h.fulfilments(c) {
					if i == 0 {
						continue // which will fall due, and not be kept
					}
					h.does(h.report(w.liaisons[0], f.ID))
					h.does(h.accept(w.secretary, f.ID))
				}
			}
			h.at("2026-04-20T09:00:00+08:00")
			is("four of six kept", match.Record, new(67.0))
		})
	}
}

// A chosen match becomes a draft, whose commitment remembers it, and both sides lead to the contract.
func TestAMatchIsDraftedAndRememberedOnEitherStore(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			h := open(t, at(t).node())
			w := h.town(1)
			n, r := h.lacks(w), h.offers(w.liaisons[0], lunch(exchange.ToAll))
			h.settle()
			in := match.DraftInput{
				Matches: []match.ChoiceInput{{Need: n.ID, Resource: r.ID}}, EffectiveOn: "2026-04-01", EndsOn: "2026-12-31",
			}
			c, err := h.DraftFromMatches(h.as(w.secretary), in)
			must(t, err)
			equal(t, "quantity", *c.Commitments[0].Quantity, scalar.Decimal("15"))
			sources, err := h.Contracts.SourcesOf(h.as(w.secretary), c.Commitments)
			must(t, err)
			equal(t, "need", sources[0].Need, n.ID)
			equal(t, "resource", sources[0].Resource, r.ID)
			for side, list := range map[string]func(page.Args) (*contract.Connection, error){
				"need": func(a page.Args) (*contract.Connection, error) {
					return h.Contracts.FromNeed(h.as(w.liaisons[0]), n.ID, a)
				},
				"resource": func(a page.Args) (*contract.Connection, error) {
					return h.Contracts.FromResource(h.as(w.liaisons[0]), r.ID, a)
				},
			} {
				equal(t, side, all(t, list)[0].ID, c.ID)
			}
			_, err = h.DraftFromMatches(h.as(w.liaisons[0]), match.DraftInput{Matches: in.Matches, EffectiveOn: "2026-04-01", EndsOn: "2026-03-01"})
			if f := fault.All(err); len(f) == 0 || !slices.Equal(f[0].Path, []string{"endsOn"}) {
				t.Errorf("a contract that ends before it begins: %v", err)
			}
		})
	}
}

// What was promised of a resource whose last day is over is nobody's load any more.
func TestWhatIsOverIsNoLoadOnEitherStore(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			h := open(t, at(t).node())
			w := h.town(1)
			n := h.lacks(w)
			h.offers(w.liaisons[0], lunch(exchange.ToAll))
			for range 5 {
				soon := lunch(exchange.ToAll)
				soon.ValidUntil = "2026-03-10"
				r := h.offers(w.liaisons[0], soon)
				_, err := h.Resources.Claim(h.as(w.secretary), resource.ClaimInput{Resource: r.ID, Quantity: 15})
				must(t, err)
			}
			load := func() float64 {
				t.Helper()
				h.settle()
				m := h.matches(w.secretary, match.Question{Need: &n.ID})[0]
				return *m.Factors[slices.IndexFunc(m.Factors, func(f *match.Factor) bool { return f.Name == match.Load })].Raw
			}
			equal(t, "five claims", load(), 5)
			h.at("2026-03-11T09:00:00+08:00")
			equal(t, "all of them over", load(), 0)
		})
	}
}

// A text that a unit signs says nothing of what is shown to another unit alone.
func TestADraftSaysNothingThatAPartyMayNotReadOnEitherStore(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			h := open(t, at(t).node())
			w := h.town(2)
			hidden := lunches()
			hidden.Title, hidden.Visibility, hidden.Organisations = "三号楼王家的午餐", new(exchange.ToOrganisations), []id.Organisation{w.units[0]}
			secret, err := h.Needs.Publish(h.as(w.secretary), need.PublishInput{Need: hidden})
			must(t, err)
			n := h.lacks(w)
			first, second := h.offers(w.liaisons[0], lunch(exchange.ToSubDistrict)), h.offers(w.liaisons[1], lunch(exchange.ToSubDistrict))
			in := match.DraftInput{Matches: []match.ChoiceInput{{Need: secret.ID, Resource: first.ID}}, EffectiveOn: "2026-04-01", EndsOn: "2026-12-31"}
			alone, err := h.DraftFromMatches(h.as(w.secretary), in)
			must(t, err)
			equal(t, "between those who read it", strings.Contains(alone.Commitments[0].Action, hidden.Title), true)
			in.Matches = append(in.Matches, match.ChoiceInput{Need: n.ID, Resource: second.ID})
			c, err := h.DraftFromMatches(h.as(w.secretary), in)
			must(t, err)
			equal(t, "with another", strings.Contains(c.Purpose+c.Commitments[0].Action, hidden.Title), false)
			equal(t, "what all read", strings.Contains(c.Commitments[1].Action, n.Title), true)
			equal(t, "what is offered to all here", strings.Contains(c.Commitments[0].Action, first.Title), true)
		})
	}
}
