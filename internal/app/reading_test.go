package app_test

import (
	"context"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/fulfilment"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
)

// county is organisations of every kind, and contracts between them in several states.
type county struct {
	*house
	organisations []id.Organisation
	above         map[id.Organisation][]id.Organisation // the bodies above each community
	contracts     []*contract.Contract
	fulfilments   []*fulfilment.Fulfilment
}

func TestWhatAListShowsIsWhatCanBeReadOneByOne(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			s := at(t)
			w := newCounty(t, s)
			rapid.Check(t, func(t *rapid.T) {
				who := w.anybody(t)
				ctx := authz.With(w.t.Context(), who)
				w.readsContracts(t, ctx)
				w.readsFulfilments(t, ctx)
			})
		})
	}
}

// newCounty has its contracts drawn at random, but the same at every run.
func newCounty(t *testing.T, s site) *county {
	t.Helper()
	w := &county{house: open(t, s.node()), above: map[id.Organisation][]id.Organisation{}}
	var units []id.Organisation
	for _, name := range []string{"惠山区", "滨湖区"} {
		d := w.district(name)
		w.organisations = append(w.organisations, d)
		for _, name := range []string{"堰桥街道", "长安街道"} {
			s := w.subDistrict(d, name)
			c := w.community(s, "花园社区")
			w.organisations = append(w.organisations, s, c)
			w.above[c] = []id.Organisation{s, d}
			w.key(c)
		}
	}
	hosts := slices.Sorted(maps.Keys(w.above))
	for i := range 6 {
		u := w.unit(i+1, hosts[i%len(hosts)], hosts[(i+1)%len(hosts)])
		units, w.organisations = append(units, u), append(w.organisations, u)
		w.key(u)
	}
	for i := range 24 {
		w.agreement(rapid.Custom(func(t *rapid.T) []id.Organisation {
			parties := rapid.Permutation(units).Draw(t, "units")[:rapid.IntRange(1, 4).Draw(t, "partners")]
			return append([]id.Organisation{rapid.SampledFrom(hosts).Draw(t, "host")}, parties...)
		}).Example(i), i)
	}
	w.settle()
	w.leave()
	for _, c := range w.contracts {
		w.fulfilments = append(w.fulfilments, w.house.fulfilments(c.ID)...)
	}
	if len(w.fulfilments) == 0 {
		t.Fatal("nothing is due")
	}
	return w
}

// agreement makes a contract between a host and partners, and takes it so far as its number says. The program itself
// acts for all of them.
func (w *county) agreement(parties []id.Organisation, number int) {
	w.t.Helper()
	ctx := w.system()
	town := &town{community: parties[0], units: parties[1:]}
	c, err := w.Contracts.Draft(ctx, contract.DraftInput{Party: &parties[0], TextInput: town.text("2026-03-02", "2026-12-31", town.rhythm("FREQ=MONTHLY;BYMONTHDAY=-1"))})
	must(w.t, err)
	by := func(o id.Organisation) contract.StepInput {
		in := step(w.contract(c.ID))
		in.Party = &o
		return in
	}
	if number%4 > 0 {
		_, err = w.Contracts.Propose(ctx, contract.ProposeInput{StepInput: by(parties[0])})
		must(w.t, err)
	}
	for i, o := range parties[1:] {
		switch {
		case number%4 == 2 && i > 0 || number%12 == 10: // some decline, sometimes all
			_, err = w.Contracts.Decline(ctx, contract.DeclineInput{StepInput: by(o)})
		case number%4 > 1:
			_, err = w.Contracts.Agree(ctx, contract.AgreeInput{StepInput: by(o)})
		}
		must(w.t, err)
	}
	if number%4 == 3 {
		c, err = w.Contracts.OpenForSigning(ctx, contract.OpenInput{StepInput: by(parties[0])})
		must(w.t, err)
		for _, o := range parties {
			_, err = w.Contracts.Sign(ctx, contract.SignInput{ID: c.ID, TextHash: c.Frozen.Hash, Party: &o})
			must(w.t, err)
		}
	}
	w.contracts = append(w.contracts, w.contract(c.ID))
}

// leave has the last party of some contracts in force give notice, and lets its day come.
func (w *county) leave() {
	w.t.Helper()
	exited := 0
	for i, c := range w.contracts {
		if c = w.contract(c.ID); c.Status == contract.Active && i%8 == 3 {
			in := contract.NoticeInput{StepInput: step(c), Reason: "撤点"}
			in.Party = &c.Current[len(c.Current)-1]
			_, err := w.Contracts.GiveNotice(w.system(), in)
			must(w.t, err)
		}
	}
	w.at("2026-04-02T00:00:00+08:00")
	for i, c := range w.contracts {
		w.contracts[i] = w.contract(c.ID)
		exited += len(w.contracts[i].Former)
	}
	if exited == 0 {
		w.t.Fatal("nobody has exited")
	}
}

