package notification

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// Every rule is heard once, of an event in which unit 1 has acted, and tells just the organisations of its circle.
func TestEachEventTellsTheRightPeople(t *testing.T) {
	all := []id.Organisation{host(), unit(1), unit(2)}
	for _, r := range Rules() {
		if r.Event == "" || r.To == ThePerson {
			continue
		}
		t.Run(r.Event, func(t *testing.T) {
			w := open(t)
			subject := string(theContract())
			if strings.HasPrefix(r.Event, "fulfilment.") {
				subject = string(theFulfilment())
			}
			w.happens(t, r.Event, subject, "", bson.M{"party": unit(1), "provider": unit(2), "appraiser": unit(1), "appraised": unit(2), "organisation": unit(1)})
			want := map[Circle][]id.Organisation{
				Parties: all, Others: {host(), unit(2)}, TheHost: {host()}, Provider: {unit(2)}, Receivers: {host()}, BothSides: {unit(2), host()},
				Appraiser: {unit(1)}, Appraised: {unit(2)}, TheOwner: {unit(1)},
			}[r.To]
			for _, o := range all {
				for _, role := range []string{"secretary", "liaison", "member"} {
					told := slices.Contains(want, o) && (role == "liaison" || role == "secretary" && !slices.Contains(r.Roles, authz.Signer))
					got := w.kinds(t, person(o, role))
					if told != (len(got) == 1) || told && got[0] != r.Kind {
						t.Errorf("%s of %s is told %v", role, o, got)
					}
				}
			}
		})
	}
}

func TestEveryKindHasARuleAndASentenceInBothLanguages(t *testing.T) {
	v, err := loadVocabulary()
	must(t, err)
	for _, k := range Kinds() {
		if !slices.ContainsFunc(Rules(), func(r Rule) bool { return r.Kind == k }) {
			t.Errorf("no event tells of %s", k)
		}
		for l, w := range v {
			if w[string(k)] == "" || strings.Contains(w[string(k)], "{") || w[string(k)+".facts"] == "" {
				t.Errorf("%s has no sentence for %s, or one with facts where there are none", l, k)
			}
		}
	}
	if len(Rules()) != len(Kinds()) {
		t.Errorf("%d rules for %d kinds", len(Rules()), len(Kinds()))
	}
	for key := range v[English] {
		if v[Chinese][key] == "" {
			t.Errorf("%s is in English alone", key)
		}
	}
	if len(v[English]) != len(v[Chinese]) {
		t.Error("the languages differ in what they can say")
	}
}

func TestNobodyIsToldWhatTheyDidThemselves(t *testing.T) {
	w := open(t)
	actor := person(host(), "secretary")
	w.happens(t, "contract.activated", string(theContract()), actor, nil)
	if got := w.kinds(t, actor); len(got) != 0 {
		t.Errorf("who did it is told %v", got)
	}
	if got := w.kinds(t, person(host(), "liaison")); len(got) != 1 {
		t.Errorf("a colleague is told %v", got)
	}
}

func TestARoleIsToldToItsPersonAlone(t *testing.T) {
	w := open(t)
	p := person(unit(1), "liaison")
	w.happens(t, "role.granted", string(p), person(host(), "secretary"), bson.M{"role": authz.Liaison, "organisation": unit(1)})
	got := w.inbox(t, p)
	if len(got) != 1 || got[0].Kind != RoleGranted || got[0].Role != authz.Liaison || got[0].Organisation != unit(1) {
		t.Fatalf("got %+v", got)
	}
	if got := w.kinds(t, person(unit(1), "secretary")); len(got) != 0 {
		t.Errorf("a colleague is told %v", got)
	}
	w.happens(t, "role.revoked", string(p), p, bson.M{"role": authz.Liaison, "organisation": unit(1)})
	if got := w.inbox(t, p); len(got) != 1 {
		t.Error("who has laid down a role is told of it")
	}
}

// Events may come twice and late: each is told once to each person.
func TestHearingAgainTellsNobodyTwice(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := open(t)
		var story []journal.Entry
		for _, r := range Rules() {
			if r.Event != "" && r.To != ThePerson && rapid.Bool().Draw(rt, r.Event) {
				story = append(story, w.event(t, r.Event, string(theContract()), "", bson.M{"party": unit(1)}))
			}
		}
		for _, e := range story {
			must(t, w.Follow(t.Context(), e))
		}
		want := len(w.inbox(t, person(host(), "liaison")))
		for _, e := range story {
			if rapid.Bool().Draw(rt, "again") {
				must(t, w.Follow(t.Context(), e))
			}
		}
		if got := len(w.inbox(t, person(host(), "liaison"))); got != want {
			rt.Fatalf("%d notifications, and heard again %d", want, got)
		}
	})
}

func TestOldNewsAreNone(t *testing.T) {
	w := open(t)
	e := w.event(t, "contract.activated", string(theContract()), "", nil)
	w.wait(Stale + time.Hour)
	must(t, w.Follow(t.Context(), e))
	if got := w.kinds(t, person(host(), "liaison")); len(got) != 0 {
		t.Errorf("after a month they are told %v", got)
	}
}

