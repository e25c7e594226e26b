package graph_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/cobuild/cobuild/graph/graphtest"
)

// papers are publications: of all there is, of a title that waits for consent, and one that was withdrawn.
func (w *matrixTown) papers() {
	t := w.t
	w.at["published"], w.at["public contract"] = madePublic(t, w.Town, w.at["inForce"],
		"TITLE", "PURPOSE", "PARTIES", "PERIOD", "STATUS", "CLAUSES", "COMMITMENTS", "FULFILMENT_RATE", "SIGNATURES")
	w.at["proposed publication"] = w.Do(t, "secretary", "proposePublication", m{"contract": w.at["pending"], "fields": []string{"TITLE"}}, publicationFields).
		Fine().Str("it.publication.id")
	w.at["withdrawn"], _ = madePublic(t, w.Town, w.at["suspended"], "TITLE")
	w.Do(t, "liaison", "withdrawPublication", m{"id": w.at["withdrawn"], "reason": "暂不公示"}, publicationFields).Fine()
}

// everybody is signed in, and there are an open invitation, roles to be given and taken, and what people were told.
func (w *matrixTown) everybody() {
	t := w.t
	first := func(who, query, at string) string { return w.Ask(t, who, query).Fine().Str(at) }
	w.late()
	w.gone()
	w.lends()
	w.profiles()
	w.at["secretary"] = first("secretary", `{ viewer { id } }`, "viewer.id")
	w.at["steward"] = first("steward", `{ viewer { id } }`, "viewer.id")
	w.at["steward's role"] = first("steward", `{ viewer { roles { id } } }`, "viewer.roles.0.id")
	sent := w.Do(t, "secretary", "invitePerson", m{"role": "MEMBER", "organisation": w.Community, "name": "小王", "until": "2028-01-01T00:00:00Z"}, "code invitation { id }").Fine()
	w.at["invitation"], w.codes["invitation"] = sent.Str("it.invitation.id"), sent.Str("it.code")
	w.codes["refresh"] = w.Do(t, "", "signIn", m{"login": "secretary", "password": graphtest.Password}, "refreshToken").Fine().Str("it.refreshToken")
	for who := range strings.FieldsSeq("secretary liaison steward member manager third outsider stranger supervisor chief auditor admin") {
		w.Token(t, who)
	}
	w.at["session"] = first("secretary", `{ sessions(first: 1) { nodes { id } } }`, "sessions.nodes.0.id")
	of := func(kind string) string {
		return first("liaison", "{ notifications(first: 1, filter: {kind: {eq: "+kind+"}}) { nodes { id } } }", "notifications.nodes.0.id")
	}
	w.at["notification"], w.at["unread"] = of("FULFILMENT_DISPUTED"), of("CONTRACT_TO_SIGN")
	w.Do(t, "liaison", "markRead", m{"ids": []string{w.at["notification"]}}, "marked").Fine()
	w.Do(t, "secretary", "registerDistrict", m{"name": "梁溪区", "nameEn": "Liangxi", "code": "320213"}, "district { id }").Is("FORBIDDEN")
	w.Do(t, "secretary", "retireCategory", m{"code": "ELDERS_MEALS", "expectedVersion": 1}, "category { id }").Is("FORBIDDEN")
	again := w.Request(t, "", `mutation($p: String!) { signIn(input: {login: "secretary", password: $p}) { token } }`, "p", graphtest.Password)
	again.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	w.Send(t, again).Fine()
	w.Settle(t)
	for kind := range strings.FieldsSeq("SIGNED_IN ACTION_REFUSED SIGNING_KEY_USED") {
		a := w.Ask(t, "secretary", "{ securityLog(filter: {kind: {eq: "+kind+"}}) { nodes { id client operation } } }").Fine()
		most := -1
		for i := range a.Len("securityLog.nodes") { // the one that says most
			at, says := fmt.Sprintf("securityLog.nodes.%d.", i), 0
			for _, field := range []string{"client", "operation"} {
				if a.Get(at+field) != nil {
					says++
				}
			}
			if says >= most {
				w.at[kind], most = a.Str(at+"id"), says
			}
		}
	}
	w.Pass(t, time.Hour) // what is refused from here on is counted elsewhere
	happened := func(types, subject string) string {
		return first("secretary", `{ events(first: 1, filter: {types: ["`+types+`"], subject: "`+subject+`"}) { nodes { id } } }`, "events.nodes.0.id")
	}
	w.at["signed event"] = happened("contract.signed", w.at["inForce"])
	w.at["contract event"], w.at["role event"] = happened("contract.proposed", w.at["inForce"]), happened("role.granted", w.at["late"])
	w.at["delegation event"], w.at["public event"] = happened("delegation.offered", w.at["offered delegation"]), happened("community.registered", w.Community)
	w.at["waiting file"] = brought(t, w.House, "secretary", w.Community, photograph)
	w.jobs()
	w.playbooks()

	w.trades()
	w.matched()
	w.at["criteria"] = first("", `{ appraisalCriteria(type: COMMERCIAL) { id } }`, "appraisalCriteria.id")
}

