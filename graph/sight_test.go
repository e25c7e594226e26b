package graph_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/graph/graphtest"
	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
)

const sights = `query($id: ID!) { whoCanSee(id: $id) { organisation { id } relation anybody roles rule note delegation { id } fields contract { id } purpose until } }`

func TestWhoCanSeeAProfileIsNamedByOrganisationRoleAndContract(t *testing.T) {
	w := graphtest.NewTown(t)
	profile := w.Do(t, "liaison", "updateCooperationProfile", telling(w.Unit), profileFields).Fine().Str("it.cooperationProfile.id")
	contract := inForce(t, w, sharingDraft(w))
	for _, who := range []string{"liaison", "secretary", "supervisor"} {
		a := w.Ask(t, who, sights, "id", profile).Fine()
		last := fmt.Sprint("whoCanSee.", a.Len("whoCanSee")-1, ".")
		for at, want := range map[string]any{
			"whoCanSee.0.organisation.id": w.Unit, "whoCanSee.0.relation": "OWN", "whoCanSee.0.rule": "profile.read", "whoCanSee.0.fields": nil, "whoCanSee.0.contract": nil,
			last + "organisation.id": w.Community, last + "relation": "READER", last + "rule": "profile.readShared", last + "contract.id": contract,
			last + "fields.0": "DUTY_PHONE", last + "until": "2026-05-31", last + "purpose": "防汛值守时联系", last + "anybody": false,
		} {
			if got := a.Get(at); got != want {
				t.Errorf("%s, %s: got %v, want %v in %s", who, at, got, want, a.Text)
			}
		}
	}
	for _, id := range []string{profile, contract, "nonsense", ""} {
		if a := w.Ask(t, "outsider", sights, "id", id).Fine(); a.Get("whoCanSee") != nil {
			t.Errorf("who cannot see it learns who can: %s", a.Text)
		}
	}
	lives(t, w, "supervisor", "terminateContract", contract, m{"reason": "辖区调整"}).Fine()
	if a := w.Ask(t, "secretary", sights, "id", profile).Fine(); a.Get("whoCanSee") != nil {
		t.Errorf("after the end: %s", a.Text)
	}
	own := w.Ask(t, "liaison", sights, "id", profile).Fine()
	for i := range own.Len("whoCanSee") {
		if own.Str(fmt.Sprint("whoCanSee.", i, ".relation")) == "READER" {
			t.Errorf("the host is named still: %s", own.Text)
		}
	}
}

func TestWhoCanSeeAContractNamesADelegationAsLongAsItIsInForce(t *testing.T) {
	w := graphtest.NewTown(t)
	contract := active(t, w).Str("it.contract.id")
	d := lent(t, w, "liaison", w.Unit, "LIAISON")
	named := func(who string) (by string, found bool) {
		a := w.Ask(t, who, sights, "id", contract).Fine()
		for i := range a.Len("whoCanSee") {
			at := fmt.Sprint("whoCanSee.", i, ".")
			if a.Get(at+"organisation.id") == w.OtherUnit {
				by, _ := a.Get(at + "delegation.id").(string)
				return by, true
			}
		}
		return "", false
	}
	if by, found := named("liaison"); !found || by != d.Str("it.delegation.id") {
		t.Errorf("the lender is told of %q, %v", by, found)
	}
	if by, found := named("secretary"); !found || by != "" {
		t.Errorf("the host, who may not read the delegation, is told of %q, %v", by, found)
	}
	w.Do(t, "liaison", "endDelegation", m{"id": d.Str("it.delegation.id"), "expectedVersion": d.Int("it.delegation.version")}, delegationFields).Fine()
	if by, found := named("liaison"); found {
		t.Errorf("after its end it is named still: %q", by)
	}
}

// notNodes are kinds of identifiers by which nothing is found alone.
func notNodes() []id.Kind {
	return []id.Kind{
		id.KindRole, id.KindAPIKey, id.KindClientKey, id.KindAssertion, id.KindIdentity, id.KindArrival,
		id.KindWebhookDelivery, id.KindBulkLine,
	}
}

