package graph_test

import (
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/graph/graphtest"
)

// matrixTown is a town in which there is one of everything, in each state in which people can do something to it.
//
// The unit "third" was a party to the contract "inForce" and has left it; "member" belongs to the partner and acts for
// nobody.
type matrixTown struct {
	*graphtest.Town
	t     *testing.T
	third string

	at      map[string]string // what there is, by the name of its sample
	codes   map[string]string // of an invitation and of a session, which are told once
	hashes  map[string]string // of the texts that wait for signatures
	marks   []m               // an opinion that can be submitted
	spare   *graphtest.House  // a copy in which nothing was done yet
	on      *httptest.Server  // where subscriptions are listened to
	samples []sample

	proofs map[string]m // of having signed in at an issuer, each for one mutation
}

// sample is one object of the town, of which every field is asked for.
type sample struct {
	name string // what it is, for the reader of the table
	typ  string
	id   string // empty where a root field leads to it
	ask  string // that root field
	hear string // the root field of a subscription whose first event it is
}

// version is the version of a thing, as somebody reads it who may.
func (w *matrixTown) version(id string) int {
	w.t.Helper()
	for _, who := range []string{"secretary", "liaison", "supervisor", "admin"} {
		for _, ask := range versionsOf(w.t) {
			if v, ok := w.Ask(w.t, who, ask, "id", id).Get("node.version").(float64); ok {
				return int(v)
			}
		}
	}
	return 1
}

// versionsOf ask for the version of a node, of whatever type that has one, as many types at once as a query may name.
func versionsOf(t *testing.T) []string {
	t.Helper()
	s := published(t)
	each := []string{"... on Community { version }"}
	for _, d := range s.GetPossibleTypes(s.Types["Node"]) {
		if d.Fields.ForName("version") != nil && !slices.Contains(d.Interfaces, "Community") {
			each = append(each, "... on "+d.Name+" { version }")
		}
	}
	var out []string
	for some := range slices.Chunk(each, 15) {
		out = append(out, "query($id: ID!) { node(id: $id) { "+strings.Join(some, " ")+" } }")
	}
	return out
}

func newMatrixTown(t *testing.T) *matrixTown {
	t.Helper()
	w := &matrixTown{Town: graphtest.NewTown(t, withWitness, reaching), t: t, at: map[string]string{}, codes: map[string]string{}, hashes: map[string]string{}}
	w.organisations()
	w.templates()
	w.lived()
	w.ended()
	w.underWay()
	w.amendments()
	w.due()
	w.papers()
	w.everybody()
	w.programs()
	w.webhooks()
	w.identities()
	w.projects()
	w.list()
	w.on = w.Serve(t)
	w.witnessed()
	return w
}

// listen subscribes as somebody and hears the first event, or why there is none.
func (w *matrixTown) listen(who, subscription string) *graphtest.Answer {
	w.t.Helper()
	l := w.Hear(w.t, w.on, who, "subscription { "+subscription+" }")
	defer l.Leave()
	a := l.Next()
	if a == nil {
		w.t.Fatalf("%s hears nothing of %s", who, subscription)
	}
	return a
}

// organisations are described with all that can be said of them.
func (w *matrixTown) organisations() {
	t := w.t
	change := func(mutation, id string, in m) {
		w.Do(t, "admin", mutation, with(in, m{"id": id, "expectedVersion": 1}), "errors { code }").Fine()
	}
	w.at["town"] = w.Do(t, "admin", "registerSubDistrict", m{"district": w.District, "kind": "TOWN", "name": "前洲镇", "nameEn": "Qianzhou", "code": "320206100"}, "subDistrict { id }").
		Fine().Str("it.subDistrict.id")
	manager := w.Do(t, "admin", "registerResidentUnit", m{
		"kind": "PROPERTY_MANAGER", "name": "惠安物业", "registrations": []m{{"community": w.Community}}, "creditCode": graphtest.CreditCode(4),
	}, "residentUnit { id }").Fine().Str("it.residentUnit.id")
	facts := m{"nameEn": "Estate", "address": "惠山大道1号", "officePhone": "0510-83590000", "establishedYear": 2001, "households": 900, "residents": 2000, "grids": 4}
	change("updateCommunity", w.Community, with(facts, m{"commercial": m{
		"estates": 1, "buildings": 9, "builtYear": 2001, "developer": "惠山置业", "ownersCommittee": true, "parkingPlaces": 10, "activityRooms": 1, "propertyManager": manager,
	}}))
	change("updateCommunity", w.OtherCommunity, with(facts, m{"resettlement": m{
		"buildings": 9, "resettledHouseholds": 800, "awaitingHouseholds": 1, "originVillages": []string{"前洲村"}, "resettledSince": 2008,
	}}))
	w.at["rural"] = w.registered("RURAL", "前洲村", with(facts, m{"rural": m{
		"villageGroups": 12, "farmlandMu": "820.5", "landTitlesConfirmed": true, "renovatedVillages": 1, "oversightCommittee": true, "collectiveIncome": "1200000", "mainIndustry": "水蜜桃",
	}}))
	w.at["oldEstate"] = w.registered("OLD_ESTATE", "长宁新村", with(facts, m{"oldEstate": m{
		"buildings": 20, "builtYear": 1986, "renovatedYear": 2019, "volunteers": 30, "volunteerRoles": []string{"MEDIATOR"},
	}}))
	change("updateResidentUnit", w.Unit, m{
		"nameEn": "Hengyuan", "profile": "机械", "address": "惠山大道2号", "officePhone": "0510-83590001", "staff": 300, "services": []string{"演出"},
	})
	w.third = w.Do(t, "admin", "registerResidentUnit", m{
		"kind": "BANK", "name": "惠山农商行", "registrations": []m{{"community": w.Community}}, "creditCode": graphtest.CreditCode(3),
	}, "residentUnit { id }").Fine().Str("it.residentUnit.id")
	w.joins("third", "LIAISON", w.third, true)
	w.joins("manager", "LIAISON", manager, true)
	w.at["property manager"] = manager
	w.joins("member", "MEMBER", w.Unit, false)
	w.joins("villager", "SECRETARY", w.at["rural"], false)
	w.joins("elder", "SECRETARY", w.at["oldEstate"], false)
	w.joins("chief", "SUPERVISOR", w.District, false)
}

