package graph_test

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/cobuild/cobuild/graph"
	"github.com/cobuild/cobuild/graph/graphtest"
	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/platform/web/gateway"
)

const gatewayKey = "gateway-of-the-test-0123456789abcdef"

// gatewayed is a town that a federation gateway may ask.
func gatewayed(t *testing.T) *graphtest.Town {
	t.Helper()
	file := filepath.Join(t.TempDir(), "gateways")
	if err := os.WriteFile(file, []byte("# one\n"+gatewayKey+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	keys, err := gateway.Open(file, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return graphtest.NewTown(t, func(c *app.Config) { c.Gateways = keys })
}

// reps are representations, from pairs of a type's name and a key.
func reps(pairs ...string) []m {
	var all []m
	for i := 0; i+1 < len(pairs); i += 2 {
		all = append(all, m{"__typename": pairs[i], "id": pairs[i+1]})
	}
	return all
}

const asked = `query($r: [_Any!]!) { _entities(representations: $r) { __typename ... on Node { id } ... on Organisation { name } ... on CoBuildingContract { title } } }`

// through asks for entities as a gateway does, in somebody's name.
func through(t *testing.T, w *graphtest.Town, who string, of any) *graphtest.Answer {
	t.Helper()
	r := w.Request(t, who, asked, "r", of)
	r.Header.Set(gateway.Header, gatewayKey)
	return w.Send(t, r)
}

func TestAGatewayFindsOrganisationsAndContractsByTheirKeysInItsOrder(t *testing.T) {
	w := gatewayed(t)
	contract := active(t, w).Str("it.contract.id")
	a := through(t, w, "secretary", reps(
		"CoBuildingContract", contract, "ResidentUnit", w.Unit, "CommercialCommunity", w.Community, "Community", w.OtherCommunity,
		"Organisation", w.SubDistrict, "District", w.District, "SubDistrict", w.SubDistrict, "CoBuildingContract", contract,
	)).Fine()
	for i, want := range []string{
		"CoBuildingContract " + contract, "ResidentUnit " + w.Unit, "CommercialCommunity " + w.Community, "ResettlementCommunity " + w.OtherCommunity,
		"SubDistrict " + w.SubDistrict, "District " + w.District, "SubDistrict " + w.SubDistrict, "CoBuildingContract " + contract,
	} {
		at := fmt.Sprintf("_entities.%d.", i)
		if got := a.Str(at+"__typename") + " " + a.Str(at+"id"); got != want {
			t.Errorf("%d: got %s, want %s", i, got, want)
		}
	}
}

func TestNobodyLearnsMoreByAGatewayThanWithoutOne(t *testing.T) {
	w := gatewayed(t)
	contract := active(t, w).Str("it.contract.id")
	absent := "ctr1_" + strings.Repeat("0", 26)
	for _, who := range []string{"", "admin", "secretary", "liaison", "steward", "supervisor", "auditor", "stranger", "outsider"} {
		for _, key := range []string{contract, absent} {
			node := w.Ask(t, who, `query($id: ID!) { node(id: $id) { id } }`, "id", key).Fine().Get("node.id")
			a := through(t, w, who, reps("CoBuildingContract", key)).Fine()
			if a.Get("_entities.0.id") != node {
				t.Errorf("%q is told %v by node and %s by a gateway", who, node, a.Text)
			}
			if node == nil && a.Text != `{"data":{"_entities":[null]}}` && !strings.Contains(a.Text, `"data":{"_entities":[null]}`) {
				t.Errorf("%q: hidden and absent do not answer alike: %s", who, a.Text)
			}
		}
	}
}

func TestAnEntityOfAnotherTypeThanNamedIsAbsent(t *testing.T) {
	w := gatewayed(t)
	a := through(t, w, "", reps("RuralCommunity", w.Community, "OldEstateCommunity", w.Community, "CommercialCommunity", w.OtherCommunity,
		"ResettlementCommunity", w.Community)).Fine()
	if !strings.Contains(a.Text, `"_entities":[null,null,null,null]`) {
		t.Error(a.Text)
	}
}

func TestEntitiesAreForGatewaysAlone(t *testing.T) {
	w := gatewayed(t)
	for _, who := range []string{"", "admin", "secretary", "supervisor"} {
		w.Ask(t, who, asked, "r", reps("ResidentUnit", w.Unit)).Is("GATEWAY_ONLY")
	}
}

func TestAKeyThatIsNoGatewaysIsRefusedAtTheDoor(t *testing.T) {
	w, without := gatewayed(t), graphtest.NewTown(t)
	for name, c := range map[string]struct {
		to   *graphtest.Town
		keys []string
	}{
		"wrong":             {w, []string{strings.ToUpper(gatewayKey)}},
		"empty":             {w, []string{""}},
		"a part":            {w, []string{gatewayKey[:len(gatewayKey)-1]}},
		"twice":             {w, []string{gatewayKey, gatewayKey}},
		"a person's token":  {w, []string{w.Token(t, "admin")}},
		"where none is set": {without, []string{gatewayKey}},
	} {
		r := c.to.Request(t, "secretary", `{ viewer { id } }`)
		r.Header[gateway.Header] = c.keys
		if a := c.to.Send(t, r).Is("GATEWAY_KEY_INVALID"); a.Status != http.StatusUnauthorized || a.Data != nil {
			t.Errorf("%s: got %d %s", name, a.Status, a.Text)
		}
	}
}

func TestAGatewaysKeyGivesNoRights(t *testing.T) {
	w := gatewayed(t)
	r := w.Request(t, "", `{ contracts(first: 1) { totalCount } }`)
	r.Header.Set(gateway.Header, gatewayKey)
	w.Send(t, r).Is("UNAUTHENTICATED")
}

func TestAtMostAHundredEntitiesAreAnsweredAtOnce(t *testing.T) {
	w := gatewayed(t)
	all := slices.Repeat(reps("ResidentUnit", w.Unit), 101)
	through(t, w, "", all[:100]).Fine()
	a := through(t, w, "", all).Is("TOO_MANY")
	if len(a.Errors) != 1 || strings.Join(a.Errors[0].Extensions.InputPath, ".") != "representations" {
		t.Error(a.Text)
	}
}

func TestARepresentationThatMeansNothingIsToldAtItsPlaceAndTheOthersAreAnswered(t *testing.T) {
	w := gatewayed(t)
	bad := []struct {
		rep  any
		code string
		at   string
	}{
		{m{"id": w.Unit}, "REQUIRED", "__typename"},
		{m{"__typename": 7, "id": w.Unit}, "REQUIRED", "__typename"},
		{m{"__typename": "Person", "id": w.Unit}, "NOT_AN_ENTITY", "__typename"},
		{m{"__typename": "Query", "id": w.Unit}, "NOT_AN_ENTITY", "__typename"},
		{m{"__typename": "ResidentUnit"}, "REQUIRED", "id"},
		{m{"__typename": "ResidentUnit", "id": m{"$ne": ""}}, "REQUIRED", "id"},
		{m{"__typename": "ResidentUnit", "id": []string{w.Unit}}, "REQUIRED", "id"},
		{m{"__typename": "ResidentUnit", "id": w.Community}, "WRONG_ID", "id"},
		{m{"__typename": "CoBuildingContract", "id": "' or 1=1"}, "WRONG_ID", "id"},
	}
	asked := []any{reps("ResidentUnit", w.Unit)[0]}
	for _, b := range bad {
		asked = append(asked, b.rep)
	}
	a := through(t, w, "", asked)
	if a.Str("_entities.0.id") != w.Unit || a.Len("_entities") != len(asked) || len(a.Errors) != len(bad) {
		t.Fatal(a.Text)
	}
	for i, b := range bad {
		e := a.Errors[i]
		at := fmt.Sprintf("representations.%d.%s", i+1, b.at)
		if e.Extensions.Code != b.code || strings.Join(e.Extensions.InputPath, ".") != at || fmt.Sprint(e.Path) != fmt.Sprintf("[_entities %d]", i+1) {
			t.Errorf("%v: got %+v", b.rep, e)
		}
	}
	for _, none := range []any{"ResidentUnit", 7, []any{w.Unit}} {
		through(t, w, "", []any{none}).Is("MALFORMED")
	}
}

func TestEntitiesArePricedByHowManyAreAskedFor(t *testing.T) {
	w := gatewayed(t)
	dear := strings.Replace(asked, "... on Node", `... on District { subDistricts(first: 100) { nodes { id name code nameEn kind } } } ... on Node`, 1)
	r := w.Request(t, "", dear, "r", slices.Repeat(reps("District", w.District), 100))
	r.Header.Set(gateway.Header, gatewayKey)
	w.Send(t, r).Is("QUERY_TOO_COSTLY")
}

func TestARightThatEndsEndsByAGatewayToo(t *testing.T) {
	w := gatewayed(t)
	contract := active(t, w).Str("it.contract.id")
	if a := through(t, w, "steward", reps("CoBuildingContract", contract)).Fine(); a.Get("_entities.0.id") != contract {
		t.Fatal(a.Text)
	}
	role := w.Ask(t, "steward", `{ viewer { roles { id } } }`).Fine().Str("viewer.roles.0.id")
	w.Do(t, "admin", "revokeRole", m{"role": role}, "person { id }").Fine()
	if a := through(t, w, "steward", reps("CoBuildingContract", contract)).Fine(); a.Get("_entities.0") != nil {
		t.Error(a.Text)
	}
}

func TestTheSubgraphIsThePublishedSchemaWithItsKeys(t *testing.T) {
	w := gatewayed(t)
	text := w.Ask(t, "", `{ _service { sdl } }`).Fine().Str("_service.sdl")
	if text != graph.SubgraphSDL() {
		t.Error("the server tells another text than the program prints")
	}
	head, rest, _ := strings.Cut(text, "\n\n")
	if !strings.HasPrefix(head, "extend schema") || !strings.Contains(head, "@link") {
		t.Errorf("it begins %s", head)
	}
	plain := strings.NewReplacer(` @key(fields: "id")`, "", " @shareable", "").Replace(rest)
	if plain != graph.SDL() {
		t.Error("it differs from the published schema by more than keys")
	}
}

func TestEveryTypeWithAKeyIsAnEntityAndTheOtherWayRound(t *testing.T) {
	w := gatewayed(t)
	s := graph.NewExecutableSchema(graph.Config{}).Schema()
	union := s.Types["_Entity"]
	for _, d := range own(s) {
		keyed := d.Directives.ForName("key") != nil
		if d.Kind == ast.Object && keyed != slices.Contains(union.Types, d.Name) {
			t.Errorf("%s: a key and a place in _Entity go together", d.Name)
		}
		if d.Kind != ast.Object && d.Kind != ast.Interface {
			continue
		}
		a := through(t, w, "", reps(d.Name, "com1_"+strings.Repeat("0", 26)))
		if unknown := a.Code() == "NOT_AN_ENTITY"; keyed == unknown {
			t.Errorf("%s: has a key: %t; answers %s", d.Name, keyed, a.Text)
		}
	}
}

func TestTheSubgraphsTextIsTooDearToAskForOftenAtOnce(t *testing.T) {
	w := gatewayed(t)
	var b strings.Builder
	for i := range 10 {
		fmt.Fprintf(&b, "a%d: _service { sdl } ", i)
	}
	w.Ask(t, "", "{"+b.String()+"}").Is("QUERY_TOO_COSTLY")
}