// kinds are all kinds of identifiers that the program names.
func kinds(t *testing.T) []id.Kind {
	t.Helper()
	files, err := filepath.Glob("../internal/id/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	var all []id.Kind
	for _, f := range files {
		raw, err := os.ReadFile(f) //nolint:gosec // our own source
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(`\bKind\w+\s+Kind\s*=\s*"(\w{3})"|\bconst Kind\w+ Kind = "(\w{3})"`).FindAllStringSubmatch(string(raw), -1) {
			all = append(all, id.Kind(found[1]+found[2]))
		}
	}
	if len(all) < 20 {
		t.Fatalf("found only %v: does the search still work?", all)
	}
	return all
}

// sight is one way in which somebody can see a thing, as whoCanSee tells it.
type sight struct {
	organisation, delegation string
	anybody, personal        bool
	below                    bool // organisations below it too
	roles                    []authz.Role
	rule                     string
}

// TestWhoCanSeeSaysJustWhoFinds asks of everything in a town who can see it, of every kind that there is, and has people
// with roles drawn at random look for it.
func TestWhoCanSeeSaysJustWhoFinds(t *testing.T) {
	w := newMatrixTown(t)
	seen := map[id.Kind]bool{}
	for _, s := range w.samples {
		if s.id == "" {
			continue
		}
		k, _ := id.KindOf(s.id)
		if all := w.sights(t, s.id); len(all) > 0 {
			seen[k] = true
		}
	}
	for _, k := range kinds(t) {
		if !seen[k] && !slices.Contains(notNodes(), k) {
			t.Errorf("nobody is told who can see a %s: add its action to access.Reading, and a sample of it to graph/matrix_list_test.go", k)
		}
	}
	all := shelves(w.App, id.Organisation(w.Community))
	known, owner, told := map[string][]string{}, map[string]id.Person{}, map[string][]sight{}
	for _, c := range callers() {
		if c.login == "" {
			continue
		}
		who, err := w.App.Authenticate(t.Context(), w.Token(t, c.login))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range all {
			got, err := s.list(authz.With(t.Context(), who))
			if err != nil {
				continue
			}
			for _, one := range got {
				switch s.name {
				case "sessions", "notifications":
					owner[one] = who.Person
				case "people":
					owner[one] = id.Person(one)
				}
				if len(known[s.name]) < 25 && !slices.Contains(known[s.name], one) {
					known[s.name], told[one] = append(known[s.name], one), w.sights(t, one, c.login)
				}
			}
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		a := w.anybody(rt)
		a.Holdings = slices.DeleteFunc(a.Holdings, authz.Holding.Lent)
		a, err := w.App.Delegations.Lend(t.Context(), a)
		if err != nil {
			rt.Fatal(err)
		}
		for _, s := range all {
			found, err := s.find(authz.With(context.Background(), a), known[s.name])
			if err != nil {
				rt.Fatal(err)
			}
			for _, one := range known[s.name] {
				if want, got := sees(a, told[one], owner[one]), slices.Contains(found, one); want != got {
					rt.Fatalf("%s %s: whoCanSee says %v, found: %v, by %+v of %+v", s.name, one, want, got, a, told[one])
				}
			}
		}
	})
}

// sees says whether one of the ways is somebody's.
func sees(a authz.Actor, ways []sight, owner id.Person) bool {
	return slices.ContainsFunc(ways, func(s sight) bool {
		return s.anybody || s.personal && a.Person != "" && a.Person == owner || slices.ContainsFunc(a.Holdings, func(h authz.Holding) bool {
			lent := s.delegation != "" && a.Person != ""
			return !h.Lent() && slices.Contains(s.roles, h.Role) && (s.organisation == "" || string(h.Organisation) == s.organisation || s.below && slices.Contains(h.Within, id.Organisation(s.organisation))) && (lent || s.delegation == "")
		})
	})
}

// sights asks who can see a thing, as the first of those named who can, or of everybody.
func (w *matrixTown) sights(t *testing.T, of string, as ...string) []sight {
	t.Helper()
	for _, who := range append([]string{"liaison"}, append(as, "secretary", "steward", "third", "supervisor", "admin", "stranger")...) {
		a := w.Ask(t, who, sights, "id", of).Fine()
		list, _ := a.Get("whoCanSee").([]any)
		if list == nil {
			continue
		}
		var out []sight
		for i := range list {
			at := fmt.Sprint("whoCanSee.", i, ".")
			s := sight{anybody: a.Get(at+"anybody") == true, personal: a.Str(at+"relation") == "PERSONAL", below: a.Str(at+"relation") == "ADDRESSEE", rule: a.Str(at + "rule")}
			s.organisation, _ = a.Get(at + "organisation.id").(string)
			s.delegation, _ = a.Get(at + "delegation.id").(string)
			roles, _ := a.Get(at + "roles").([]any)
			for _, r := range roles {
				s.roles = append(s.roles, authz.Role(r.(string)))
			}
			if _, ok := access.Table().Rule(s.rule); !ok {
				t.Errorf("%s is seen by a rule that there is none of: %s", of, s.rule)
			}
			out = append(out, s)
		}
		return out
	}
	return nil
}
