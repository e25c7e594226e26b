package graph_test

import (
	"testing"

	"github.com/cobuild/cobuild/graph/graphtest"
)

func TestFactsOfOrganisationsArePublic(t *testing.T) {
	w := graphtest.NewTown(t)
	a := w.Ask(t, "", `query($d: ID!, $c: ID!, $u: ID!, $s: ID!) {
		districts { totalCount edges { cursor node { name code subDistricts(first: 5) { nodes {
			name kind district { name } communities(first: 5, orderBy: {field: NAME}) { totalCount nodes { __typename name strategy residentUnits(first: 5) { nodes { name } } } }
		} } } } }
		communities(filter: {type: {eq: COMMERCIAL}}) { nodes { id name subDistrict { name } district { name } ... on CommercialCommunity { propertyManager { name } } } }
		community(id: $c) { __typename type strategy organisationKind }
		residentUnits(filter: {community: {eq: $c}}) { nodes { id creditCode communities { name } subDistricts { name } districts { name } registrations { since community { id } } } }
		residentUnit(id: $u) { name kind }
		organisation(id: $d) { __typename name }
		nodes(ids: [$d, $c, $u, $s, "com1_00000000000000000000000000", "no identifier", $c]) { __typename id }
	}`, "d", w.District, "c", w.Community, "u", w.Unit, "s", w.SubDistrict).Fine()
	for path, want := range map[string]any{
		"districts.edges.0.node.code":                                                                "320206",
		"districts.edges.0.node.subDistricts.nodes.0.communities.totalCount":                         2.0,
		"districts.edges.0.node.subDistricts.nodes.0.communities.nodes.1.residentUnits.nodes.0.name": "恒远机械有限公司",
		"communities.nodes.0.id":                                                                     w.Community,
		"communities.nodes.0.district.name":                                                          "惠山区",
		"community.strategy":                                                                         "INTEGRATION",
		"residentUnits.nodes.0.registrations.0.since":                                                "2026-03-02",
		"residentUnits.nodes.0.registrations.0.community.id":                                         w.Community,
		"residentUnits.nodes.0.districts.0.name":                                                     "惠山区",
		"organisation.__typename":                                                                    "District",
		"nodes.1.__typename":                                                                         "CommercialCommunity",
		"nodes.2.id":                                                                                 w.Unit,
		"nodes.3.__typename":                                                                         "SubDistrict",
		"nodes.4":                                                                                    nil,
		"nodes.5":                                                                                    nil,
		"nodes.6.id":                                                                                 w.Community,
	} {
		if got := a.Get(path); got != want {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	}
}

func TestOrganisationsAreRegisteredAndChangedByThoseWhoMay(t *testing.T) {
	w := graphtest.NewTown(t)
	w.Do(t, "supervisor", "registerDistrict", m{"name": "滨湖区"}, "district { id }").Is("FORBIDDEN")
	w.Do(t, "admin", "registerDistrict", m{"name": " ", "code": "1"}, "district { id }").Is("REQUIRED")
	w.Do(t, "secretary", "registerSubDistrict", m{"district": w.District, "kind": "TOWN", "name": "洛社镇"}, "subDistrict { id }").Is("FORBIDDEN")
	w.Do(t, "admin", "registerSubDistrict", m{"district": w.Community, "kind": "TOWN", "name": "洛社镇"}, "subDistrict { id }").Is("WRONG_ID")
	rural := m{"type": "RURAL", "name": "前洲村", "subDistrict": w.SubDistrict, "rural": m{"villageGroups": 12, "farmlandMu": "820.5"}}
	w.Do(t, "liaison", "registerCommunity", rural, "community { id }").Is("FORBIDDEN")
	c := w.Do(t, "supervisor", "registerCommunity", rural, "community { id version __typename ... on RuralCommunity { villageGroups farmlandMu } }").Fine()
	if c.Str("it.community.farmlandMu") != "820.5" || c.Str("it.community.__typename") != "RuralCommunity" {
		t.Errorf("registered: %s", c.Text)
	}
	change := m{"id": w.Community, "expectedVersion": 1, "households": 3200}
	w.Do(t, "stranger", "updateCommunity", change, "community { id }").Is("FORBIDDEN")
	w.Do(t, "secretary", "updateCommunity", change, "community { version households }").Fine()
	stale := w.Do(t, "secretary", "updateCommunity", change, "community { version }").Is("CONFLICT")
	if stale.Get("it.errors.0.currentVersion") != 2.0 || stale.Get("it.errors.0.__typename") != "ConflictError" || stale.Get("it.community") != nil {
		t.Errorf("stale: %s", stale.Text)
	}
	unit := m{"kind": "BANK", "name": "农商行", "registrations": []m{{"community": w.Community}}, "creditCode": graphtest.CreditCode(3)}
	w.Do(t, "outsider", "registerResidentUnit", unit, "residentUnit { id }").Is("FORBIDDEN")
	wrong := m{"kind": "BANK", "name": "农商行", "registrations": []m{{"community": w.Community}}, "creditCode": "91000000000000001Y"}
	if a := w.Do(t, "secretary", "registerResidentUnit", wrong, "residentUnit { id }"); a.At() != "creditCode" {
		t.Errorf("a wrong credit code: %s", a.Text)
	}
	u := w.Do(t, "secretary", "registerResidentUnit", unit, "residentUnit { id version name }").Fine()
	edit := m{"id": u.Str("it.residentUnit.id"), "expectedVersion": 1, "services": []string{"金融讲座"}}
	w.Do(t, "liaison", "updateResidentUnit", edit, "residentUnit { services }").Is("FORBIDDEN")
	w.Do(t, "secretary", "updateResidentUnit", edit, "residentUnit { services }").Fine()
	w.Do(t, "secretary", "updateResidentUnit", m{"id": w.Community, "expectedVersion": 1}, "residentUnit { id }").Is("WRONG_ID")
}
