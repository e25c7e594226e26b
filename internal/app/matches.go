package app

import (
	"context"
	"fmt"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/exchange"
	"github.com/cobuild/cobuild/internal/fulfilment"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/match"
	"github.com/cobuild/cobuild/internal/need"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/resource"
)

func (a *App) matches(ctx context.Context) error {
	var err error
	a.Matches, err = match.Open(ctx, a.Backend, match.Config{
		Now: a.Now, Cursors: a.Cursors, Weights: a.MatchWeights,

		Needs: a.neededItems, Resources: a.offeredItems, Keys: seesAs, ReadBy: readAs, Categories: a.filed,
		Promised: a.promisedIn, Fulfilled: fulfilledBy, Share: a.shareOf, Judged: a.judged,
		Organisations: a.Directory.Facts,
	})
	return err
}

// followForMatches says what the room of matches hears of.
func (a *App) followForMatches() {
	a.Journal.Follow("cards-of-needs-and-resources", []string{"need.*", "resource.*"}, a.Matches.FollowItem)
	a.Journal.Follow("books-of-promises", []string{"contract.*", "need.*", "resource.*"}, a.Matches.FollowPromises)
	a.Journal.Follow("books-of-fulfilments", []string{"fulfilment.*"}, a.Matches.FollowFulfilment)
}

// seesAs are the names under which the audiences of needs and resources can mean the caller.
func seesAs(ctx context.Context) (keys []string, all bool) {
	who := authz.From(ctx)
	return append([]string{authz.Everybody}, who.Heard()...), who.IsSystem()
}

// readAs are the names under which the audiences of needs and resources can mean the people of an organisation.
func readAs(o organisation.Facts) []string {
	return append([]string{authz.Everybody}, authz.Actor{Holdings: []authz.Holding{{Organisation: o.ID, Within: o.Above}}}.Heard()...)
}

func (a *App) neededItems(ctx context.Context, ids []id.Need) ([]*match.Item, error) {
	found, err := a.Needs.Many(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]*match.Item, len(found))
	for i, n := range found {
		if n != nil {
			out[i] = itemOf(&n.Listing, n.Audience())
			out[i].ID, out[i].Side, out[i].Status, out[i].Standing = string(n.ID), match.NeedSide, string(n.Status), standingOfNeed(n)
		}
	}
	return out, nil
}

func standingOfNeed(n *need.Need) match.Standing {
	switch {
	case n.Status == need.Published && n.Left() > 0:
		return match.Free
	case n.Status == need.Published, n.Status == need.Claimed:
		return match.Taken
	}
	return match.Closed
}

func (a *App) offeredItems(ctx context.Context, ids []id.Resource) ([]*match.Item, error) {
	found, err := a.Resources.Many(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]*match.Item, len(found))
	for i, r := range found {
		if r != nil {
			out[i] = itemOf(&r.Listing, r.Audience())
			out[i].ID, out[i].Side, out[i].Status, out[i].Standing = string(r.ID), match.ResourceSide, string(r.Status), standingOfResource(r)
		}
	}
	return out, nil
}

func standingOfResource(r *resource.Resource) match.Standing {
	switch {
	case r.Status == resource.Offered && r.Left() > 0:
		return match.Free
	case r.Status == resource.Offered, r.Status == resource.Exhausted:
		return match.Taken
	}
	return match.Closed
}