// late is somebody who has joined the host for a time, and was something else there before.
func (w *matrixTown) late() {
	t := w.t
	sent := w.Do(t, "secretary", "invitePerson", m{"role": "MEMBER", "organisation": w.Community, "until": "2028-01-01T00:00:00Z"}, "code invitation { id }").Fine()
	w.at["accepted"] = sent.Str("it.invitation.id")
	w.at["late"] = w.Do(t, "", "acceptInvitation", m{
		"code": sent.Str("it.code"), "loginName": "late", "password": graphtest.Password, "name": "Name of late",
	}, "person { id }").Fine().Str("it.person.id")
	role := w.Do(t, "secretary", "grantRole", m{"person": w.at["late"], "role": "GRID_STEWARD", "organisation": w.Community}, "person { roles { id role } }").Fine()
	w.Do(t, "secretary", "revokeRole", m{"role": role.Str("it.person.roles.1.id")}, "person { id }").Fine()
	w.Do(t, "steward", "setNotificationSettings", m{"expectedVersion": 0, "language": "EN"}, "settings { version }").Fine()
}

// gone is somebody who was a member of the host, and was erased.
func (w *matrixTown) gone() {
	t := w.t
	w.joins("gone", "MEMBER", w.Community, false)
	me := w.Ask(t, "gone", `{ viewer { id version } }`).Fine()
	w.at["gone"] = me.Str("viewer.id")
	w.Do(t, "gone", "erasePerson", m{"person": w.at["gone"], "expectedVersion": me.Int("viewer.version"), "password": graphtest.Password}, "person { id }").Fine()
	w.Forget("gone")
}

// lends has the partner lend its office to its property manager, and offer it to the host; and another community has
// taken back what it offered.
func (w *matrixTown) lends() {
	t := w.t
	offer := func(who, from, to, role string) string {
		in := m{"from": from, "to": to, "role": role, "endsAt": "2027-12-31T16:00:00Z", "reason": "没有专人"}
		return w.Do(t, who, "delegate", in, "delegation { id }").Fine().Str("it.delegation.id")
	}
	w.at["offered delegation"] = offer("liaison", w.Unit, w.Community, "LIAISON")
	w.at["delegation"] = offer("liaison", w.Unit, w.at["property manager"], "LIAISON")
	w.Do(t, "manager", "acceptDelegation", m{"id": w.at["delegation"], "expectedVersion": 1}, "delegation { id }").Fine()
	w.at["ended delegation"] = offer("stranger", w.OtherCommunity, w.Unit, "GRID_STEWARD")
	w.Do(t, "stranger", "endDelegation", m{"id": w.at["ended delegation"], "expectedVersion": 1, "reason": "有人了"}, "delegation { id }").Fine()
}

// profiles are what the host, the partner and the communities of the other types tell those with whom they build.
func (w *matrixTown) profiles() {
	of := map[string]string{"secretary": w.Community, "liaison": w.Unit, "stranger": w.OtherCommunity, "villager": w.at["rural"], "elder": w.at["oldEstate"]}
	for name, of := range of {
		w.at[name+"'s profile"] = w.Do(w.t, name, "updateCooperationProfile", telling(of), profileFields).Fine().Str("it.cooperationProfile.id")
	}
}