// anybody holds up to three roles somewhere, whether they fit there or not; or is nobody.
func (w *county) anybody(t *rapid.T) authz.Actor {
	roles := []authz.Role{authz.Secretary, authz.Liaison, authz.GridSteward, authz.Member, authz.Supervisor, authz.Auditor}
	holding := rapid.Custom(func(t *rapid.T) authz.Holding {
		return authz.Holding{
			Role:         rapid.SampledFrom(roles).Draw(t, "role"),
			Organisation: rapid.SampledFrom(w.organisations).Draw(t, "organisation"),
			Signing:      rapid.Bool().Draw(t, "signing"),
		}
	})
	a := authz.Actor{Holdings: rapid.SliceOfN(holding, 0, 3).Draw(t, "holdings")}
	if rapid.IntRange(0, 9).Draw(t, "administrator") == 0 {
		a.Holdings = append(a.Holdings, authz.Holding{Role: authz.Administrator})
	}
	if len(a.Holdings) > 0 {
		a.Person = id.Derived[id.Person](id.KindPerson, "anybody")
	}
	return a
}

// may is the rule in its own words: a contract is read by the people of its parties who speak for them or look after
// them, also of those that had signed and have exited, and by the officers of the bodies above its host.
func (w *county) may(ctx context.Context, c *contract.Contract) bool {
	return w.reads(ctx, c, func(p *contract.Party) bool { return p.State != contract.Left })
}

// mayOf is the rule for a fulfilment: a party that has exited reads what was due before, and what it has a part in.
func (w *county) mayOf(ctx context.Context, c *contract.Contract, f *fulfilment.Fulfilment) bool {
	return w.reads(ctx, c, func(p *contract.Party) bool {
		took := p.Organisation == f.Provider || slices.Contains(f.Receivers, p.Organisation)
		return p.State != contract.Left && (p.State != contract.Exited || took || f.DueOn < p.Notice.EffectiveOn)
	})
}

func (w *county) reads(ctx context.Context, c *contract.Contract, as func(*contract.Party) bool) bool {
	return slices.ContainsFunc(authz.From(ctx).Holdings, func(h authz.Holding) bool {
		p := c.Party(h.Organisation)
		party := p != nil && as(p)
		switch h.Role {
		case authz.Secretary, authz.Liaison, authz.GridSteward:
			return party
		case authz.Supervisor, authz.Auditor:
			return party || slices.Contains(w.above[c.Host], h.Organisation)
		}
		return false
	})
}

func (w *county) readsContracts(t *rapid.T, ctx context.Context) {
	t.Helper()
	var want []id.Contract
	for _, c := range w.contracts {
		_, err := w.Contracts.Contract(ctx, c.ID)
		if err != nil {
			refused(t, err, fault.CodeNotFound)
		}
		equal(t, "one by one: "+string(c.ID), err == nil, w.may(ctx, c))
		if err == nil {
			want = append(want, c.ID)
		}
	}
	var count *int
	got := all(t, func(a page.Args) (*contract.Connection, error) {
		list, err := w.Contracts.Contracts(ctx, nil, nil, a)
		if err == nil {
			count, err = list.TotalCount(ctx)
		}
		return list, err
	})
	var listed []id.Contract
	for _, c := range got {
		listed = append(listed, c.ID)
	}
	same(t, "contracts", listed, want)
	var promised []id.Contract
	for _, p := range all(t, func(a page.Args) (*page.Connection[*fulfilment.Plan], error) {
		return w.Fulfilments.Commitments(ctx, nil, nil, a)
	}) {
		promised = append(promised, p.Contract) // each has one commitment
	}
	same(t, "commitments", promised, want)
	if count == nil || *count != len(want) {
		t.Fatalf("counted %v of %d", count, len(want))
	}
}

func (w *county) readsFulfilments(t *rapid.T, ctx context.Context) {
	t.Helper()
	ids := make([]id.Fulfilment, len(w.fulfilments))
	for i, f := range w.fulfilments {
		ids[i] = f.ID
	}
	found, err := w.Fulfilments.Many(ctx, ids)
	must(t, err)
	var want, listed []id.Fulfilment
	for i, f := range w.fulfilments {
		of := slices.IndexFunc(w.contracts, func(c *contract.Contract) bool { return c.ID == f.Contract })
		equal(t, "one by one: "+string(f.ID), found[i] != nil, w.mayOf(ctx, w.contracts[of], f))
		if found[i] != nil {
			want = append(want, f.ID)
		}
	}
	for _, f := range all(t, func(a page.Args) (*fulfilment.Connection, error) {
		return w.Fulfilments.Fulfilments(ctx, nil, nil, a)
	}) {
		listed = append(listed, f.ID)
	}
	same(t, "fulfilments", listed, want)
}

// same checks that two lists hold the same things, each once, in whatever order.
func same[I ~string](t failer, what string, got, want []I) {
	t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("%s: listed %v, readable %v", what, got, want)
	}
}
