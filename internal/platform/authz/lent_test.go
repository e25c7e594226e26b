package authz_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
)

// borrower leads "own" and holds an office in "branch" by delegation, as much as a delegation can ever give.
func borrower(more ...authz.Holding) authz.Actor {
	return authz.Actor{Person: "p", Holdings: append([]authz.Holding{
		{Role: authz.Liaison, Organisation: "own", Signing: true}, {Role: authz.Liaison, Organisation: "branch", By: "d"},
	}, more...)}
}

func TestALentRoleCountsOnlyWhereTheTableLendsTheAction(t *testing.T) {
	o := thing{Parties: []id.Organisation{"branch", "host"}}
	who := authz.To(authz.Partying, authz.Liaison)
	table := authz.Table{{Action: "lent", Who: who, Lent: true}, {Action: "kept", Who: who}, {Action: "signed", Who: authz.To(authz.Partying, authz.Signer), Lent: true}}
	for action, want := range map[string]bool{"lent": true, "kept": false, "signed": false} {
		if got := table.Allows(borrower(), action, o); got != want {
			t.Errorf("%s is %v", action, got)
		}
	}
	if a := borrower(); a.Holds(authz.Liaison, "branch") || len(a.In(authz.Liaison)) != 1 {
		t.Error("a lent role passes for one's own")
	}
}

func TestNobodyActsByALentRoleWhereTheyHaveAnotherSide(t *testing.T) {
	table := authz.Table{{Action: "act", Who: authz.To(authz.Partying, authz.Liaison), Lent: true, Sided: true}}
	act := func(a authz.Actor, as id.Organisation) bool {
		r, _ := table.Rule("act")
		return a.Under(r, thing{Parties: []id.Organisation{"branch", "own", "sister"}, Above: []id.Organisation{"street"}}).Acts(authz.Liaison, as)
	}
	if act(borrower(), "branch") || !act(borrower(), "own") {
		t.Error("who is a party acts for another one")
	}
	r, _ := table.Rule("act")
	apart := thing{Parties: []id.Organisation{"branch", "host"}, Above: []id.Organisation{"street"}}
	if !borrower().Under(r, apart).Acts(authz.Liaison, "branch") {
		t.Error("who has no other side does not act")
	}
	for _, other := range []authz.Holding{
		{Role: authz.Supervisor, Organisation: "street"}, {Role: authz.Secretary, Organisation: "host", By: "e"}, {Role: authz.GridSteward, Organisation: "host"},
	} {
		a := borrower(other)
		if a.Under(r, apart).Acts(authz.Liaison, "branch") || other.By != "" && a.Under(r, apart).Acts(other.Role, "host") {
			t.Errorf("with %+v there are two sides", other)
		}
	}
	if !borrower(authz.Holding{Role: authz.Member, Organisation: "host"}).Under(r, apart).Acts(authz.Liaison, "branch") {
		t.Error("a member has no side: they act for nobody")
	}
}

func TestALentRoleGivesNothingThatAnOwnOneDoesNot(t *testing.T) {
	organisations := rapid.SampledFrom([]id.Organisation{"a", "b", "c"})
	roles := rapid.SampledFrom([]authz.Role{authz.Secretary, authz.Liaison, authz.GridSteward})
	rapid.Check(t, func(t *rapid.T) {
		holding := rapid.Custom(func(t *rapid.T) authz.Holding {
			return authz.Holding{Role: roles.Draw(t, "role"), Organisation: organisations.Draw(t, "in"), By: rapid.SampledFrom([]id.Delegation{"", "d"}).Draw(t, "by")}
		})
		lent := authz.Actor{Person: "p", Holdings: rapid.SliceOfN(holding, 0, 4).Draw(t, "holdings")}
		own := authz.Actor{Person: "p"}
		for _, h := range lent.Holdings {
			h.By = ""
			own.Holdings = append(own.Holdings, h)
		}
		table := authz.Table{{
			Action: "act", Who: authz.To(authz.Partying, roles.Draw(t, "who")), Lent: rapid.Bool().Draw(t, "lent"), Sided: rapid.Bool().Draw(t, "sided"),
		}}
		o := thing{Parties: rapid.SliceOfN(organisations, 0, 3).Draw(t, "parties")}
		if table.Allows(lent, "act", o) && !table.Allows(own, "act", o) {
			t.Fatalf("%+v gives more than %+v", lent, own)
		}
	})
}

// paper is a document of two organisations.
type paper struct {
	store.Meta[id.Contract] `bson:",inline"`
}

func (*paper) Audience() []string { return []string{"branch", "host"} }

func TestAnEventTellsUnderWhichDelegationSomebodyActed(t *testing.T) {
	db, err := boltstore.Open(filepath.Join(t.TempDir(), "papers.db"), boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	table := authz.Table{{Action: "paper.read", Who: authz.To(authz.Anywhere, authz.Anyone)}}
	papers, err := store.Open(t.Context(), db, store.Options[*paper]{
		Schema: store.Schema{Name: "papers"}, Read: "paper.read", Now: time.Now, Policy: authz.PolicyOf[*paper](table, "paper.read", nil, nil, nil),
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		who  authz.Actor
		want string
	}{
		"borrower": {borrower(), "d"}, "own": {borrower(authz.Holding{Role: authz.Secretary, Organisation: "host"}), ""},
		"no one": {authz.Actor{}, ""}, "elsewhere": {authz.Actor{Person: "p", Holdings: []authz.Holding{{Role: authz.Liaison, Organisation: "far", By: "d"}}}, ""},
	} {
		p := &paper{}
		p.ID = id.Derived[id.Contract](id.KindContract, name)
		if err := p.Tell("paper.written", nil); err != nil {
			t.Fatal(err)
		}
		kept, err := papers.Add(authz.With(t.Context(), tt.who), "paper.read", p)
		if err != nil {
			t.Fatal(err)
		}
		if got := kept.Outbox[0].By; got != tt.want {
			t.Errorf("%s acted under %q", name, got)
		}
	}
}