func (w *matrixTown) registered(kind, name string, more m) string {
	w.t.Helper()
	return w.Do(w.t, "admin", "registerCommunity", with(more, m{"type": kind, "name": name, "subDistrict": w.SubDistrict}), "community { id }").
		Fine().Str("it.community.id")
}

// joins gives somebody new a role.
func (w *matrixTown) joins(login, role, in string, signing bool) {
	w.t.Helper()
	sent := w.Do(w.t, "admin", "invitePerson", m{"role": role, "organisation": in, "signing": signing, "name": "Name of " + login}, "code").Fine()
	w.at[login] = w.Do(w.t, "", "acceptInvitation", m{
		"code": sent.Str("it.code"), "loginName": login, "password": graphtest.Password, "name": "Name of " + login, "email": login + "@example.org", "language": "EN",
	}, "person { id }").Fine().Str("it.person.id")
}

// templates are a template of the sub-district, and the standard clause that it uses, each in its second version.
func (w *matrixTown) templates() {
	text := m{"topic": "COSTS", "heading": words("费用", "Costs"), "body": words("{partners}自理", "{partners} pay"), "communityTypes": []string{"COMMERCIAL"}}
	clause := w.Do(w.t, "supervisor", "createLibraryClause", m{"text": text}, "libraryClause { id }").Fine().Str("it.libraryClause.id")
	w.Do(w.t, "supervisor", "reviseLibraryClause", m{
		"id": clause, "expectedVersion": 1, "summary": "均摊", "text": with(text, m{"body": words("均摊", "Shared evenly")}),
	}, "libraryClause { id }").Fine()
	own := templateText()
	own["clauses"] = append(own["clauses"].([]m), m{"libraryClause": clause})
	template := w.Do(w.t, "supervisor", "createContractTemplate", m{"text": own}, "contractTemplate { id }").Fine().Str("it.contractTemplate.id")
	w.Do(w.t, "supervisor", "reviseContractTemplate", m{
		"id": template, "expectedVersion": 1, "summary": "改期限", "text": with(own, m{"months": 12}),
	}, "contractTemplate { id }").Fine()
	w.at["template"], w.at["libraryClause"] = template, clause
}

// fulfils finds the occurrence of the contract on a day, and does a mutation to it.
func (w *matrixTown) fulfils(contract, day, who, mutation string, more m) string {
	w.t.Helper()
	f := w.Ask(w.t, "secretary", `query($c: ID!, $d: Date!) { fulfilments(first: 1, filter: {contract: {eq: $c}, dueOn: {gte: $d, lte: $d}}) { nodes { id version } } }`,
		"c", contract, "d", day).Fine()
	in := m{"id": f.Str("fulfilments.nodes.0.id"), "expectedVersion": f.Int("fulfilments.nodes.0.version")}
	maps.Copy(in, more)
	w.Do(w.t, who, mutation, in, "fulfilment { id }").Fine()
	return f.Str("fulfilments.nodes.0.id")
}

// contract drafts a contract of the town from a day to a day; nothing is promised but what more says.
func (w *matrixTown) contract(from, to string, more m) m {
	in := draft(w.Town)
	in["effectiveOn"], in["endsOn"] = from, to
	delete(in, "commitments")
	maps.Copy(in, more)
	return in
}

// appraisals of a contract, by who judges whom.
func (w *matrixTown) appraisals(contract string) map[string]string {
	w.t.Helper()
	a := w.Ask(w.t, "supervisor", `query($c: ID!) { contract(id: $c) { appraisals(first: 50) { nodes { id occasion appraiser { id } appraised { id } } } } }`, "c", contract).Fine()
	out := map[string]string{}
	for i := range a.Len("contract.appraisals.nodes") {
		at := "contract.appraisals.nodes." + strconv.Itoa(i)
		out[fmt.Sprint(a.Str(at+".occasion"), " ", a.Str(at+".appraiser.id"), " ", a.Str(at+".appraised.id"))] = a.Str(at + ".id")
	}
	return out
}