// A contract with 64 parties of ten people each is told in steps, and to everybody once.
func TestALargeRoundGoesOnInSteps(t *testing.T) {
	w := open(t)
	var parties []id.Organisation
	var everybody []id.Person
	for i := range 64 {
		o := unit(i)
		parties = append(parties, o)
		for n := range 10 {
			p := person(o, strconv.Itoa(n))
			w.staff[o] = append(w.staff[o], post{p, authz.Liaison, false})
			everybody = append(everybody, p)
		}
	}
	e := w.happens(t, "contract.activated", string(theContract()), "", bson.M{"parties": parties})
	told := func() int {
		n := 0
		for _, p := range everybody {
			n += len(w.inbox(t, p))
		}
		return n
	}
	if n := told(); n < peopleAtOnce || n >= len(everybody) {
		t.Errorf("at first %d are told", n)
	}
	must(t, w.Follow(t.Context(), e)) // heard again while it is under way
	w.tick(t)
	if n := told(); n != len(everybody) {
		t.Errorf("%d notifications for %d people", n, len(everybody))
	}
	if left, _, err := w.rounds.Count(authz.AsSystem(t.Context()), roundWake.Lte(w.now()), 10); err != nil || left != 0 {
		t.Errorf("%d rounds are left, %v", left, err)
	}
}

func dueEvent(status string) bson.M {
	return bson.M{"dueOn": scalar.Date("2026-03-12"), "status": status, "endsOn": nil}
}

func TestWhatIsDueSoonIsToldToWhoPromisedIt(t *testing.T) {
	w := open(t)
	p := person(unit(1), "liaison")
	for _, what := range []string{"fulfilment.planned", "fulfilment.resumed"} { // these alone remind nobody
		w.happens(t, what, string(theFulfilment()), "", dueEvent("DUE"))
	}
	w.wait(5 * 24 * time.Hour)
	w.tick(t)
	if got := w.kinds(t, p); len(got) != 0 {
		t.Fatalf("before it is said to be soon: %v", got)
	}
	for i := range 2 { // seven days before, and one
		e := w.happens(t, "fulfilment.dueSoon", string(theFulfilment()), "", dueEvent("DUE"))
		must(t, w.Follow(t.Context(), e)) // heard again
		if got := w.kinds(t, p); len(got) != i+1 {
			t.Errorf("told %v", got)
		}
	}
	if n := w.inbox(t, p)[0]; n.Kind != FulfilmentDueSoon || *n.On != "2026-03-12" || n.Subject != string(theFulfilment()) {
		t.Errorf("told %+v", n)
	}
	if got := w.kinds(t, person(host(), "secretary")); len(got) != 0 {
		t.Errorf("who was promised is told %v", got)
	}
}

func TestAContractsEndIsRemindedOfAndMovesWithItsText(t *testing.T) {
	w := open(t)
	c, p := string(theContract()), person(unit(2), "secretary")
	ends := func(on, status string) bson.M { return bson.M{"endsOn": scalar.Date(on), "status": status} }
	w.happens(t, "contract.moved", c, "", ends("2026-06-01", "ACTIVE"))
	w.wait(31 * 24 * time.Hour) // 2 April: 60 days before
	w.tick(t)
	w.tick(t)
	if got := w.kinds(t, p); len(got) != 1 || got[0] != ContractEndsSoon {
		t.Fatalf("sixty days before: %v", got)
	}
	w.happens(t, "contract.moved", c, "", ends("2026-08-01", "SUSPENDED"))
	w.wait(31 * 24 * time.Hour)
	w.tick(t)
	if got := w.kinds(t, p); len(got) != 1 {
		t.Errorf("its end has moved, and yet: %v", got)
	}
	w.wait(61 * 24 * time.Hour) // 3 July: both moments have come meanwhile
	w.tick(t)
	if got := w.inbox(t, p); len(got) != 2 || *got[0].On != "2026-08-01" {
		t.Errorf("thirty days before: %v", w.kinds(t, p))
	}
	w.happens(t, "contract.moved", c, "", ends("2026-12-01", "ACTIVE"))
	w.happens(t, "contract.moved", c, "", ends("2026-12-01", "TERMINATED"))
	w.wait(140 * 24 * time.Hour)
	w.tick(t)
	if got := w.inbox(t, p); len(got) != 1 || *got[0].On != "2026-08-01" { // the first one is old, and gone
		t.Errorf("it has ended, and yet: %v", w.kinds(t, p))
	}
}

func TestADayThatIsOverIsNotRemindedOf(t *testing.T) {
	w := open(t)
	w.happens(t, "contract.moved", string(theContract()), "", bson.M{"endsOn": scalar.Date("2026-05-12"), "status": "ACTIVE"})
	w.wait(72 * 24 * time.Hour) // the server has rested for that long
	w.tick(t)
	if got := w.kinds(t, person(unit(1), "secretary")); len(got) != 0 {
		t.Errorf("told %v", got)
	}
	w.wait(70 * 24 * time.Hour)
	w.tick(t)
	n, _, err := w.reminders.Count(authz.AsSystem(t.Context()), reminderExpires.Lte(w.now()), 10)
	if err != nil || n != 0 {
		t.Errorf("%d reminders are left, %v", n, err)
	}
}
