package authz_test

import (
	"fmt"
	"slices"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// notice is an object that is addressed to organisations, bodies or everybody.
type notice struct {
	To  []id.Organisation `bson:"to"`
	Own []id.Organisation `bson:"own"`
}

func (n notice) Stand(r authz.Relation) []id.Organisation {
	return map[authz.Relation][]id.Organisation{authz.Addressed: n.To, authz.Own: n.Own}[r]
}

func notices() authz.Table {
	return authz.Table{
		{Action: "read", Who: slices.Concat(authz.To(authz.Addressed, authz.Secretary, authz.Anyone), authz.To(authz.Own, authz.Secretary))},
		{Action: "answer", Who: authz.To(authz.Addressed, authz.Secretary, authz.Liaison)},
	}
}

func TestWhatIsAddressedToABodyReachesAllBelowIt(t *testing.T) {
	secretary := authz.Actor{Person: "p", Holdings: []authz.Holding{{Role: authz.Secretary, Organisation: "community", Within: []id.Organisation{"street", "district"}}}}
	supervisor := authz.Actor{Person: "q", Holdings: []authz.Holding{{Role: authz.Supervisor, Organisation: "street"}}}
	operator := authz.Actor{Person: "r", Holdings: []authz.Holding{{Role: authz.Secretary}}} // in no organisation
	for to, want := range map[id.Organisation][3]bool{
		"community": {true, false, false}, "street": {true, false, false}, "district": {true, false, false}, "other": {},
		authz.Everybody: {true, true, true},
	} {
		n := notice{To: []id.Organisation{to}}
		for i, a := range []authz.Actor{secretary, supervisor, {}} {
			if got := notices().Allows(a, "read", n); got != want[i] {
				t.Errorf("to %s, %d reads it: %v", to, i, got)
			}
		}
		if got := notices().Allows(operator, "answer", n); got {
			t.Errorf("to %s, who is in no organisation answers", to)
		}
	}
}

func TestTheOrganisationsThatSomebodyActsForInAMatterAreTheirOwn(t *testing.T) {
	a := authz.Actor{Person: "p", Holdings: []authz.Holding{
		{Role: authz.Liaison, Organisation: "unit", Within: []id.Organisation{"street"}},
		{Role: authz.Secretary, Organisation: "community", Within: []id.Organisation{"street"}},
		{Role: authz.Secretary, Organisation: "far", Within: []id.Organisation{"town"}},
		{Role: authz.Member, Organisation: "club", Within: []id.Organisation{"street"}},
	}}
	for to, want := range map[id.Organisation]string{"street": "[community unit]", "far": "[far]", authz.Everybody: "[community far unit]", "none": "[]"} {
		got := notices().For(a, "answer", notice{To: []id.Organisation{to}})
		slices.Sort(got)
		if fmt.Sprint(got) != want {
			t.Errorf("to %s: %v", to, got)
		}
	}
}

func TestWhatIsListedAndWhatIsToldIsWhatIsReached(t *testing.T) {
	names := rapid.SampledFrom([]id.Organisation{"a", "b", "c", "d"})
	cols := authz.Columns{authz.Addressed: store.Each[id.Organisation]("to").In, authz.Own: store.Each[id.Organisation]("own").In}
	rapid.Check(t, func(t *rapid.T) {
		a := authz.Actor{Person: "p"}
		for range rapid.IntRange(0, 3).Draw(t, "roles") {
			a.Holdings = append(a.Holdings, authz.Holding{
				Role:         rapid.SampledFrom([]authz.Role{authz.Secretary, authz.Member}).Draw(t, "role"),
				Organisation: names.Draw(t, "in"), Within: rapid.SliceOfN(names, 0, 2).Draw(t, "within"),
			})
		}
		n := notice{To: rapid.SliceOfN(rapid.OneOf(names, rapid.Just(id.Organisation(authz.Everybody))), 0, 2).Draw(t, "to"), Own: rapid.SliceOfN(names, 0, 1).Draw(t, "own")}
		doc, err := bson.Marshal(n)
		if err != nil {
			t.Fatal(err)
		}
		read := notices().Allows(a, "read", n)
		if listed := notices().Filter(a, "read", cols, nil).Match(doc); listed != read {
			t.Fatalf("%+v reads %+v: %v, and it is listed: %v", a, n, read, listed)
		}
		var audience []string
		for _, o := range n.Own {
			audience = append(audience, string(o))
		}
		for _, o := range n.To {
			audience = append(audience, authz.ShownTo(o))
		}
		if could := notices().Could(a, "read", "s", audience); could != read {
			t.Fatalf("%+v reads %+v: %v, and could when it was told: %v", a, n, read, could)
		}
		if heard := slices.ContainsFunc(append(a.Heard(), authz.Everybody), func(s string) bool { return slices.Contains(audience, s) }); read && !heard {
			t.Fatalf("%+v reads %+v and would not hear of it", a, n)
		}
	})
}

// A body that merely stands above is no body below which everybody may read.
func TestWhoSupervisesIsNotWhoIsAddressed(t *testing.T) {
	a := authz.Actor{Person: "p", Holdings: []authz.Holding{{Role: authz.Secretary, Organisation: "community", Within: []id.Organisation{"street"}}}}
	if notices().Could(a, "read", "s", []string{"street", "other"}) {
		t.Error("a secretary below a supervising body reads what only that body saw")
	}
}

func TestTheWaysInWhichWhatIsAddressedCanBeSeenAreNamed(t *testing.T) {
	if got := fmt.Sprint(notices().Sights("read", notice{To: []id.Organisation{"street"}})); got != "[{ADDRESSEE street [SECRETARY]}]" {
		t.Error(got)
	}
	if got := fmt.Sprint(notices().Sights("read", notice{To: []id.Organisation{authz.Everybody}})); got != "[{ADDRESSEE  [ANYONE]}]" {
		t.Error(got)
	}
}
