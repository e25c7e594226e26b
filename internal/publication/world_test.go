package publication_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
	"github.com/cobuild/cobuild/internal/publication"
)

// world is the room beside contracts that are changed by hand.
type world struct {
	*publication.Service
	mu        sync.Mutex
	at        time.Time
	seq       int64
	contracts map[id.Contract]*publication.Facts
}

func open(t *testing.T) *world {
	t.Helper()
	w := &world{at: time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC), contracts: map[id.Contract]*publication.Facts{}}
	db, err := boltstore.Open(filepath.Join(t.TempDir(), "world.bolt"), boltstore.Options{Unsynced: true})
	must(t, err)
	t.Cleanup(func() { _ = db.Close(context.WithoutCancel(t.Context())) })
	w.Service, err = publication.Open(t.Context(), db, publication.Config{
		Now: w.now, Contract: w.contract, Contracts: w.several, Rates: rates,
		Cursors: &page.Cursors{Keys: func() [][]byte { return [][]byte{make([]byte, 32)} }},
	})
	must(t, err)
	return w
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(time.Second)
	return w.at
}

// The organisations of the world.
var (
	street     = id.Derived[id.Organisation](id.KindSubDistrict, "street")
	district   = id.Derived[id.Organisation](id.KindDistrict, "district")
	host       = id.Derived[id.Organisation](id.KindCommunity, "host")
	school     = id.Derived[id.Organisation](id.KindUnit, "school")
	bank       = id.Derived[id.Organisation](id.KindUnit, "bank")
	newcomer   = id.Derived[id.Organisation](id.KindUnit, "newcomer")
	witness    = id.Derived[id.Organisation](id.KindUnit, "witness")
	unrelated  = id.Derived[id.Organisation](id.KindUnit, "unrelated")
	everything = publication.PublicFields()
)

