package access

import (
	"slices"

	"github.com/cobuild/cobuild/internal/platform/authz"
)

// Short words for the table.
const (
	secretary     = authz.Secretary
	liaison       = authz.Liaison
	steward       = authz.GridSteward
	member        = authz.Member
	supervisor    = authz.Supervisor
	auditor       = authz.Auditor
	administrator = authz.Administrator
	signer        = authz.Signer
	anyone        = authz.Anyone
	itself        = authz.Itself

	own       = authz.Own
	above     = authz.Above
	hosting   = authz.Hosting
	drafting  = authz.Drafting
	party     = authz.Partying
	former    = authz.Former
	providing = authz.Providing
	receiving = authz.Receiving
	anywhere  = authz.Anywhere
	personal  = authz.Personal
)

// Table is who may do what. A line says: the action, the verb as people know it, the roles by the way their
// organisation stands to the object, and what the object's own rules add.
func Table() authz.Table {
	return lent(scoped(slices.Concat(
		organisations(), people(), keys(), contracts(), inForce(), amendments(), fulfilments(), appraisals(),
		publications(), templates(), reports(), notifications(),

		security(), serviceAccounts(), delegations(),

		profiles(),
		identities(),
		personalAccesses(),
		audits(),

		webhooks(),
		files(),
		bulkJobs(),

		playbooks(),

		projects(),
		projectTemplates(),
		matches(),

		exchange(),
	)))
}

func organisations() authz.Table {
	return authz.Table{
		rule(DistrictRead, "districts, organisation, node", to(anywhere, anyone), "facts of organisations are public"),
		rule(DistrictRegister, "registerDistrict", to(anywhere, administrator), ""),
		rule(SubDistrictRegister, "registerSubDistrict", join(to(anywhere, administrator), to(above, supervisor)), ""),

		rule(CommunityRead, "communities, community, organisation, node", to(anywhere, anyone), "facts of organisations are public"),
		rule(CommunityRegister, "registerCommunity", join(to(anywhere, administrator), to(above, supervisor)), ""),
		rule(CommunityUpdate, "updateCommunity", join(to(own, secretary), to(above, supervisor), to(anywhere, administrator)), ""),
		rule(CommunityMove, "updateCommunity(subDistrict)", join(to(above, supervisor), to(anywhere, administrator)), "into another sub-district"),

		rule(UnitRead, "residentUnits, residentUnit, organisation, node", to(anywhere, anyone), "facts of organisations are public"),
		rule(UnitRegister, "registerResidentUnit", join(to(hosting, secretary), to(above, supervisor), to(anywhere, administrator)), ""),
		rule(UnitUpdate, "updateResidentUnit", join(to(own, liaison), to(hosting, secretary), to(above, supervisor), to(anywhere, administrator)), ""),
	}
}

func people() authz.Table {
	t := authz.Table{
		rule(PersonRead, "viewer, node", to(personal, itself), "nobody reads another person's account"),
		rule(PersonReadRoles, "people", join(to(personal, itself), to(own, secretary, liaison, supervisor, auditor), to(above, supervisor, auditor), to(anywhere, administrator)), "names and roles, without e-mail and login name"),
		rule(PersonUpdate, "changePassword", to(personal, itself), ""),
		rule(PersonEnrol, "acceptInvitation", to(anywhere, anyone), "with a valid one-time code"),
		rule(SessionRead, "sessions, node", to(personal, itself), "nobody sees another person's sessions"),
		rule(SessionStart, "signIn", to(anywhere, anyone), "with the right password"),
		rule(SessionEnd, "signOut, endSession, changePassword", to(personal, itself), ""),
		rule(SessionRefresh, "refreshSession", to(personal, itself), "with its refresh token, once; a reused one ends the session"),

		rule(InvitationRead, "invitations", join(to(own, secretary, liaison, supervisor), to(above, supervisor), to(hosting, secretary), to(anywhere, administrator)), "never the code"),
		rule(InvitationSend, "invitePerson", join(to(own, secretary, liaison, supervisor), to(above, supervisor), to(hosting, secretary), to(anywhere, administrator)), "and the right to grant the role"),
		rule(InvitationAccept, "acceptInvitation", to(anywhere, anyone), "with a valid one-time code"),
		rule(InvitationRevoke, "revokeInvitation", join(to(own, secretary, liaison, supervisor), to(above, supervisor), to(hosting, secretary), to(anywhere, administrator)), ""),
	}
	for _, g := range []struct {
		role authz.Role
		who  []authz.Grant // who gives it and takes it away
	}{
		{secretary, join(to(above, supervisor), to(anywhere, administrator))},
		{liaison, join(to(own, liaison), to(above, supervisor), to(anywhere, administrator))},
		{steward, join(to(own, secretary), to(above, supervisor), to(anywhere, administrator))},
		{member, join(to(own, secretary, liaison, supervisor), to(above, supervisor), to(anywhere, administrator))},
		{supervisor, join(to(above, supervisor), to(anywhere, administrator))},
		{auditor, join(to(above, supervisor), to(anywhere, administrator))},
		{administrator, to(anywhere, administrator)},
	} {
		give := g.who
		if g.role == liaison {
			give = join(give, to(hosting, secretary)) // a unit's first one
		}
		t = append(t,
			authz.Rule{Action: GrantOf(g.role), Says: "invitePerson, grantRole (" + string(g.role) + ")", Who: give, Note: "nobody gives themselves a role; a host gives a unit its first liaison, and no signing right"},
			authz.Rule{Action: RevokeOf(g.role), Says: "revokeRole (" + string(g.role) + ")", Who: join(g.who, to(personal, itself)), Note: "anyone may lay down a role; the last administrator stays"})
	}
	return t
}