// itemOf is what a need or a resource is to the room of matches.
func itemOf(l *exchange.Listing, audience []string) *match.Item {
	i := &match.Item{
		Organisation: l.Publisher, Above: l.Above(), Category: l.Category,
		Title: l.Title, Left: new(l.Left()), Unit: l.Unit, ValidUntil: new(l.ValidUntil.End(exchange.Zone())), Audience: audience,
	}
	if l.UnitKind != nil {
		i.Kind = string(*l.UnitKind)
	}
	if l.CommunityType != nil {
		i.Kind, i.Type = "COMMUNITY", match.CommunityType(*l.CommunityType)
	}
	if l.Place != nil && l.Place.Point != nil {
		i.Place = &match.Point{Lon: l.Place.Point.Longitude(), Lat: l.Place.Point.Latitude()}
	}
	for _, w := range l.Windows {
		i.Windows = append(i.Windows, match.Window{
			Recurrence: organisation.Told(w.Recurrence), From: w.StartsOn, Until: w.EndsOn, Begins: organisation.Told(w.From), Ends: organisation.Told(w.To),
		})
	}
	return i
}

// filed is the tree of categories.
func (a *App) filed(ctx context.Context) ([]match.Filed, error) {
	t, err := a.Categories.Tree(authz.AsSystem(ctx))
	if err != nil {
		return nil, err
	}
	out := make([]match.Filed, len(t.Categories))
	for i, c := range t.Categories {
		out[i] = match.Filed{Code: c.Code, Parent: c.Parent, En: c.NameEn, Zh: c.Name}
	}
	return out, nil
}

// promisedIn tells what organisations have open: in a contract the commitments that each provides while it is in force, on a
// need or a resource their live claims. In what is there no more nobody has anything.
func (a *App) promisedIn(ctx context.Context, about string) (out []match.Promised, err error) {
	switch k, _ := id.KindOf(about); k {
	case id.KindContract:
		var c *contract.Contract
		if c, err = a.Contracts.Contract(ctx, id.Contract(about)); err == nil {
			out = openIn(c)
		}
	case id.KindNeed:
		var n *need.Need
		if n, err = a.Needs.Need(ctx, id.Need(about)); err == nil {
			out = claimedOf(&n.Listing)
		}
	case id.KindResource:
		var r *resource.Resource
		if r, err = a.Resources.Resource(ctx, id.Resource(about)); err == nil {
			out = offeredOf(r)
		}
	}
	if fault.Is(err, fault.CodeNotFound) {
		return nil, nil
	}
	return out, err
}

func openIn(c *contract.Contract) []match.Promised {
	inForce := c.Status == contract.Active || c.Status == contract.Suspended
	out := make([]match.Promised, len(c.Parties))
	for i, p := range c.Parties {
		out[i].Organisation = p.Organisation
		for _, m := range c.Commitments {
			if inForce && m.Provider == p.Organisation {
				out[i].Open++
			}
		}
	}
	return out
}

// claimedOf counts the claims on a need: who has taken it on has promised something.
func claimedOf(l *exchange.Listing) []match.Promised {
	var out []match.Promised
	for _, o := range l.Claimants {
		p := match.Promised{Organisation: o}
		for _, c := range l.Claims {
			if c.Claimant == o && (c.Status == exchange.ClaimPending || c.Status == exchange.ClaimAccepted) {
				p.Open++
			}
		}
		out = append(out, p)
	}
	return out
}

// offeredOf counts the claims on a resource: who offers it has promised it to them, as long as there is anything to be had.
func offeredOf(r *resource.Resource) []match.Promised {
	p := match.Promised{Organisation: r.Publisher}
	for _, c := range r.Claims {
		if c.Status.Live() && !r.Status.Over() {
			p.Open++
		}
	}
	return []match.Promised{p}
}

// fulfilledBy reads whose promise a fulfilment's event is about.
func fulfilledBy(e journal.Entry) (match.Fulfilled, bool, error) {
	var h fulfilment.Happened
	if err := bson.Unmarshal(e.Data, &h); err != nil {
		return match.Fulfilled{}, false, fmt.Errorf("app: event %s: %w", e.ID, err)
	}
	return match.Fulfilled{Contract: h.Contract, Provider: h.Provider}, h.Was != h.Is, nil
}

func (a *App) shareOf(ctx context.Context, f match.Fulfilled) (due, kept int64, err error) {
	s, err := a.Fulfilments.Recount(ctx, fulfilment.RateOf{Contract: f.Contract, Party: f.Provider})
	return s.Due, s.Earned, err
}