// sign makes a contract of the host, the school, the bank and a witness, in force.
func (w *world) sign(name string) id.Contract {
	c := id.Derived[id.Contract](id.KindContract, name)
	at := w.now()
	party := func(o id.Organisation, as publication.ContractPart, name string) publication.Party {
		return publication.Party{
			Organisation: o, Part: as, Name: name,
			Signature: &publication.PublishedSignature{Organisation: o, Key: "key of " + name, SignedAt: at},
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.contracts[c] = &publication.Facts{
		Contract: c, Status: "ACTIVE", Title: "标题" + name, Purpose: "宗旨" + name, EffectiveOn: "2026-03-02", EndsOn: "2027-03-01",
		TimeZone: "Asia/Shanghai", Host: host, CommunityType: "COMMERCIAL", SubDistrict: street, District: district,
		Above: []id.Organisation{street, district},
		Parties: []publication.Party{
			party(host, "HOST", "社区"), party(school, "PARTNER", "小学"), party(bank, "PARTNER", "银行"), party(witness, "WITNESS", "见证"),
		},
		Clauses: []*publication.PublishedClause{{Key: "c1", Heading: "总则", Body: "条款" + name}},
		Commitments: []*publication.PublishedCommitment{
			{Key: "m1", Provider: school, Receivers: []id.Organisation{host, witness}, Action: "承诺" + name},
			{Key: "m2", Provider: witness, Receivers: []id.Organisation{host}, Action: "见证方的承诺"},
		},
	}
	return c
}

// change alters a contract; heard says whether its event is followed at once.
func (w *world) change(t failer, c id.Contract, heard bool, how func(*publication.Facts)) {
	t.Helper()
	w.mu.Lock()
	how(w.contracts[c])
	w.mu.Unlock()
	if heard {
		w.follow(t, c)
	}
}

func (w *world) follow(t failer, c id.Contract) {
	t.Helper()
	w.seq++
	must(t, w.FollowContract(context.Background(), journal.Entry{Seq: w.seq, Event: eventOf(c)}))
}

func leaves(o id.Organisation) func(*publication.Facts) {
	return func(f *publication.Facts) {
		for i := range f.Parties {
			if f.Parties[i].Organisation == o {
				f.Parties[i].Left = true
			}
		}
	}
}

func joins(o id.Organisation) func(*publication.Facts) {
	return func(f *publication.Facts) {
		for i := range f.Parties {
			if f.Parties[i].Organisation == o {
				f.Parties[i].Left = false
				return
			}
		}
		f.Parties = append(f.Parties, publication.Party{Organisation: o, Part: "PARTNER", Name: "新来"})
	}
}

// contract answers whoever acts for a party, is above or is the program.
func (w *world) contract(ctx context.Context, c id.Contract) (*publication.Facts, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f, a := w.contracts[c], authz.From(ctx)
	if f == nil || !a.IsSystem() && !slices.ContainsFunc(a.Holdings, func(h authz.Holding) bool {
		return slices.Contains(f.Above, h.Organisation) || slices.ContainsFunc(f.Parties, func(p publication.Party) bool { return p.Organisation == h.Organisation })
	}) {
		return nil, fault.New(fault.NotFound, fault.CodeNotFound, "id", c)
	}
	return copied(f), nil
}

func (w *world) several(_ context.Context, ids []id.Contract) ([]*publication.Facts, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make([]*publication.Facts, len(ids))
	for i, c := range ids {
		if f := w.contracts[c]; f != nil {
			out[i] = copied(f)
		}
	}
	return out, nil
}

func copied(f *publication.Facts) *publication.Facts {
	g := *f
	g.Parties, g.Former = slices.Clone(f.Parties), nil
	for _, p := range f.Parties {
		if p.Left {
			g.Former = append(g.Former, p.Organisation)
		}
	}
	return &g
}

func rates(_ context.Context, of []publication.RateOf) ([]*float64, error) {
	out := make([]*float64, len(of))
	for i, r := range of {
		out[i] = new(0.5 + float64(len(r.Parties))/10)
	}
	return out, nil
}

// as is somebody who speaks for an organisation; nobody for none.
func as(o id.Organisation) context.Context {
	if o == "" {
		return context.Background()
	}
	role := authz.Liaison
	switch o {
	case host:
		role = authz.Secretary
	case street, district:
		role = authz.Supervisor
	}
	return authz.With(context.Background(), authz.Actor{
		Person: id.Derived[id.Person](id.KindPerson, string(o)), Name: "somebody",
		Holdings: []authz.Holding{{Role: role, Organisation: o}},
	})
}

func (w *world) of(t failer, c id.Contract) *publication.Publication {
	t.Helper()
	found, err := w.OfContracts(authz.AsSystem(context.Background()), []id.Contract{c})
	must(t, err)
	return found[0]
}

// propose, agree and withdraw are an organisation's, on the version of now.
func (w *world) propose(t failer, o id.Organisation, c id.Contract, fields ...publication.PublicField) error {
	t.Helper()
	in := publication.ProposeInput{Contract: c, Fields: fields}
	if p := w.of(t, c); p != nil {
		in.ExpectedVersion = &p.Version
	}
	_, err := w.Propose(as(o), in)
	return err
}

func (w *world) agree(t failer, o id.Organisation, c id.Contract) error {
	t.Helper()
	p := w.of(t, c)
	_, err := w.Agree(as(o), publication.AgreeInput{ID: p.ID, Change: command.Change{ExpectedVersion: p.Version}})
	return err
}

func (w *world) withdraw(t failer, o id.Organisation, c id.Contract) error {
	t.Helper()
	_, err := w.Withdraw(as(o), publication.WithdrawInput{ID: w.of(t, c).ID})
	return err
}

// publish makes fields of a contract public.
func (w *world) publish(t failer, c id.Contract, fields ...publication.PublicField) {
	t.Helper()
	must(t, w.propose(t, host, c, fields...))
	for _, o := range []id.Organisation{school, bank} {
		must(t, w.agree(t, o, c))
	}
}

// listed is what a filter finds, in the order of the list.
func (w *world) listed(t failer, f *publication.Filter, o *publication.Order) []*publication.PublishedContract {
	t.Helper()
	list, err := w.PublishedContracts(context.Background(), f, o, page.Args{First: new(100)})
	must(t, err)
	n, err := list.TotalCount(context.Background())
	must(t, err)
	if n == nil || *n < len(list.Edges) {
		t.Fatalf("counted %v of %d", n, len(list.Edges))
	}
	return list.Nodes()
}

// seen is what everybody sees of a contract; nil where nothing. It checks that all paths say the same.
func (w *world) seen(t failer, c id.Contract) *publication.PublishedContract {
	t.Helper()
	p := w.of(t, c)
	if p == nil {
		return nil
	}
	ctx := context.Background()
	published := id.Twin[id.Published](id.KindPublished, string(p.ID))
	one, err := w.Published(ctx, published)
	if err != nil && !fault.Is(err, fault.CodeNotFound) {
		t.Fatalf("one: %v", err)
	}
	many, err := w.ManyPublished(ctx, []id.Published{published})
	must(t, err)
	nested, err := w.OfPublications(ctx, []*publication.Publication{p})
	must(t, err)
	asProgram, err := w.ManyPublished(authz.AsSystem(ctx), []id.Published{published})
	must(t, err)
	var listed *publication.PublishedContract
	for _, l := range w.listed(t, nil, nil) {
		if l.ID == published {
			listed = l
		}
	}
	want := text(one)
	for path, got := range map[string]string{"many": text(many[0]), "nested": text(nested[0]), "program": text(asProgram[0]), "list": text(listed)} {
		if got != want {
			t.Fatalf("%s: %s, alone: %s", path, got, want)
		}
	}
	return one
}

func text(p *publication.PublishedContract) string {
	if p == nil {
		return "nothing"
	}
	words := []string{string(p.ID), fmt.Sprint(p.PublicFields), told(p.Title), told(p.Purpose), told(p.EffectiveOn), told(p.Status), string(p.Community)}
	for _, x := range p.Parties {
		words = append(words, x.Name)
	}
	for _, x := range p.Clauses {
		words = append(words, x.Body)
	}
	for _, x := range p.Commitments {
		words = append(words, x.Action, string(x.Provider), fmt.Sprint(x.Receivers))
	}
	for _, x := range p.Signatures {
		words = append(words, x.Key)
	}
	return strings.Join(words, "|")
}

func told[V any](v *V) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprint(*v)
}

type failer interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

func must(t failer, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func refused(t failer, err error, code fault.Code, at string) {
	t.Helper()
	if !fault.Is(err, code) || strings.Join(fault.Of(err).Path, ".") != at {
		t.Fatalf("got %v, want %s at %q", err, code, at)
	}
}

func equal[V comparable](t failer, what string, got, want V) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

func fieldsOf(p *publication.PublishedContract) string {
	if p == nil {
		return "nothing"
	}
	return fmt.Sprint(p.PublicFields)
}

func day(s string) *scalar.Date { return new(scalar.Date(s)) }