func keys() authz.Table {
	return authz.Table{
		rule(KeyRead, "signingKeys, node", to(anywhere, anyone), "public keys are public facts"),
		rule(KeyRegister, "registerSigningKey", to(own, signer), ""),
		rule(KeyRevoke, "revokeSigningKey", join(to(own, signer), to(anywhere, administrator)), ""),
		rule(KeyUse, "signContract", to(own, signer), "with a key held for the organisation"),
	}
}

func contracts() authz.Table {
	parties := to(party, secretary, liaison, supervisor) // a supervisor speaks for a sub-district that is itself a party
	return authz.Table{
		rule(ContractRead, "contracts, contract, contractChanged, node", contractReaders(), "and what hangs on it: versions, signatures, export"),
		rule(ContractDraft, "draftContract", join(to(hosting, secretary), to(drafting, liaison)), "a unit's draft needs the host as co-drafter"),
		rule(ContractRevise, "reviseContract", parties, "in DRAFT only the drafting parties"),
		rule(ContractPropose, "proposeContract", to(drafting, secretary, liaison), ""),
		rule(ContractRequestChanges, "requestContractChanges", parties, "any party but the one whose text it is"),
		rule(ContractAgree, "agreeToContract", parties, ""),
		rule(ContractDecline, "declineContract", parties, "any invited party"),
		rule(ContractCancel, "cancelContract", to(drafting, secretary, liaison), ""),
		rule(ContractOpen, "openContractForSigning", to(hosting, secretary), "when every party has agreed to this version"),
		rule(ContractReopen, "reopenContract", parties, "any party that has not signed"),
		rule(ContractSign, "signContract", to(party, signer), "in the order the contract names"),
		rule(ContractTime, "–", nil, "activation, exits, completion, expiry, moves between jurisdictions: the program itself"),
	}
}

func fulfilments() authz.Table {
	readers := contractReaders()
	return authz.Table{
		rule(PlanRead, "commitments, node", readers, "as the contract"),
		rule(PlanKeep, "–", nil, "follows the contract: the program itself"),
		rule(FulfilmentRead, "fulfilments, commitmentDue, node", readers, "as the contract"),
		rule(FulfilmentReport, "reportFulfilment", to(providing, secretary, liaison), ""),
		rule(FulfilmentAccept, "acceptFulfilment", to(receiving, secretary, liaison), "never by the person who reported it"),
		rule(FulfilmentDispute, "disputeFulfilment", to(receiving, secretary, liaison), "with a reason"),
		rule(FulfilmentResolve, "resolveFulfilment", join(to(providing, secretary, liaison), to(receiving, secretary, liaison), to(above, supervisor)), "both sides alike, or the supervising body with a reason"),
		rule(FulfilmentTime, "–", nil, "overdue, acceptance by silence: the program itself"),
	}
}

func reports() authz.Table {
	people := []authz.Role{secretary, liaison, steward, supervisor, auditor}
	return authz.Table{
		rule(ReportRead, "report, /reports", join(to(own, people...), to(party, people...), to(former, people...), to(above, supervisor, auditor)), "on a contract its readers, a former party of its own part, on an organisation its people and those of the bodies above; and of it what they may read"),
		rule(ReportKeep, "–", nil, "adds up what contracts and fulfilments tell: the program itself"),
	}
}

// amendments are read by whom the contract is read by; what is done to them is done by those who do it to contracts.
func amendments() authz.Table {
	parties := to(party, secretary, liaison, supervisor)
	return authz.Table{
		rule(AmendmentRead, "amendments, amendment, node", contractReaders(), "as the contract"),
		rule(AmendmentDraft, "draftAmendment", parties, "any host or partner of a contract in force"),
		rule(AmendmentRevise, "reviseAmendment", parties, "in DRAFT only the drafting party"),
		rule(AmendmentPropose, "proposeAmendment", parties, "the drafting party"),
		rule(AmendmentRequestChanges, "requestAmendmentChanges", parties, "any party but the one whose text it is"),
		rule(AmendmentAgree, "agreeToAmendment", parties, ""),
		rule(AmendmentDecline, "declineAmendment", parties, "any host or partner but the drafting party"),
		rule(AmendmentCancel, "cancelAmendment", parties, "the drafting party"),
		rule(AmendmentOpen, "openAmendmentForSigning", to(hosting, secretary), "when every host and partner has agreed; one at a time"),
		rule(AmendmentReopen, "reopenAmendment", parties, "any party that has not signed"),
		rule(AmendmentSign, "signAmendment", to(party, signer), "in the order the text names"),
		rule(AmendmentTime, "–", nil, "taking effect, lapsing with the contract: the program itself"),
	}
}

func to(as authz.Relation, roles ...authz.Role) []authz.Grant { return authz.To(as, roles...) }

func join(grants ...[]authz.Grant) []authz.Grant { return slices.Concat(grants...) }

// rule is one line of the table.
func rule(action, says string, who []authz.Grant, note string) authz.Rule {
	return authz.Rule{Action: action, Says: says, Who: who, Note: note}
}