// list names the samples, in the order of the table.
func (w *matrixTown) list() {
	node := func(name, typ, id string) {
		w.samples = append(w.samples, sample{name: name, typ: typ, id: id})
	}
	node("", "District", w.District)
	node("", "SubDistrict", w.at["town"])
	node("the host", "CommercialCommunity", w.Community)
	node("", "ResettlementCommunity", w.OtherCommunity)
	node("", "OldEstateCommunity", w.at["oldEstate"])
	node("", "RuralCommunity", w.at["rural"])
	node("the partner", "ResidentUnit", w.Unit)
	node("the host's secretary", "Person", w.at["secretary"])
	node("a member of the host, for a time", "Person", w.at["late"])
	node("the former party's liaison", "Person", w.at["third"])
	node("who was erased", "Person", w.at["gone"])
	node("of the partner's liaison, by the partner's program", "PersonalAccess", w.at["personal access"])
	node("of the host's secretary", "Session", w.at["session"])
	node("of the host's secretary, begun at an issuer", "Session", w.at["issuer's session"])
	node("of the partner", "ServiceAccount", w.at["program"])
	node("of the partner, stopped", "ServiceAccount", w.at["stopped"])
	node("sent by the host's secretary", "Invitation", w.at["invitation"])
	node("taken up", "Invitation", w.at["accepted"])
	node("of the host", "SigningKey", w.at["signingKey"])
	node("of the former party, revoked", "SigningKey", w.at["revoked key"])
	node("in force; the former party has left it", "CoBuildingContract", w.at["inForce"])
	for name := range strings.FieldsSeq("draft proposed pending suspended announced objected terminated expired renewed renewal") {
		node(name, "CoBuildingContract", w.at[name])
	}
	node("in signing", "CoBuildingContract", w.at["in signing"])
	node("drafted from a template", "CoBuildingContract", w.at["from template"])
	node("of the contract in force, each month", "Commitment", w.at["commitment"])
	node("of the contract in force, once", "Commitment", w.at["gift"])
	for name := range strings.FieldsSeq("accepted resolved waived disputed reported due") {
		node(name, "Fulfilment", w.at[name+" fulfilment"])
	}
	for _, name := range []string{"applied", "asked", "in signing", "cancelled"} {
		node(name, "Amendment", w.at[name+" amendment"])
	}
	node("opened; by the host, of the partner", "Appraisal", w.at["opened appraisal"])
	node("sealed; by the host, of the partner", "Appraisal", w.at["sealed appraisal"])
	node("", "AppraisalCriteria", w.at["criteria"])
	node("of the contract in force", "ContractPublication", w.at["published"])
	node("proposed by the host", "ContractPublication", w.at["proposed publication"])
	node("withdrawn", "ContractPublication", w.at["withdrawn"])
	node("what everybody may see of the contract in force", "PublishedContract", w.at["public contract"])
	node("of the sub-district", "ContractTemplate", w.at["template"])
	node("of the sub-district", "LibraryClause", w.at["libraryClause"])
	node("of the partner's liaison", "Notification", w.at["notification"])
	node("a sign-in of the host's secretary", "SecurityEntry", w.at["SIGNED_IN"])
	node("what the host's secretary may not do", "SecurityEntry", w.at["ACTION_REFUSED"])
	node("a use of the host's signing key", "SecurityEntry", w.at["SIGNING_KEY_USED"])
	node("a use of the partner's API key", "SecurityEntry", w.at["API_KEY_USED"])
	node("of the partner to its property manager", "Delegation", w.at["delegation"])
	node("offered by the partner to the host", "Delegation", w.at["offered delegation"])
	node("of another community to the partner, ended", "Delegation", w.at["ended delegation"])
	node("of the host; the contract in force shares two fields", "CooperationProfile", w.at["secretary's profile"])
	node("of the partner; the contract in force shares two fields", "CooperationProfile", w.at["liaison's profile"])
	node("evidence, of the partner", "File", w.at["evidence file"])
	node("of the former party, attached to the contract in force", "File", w.at["attached file"])
	node("of the host, which waits", "File", w.at["waiting file"])
	node("a signature on the contract in force", "Event", w.at["signed event"])
	node("the contract in force was proposed", "Event", w.at["contract event"])
	node("a member of the host was given a role", "Event", w.at["role event"])
	node("the partner offered a delegation to the host", "Event", w.at["delegation event"])
	node("the host was registered", "Event", w.at["public event"])
	node("of the partner; its endpoint asks for patience", "Webhook", w.at["webhook"])
	node("of the partner; its endpoint is gone", "Webhook", w.at["gone webhook"])
	node("an export of the host's secretary", "BulkJob", w.at["export"])
	node("an import of the host's secretary that awaits its file", "BulkJob", w.at["awaiting import"])
	node("an import of the host's secretary with a wrong line", "BulkJob", w.at["import"])
	node("an import of the host's secretary that has failed", "BulkJob", w.at["failed import"])
	node("", "Playbook", w.at["playbook"])
	node("of the host", "PlaybookApplication", w.at["playbook application"])

	node("begun from the contract in force", "Project", w.at["project"])
	node("of the host's secretary, applied for", "Project", w.at["applied project"])
	node("of the sub-district", "ProjectTemplate", w.at["project template"])
	node("of the sub-district's template, tried", "ProjectMigration", w.at["migration"])

	w.traded(node)
	root := func(name, typ, ask string) {
		w.samples = append(w.samples, sample{name: name, typ: typ, ask: ask})
	}
	root("", "_Service", "_service")
	root("of the host's profile", "Sight", `whoCanSee(id: "`+w.at["secretary's profile"]+`")`)
	root("of the partner", "CooperationRecord", `cooperationRecord(organisation: "`+w.Unit+`")`)
	root("on the contract in force", "Report", `report(scope: {contract: "`+w.at["inForce"]+`"}, period: {year: 2026})`)
	root("of a quarter, on the contract in force", "Report", `report(scope: {contract: "`+w.at["inForce"]+`"}, period: {year: 2026, quarter: 2})`)
	root("on the partner", "Report", `report(scope: {organisation: "`+w.Unit+`"}, period: {year: 2026})`)
	root("on the sub-district", "Report", `report(scope: {organisation: "`+w.SubDistrict+`"}, period: {year: 2026})`)
	root("the caller's own", "NotificationSettings", "notificationSettings")
	w.matchNames(node, root)
	w.samples = append(w.samples, sample{
		name: "the first of the contract in force", typ: "ContractChange", hear: `contractChanged(contract: "` + w.at["inForce"] + `", after: "0")`,
	})
	w.samples = append(w.samples, sample{
		name: "the first of the contract in force", typ: "CommitmentDue", hear: `commitmentDue(contract: "` + w.at["inForce"] + `", after: "0")`,
	})
}