// judged tells how partners have judged organisations, as far as the caller may read their cooperation records.
func (a *App) judged(ctx context.Context, of []id.Organisation) ([]match.Judged, error) {
	found, err := a.Appraisals.Records(ctx, of)
	if err != nil {
		return nil, err
	}
	out := make([]match.Judged, len(of))
	for i, r := range found {
		if r == nil {
			out[i].Hidden = true
		} else if r.Received > 0 {
			out[i].Mean = r.Score
		}
	}
	return out, nil
}

// DraftFromMatches drafts a contract from chosen matches. The room of matches says what they come to; the room of contracts
// checks it and asks whether the caller may, as for any draft. Sent again, it finds what was drafted then, whatever has
// become of the needs and resources since.
func (a *App) DraftFromMatches(ctx context.Context, in match.DraftInput) (*contract.Contract, error) {
	if c, done, err := a.Contracts.Repeated(ctx); done || err != nil {
		return c, err
	}
	f, err := a.Matches.Fill(ctx, in)
	if err != nil {
		return nil, err
	}
	c, err := a.Contracts.Draft(ctx, draftOf(in, f))
	if err != nil {
		return nil, choseBy(f, err)
	}
	return c, nil
}

func draftOf(in match.DraftInput, f *match.Filled) contract.DraftInput {
	out := contract.DraftInput{
		Once: in.Once, Party: in.Party,
		TextInput: contract.TextInput{
			Title: f.Title, Purpose: &f.Purpose, EffectiveOn: in.EffectiveOn, EndsOn: in.EndsOn, TimeZone: in.TimeZone,
			NoticeDays: in.NoticeDays, Language: &f.Language,
			Parties: []contract.PartyInput{{Organisation: f.Host, Part: contract.Host}},
		},
	}
	for _, o := range f.Partners {
		out.Parties = append(out.Parties, contract.PartyInput{Organisation: o, Part: contract.Partner})
	}
	for _, m := range f.Commitments {
		c := contract.CommitmentInput{
			Provider: m.Provider, Receivers: []id.Organisation{m.Receiver}, Action: m.Action, Unit: &m.Unit,
			Recurrence: m.Recurrence, StartsOn: m.StartsOn, DueOn: m.DueOn,
		}
		if m.Quantity != nil {
			c.Quantity = new(scalar.Decimal(strconv.FormatInt(*m.Quantity, 10)))
		}
		for _, e := range m.Evidence {
			c.EvidenceRequired = append(c.EvidenceRequired, contract.EvidenceKind(e))
		}
		out.Commitments = append(out.Commitments, c)
		out.Sources = append(out.Sources, contract.Source{Need: m.Need, Resource: m.Resource, Millions: m.Score, Weights: m.Version})
	}
	return out
}

// choseBy leads what is wrong with a draft to the input's own fields: what is wrong with a commitment to the match that
// brought it.
func choseBy(f *match.Filled, err error) error {
	var out fault.List
	for _, w := range fault.All(err) {
		g := *w
		switch {
		case len(w.Path) == 0:
		case w.Path[0] == "commitments" && len(w.Path) > 1:
			g.Path = []string{"matches", w.Path[1]}
		case w.Path[0] == "parties":
			g.Path = []string{"matches"}
			if i, err := strconv.Atoi(second(w.Path)); err == nil && i > 0 && i <= len(f.Partners) {
				g.Path = append(g.Path, strconv.Itoa(firstOf(f, f.Partners[i-1])))
			}
		}
		out = append(out, &g)
	}
	return out.Err()
}

// firstOf is the first match that brought a partner in.
func firstOf(f *match.Filled, partner id.Organisation) int {
	for i, m := range f.Commitments {
		if m.Provider == partner || m.Receiver == partner {
			return i
		}
	}
	return 0
}
