package notification

import (
	"slices"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
)

// Rule says what an event is to people: the kind of the notification, and whose people are told, by which role.
type Rule struct {
	Event string // as "contract.proposed"; empty where time itself calls
	Kind  Kind
	To    Circle
	Roles []authz.Role // those of an organisation who are told; Signer stands for whoever holds the signing right
}

// Circle is whose people an event concerns.
type Circle string

// The circles.
const (
	Parties   Circle = "PARTIES"    // every party, the one that acted or has just left too
	Others    Circle = "OTHERS"     // every party but the one that acted
	TheHost   Circle = "HOST"       // the host, unless it acted itself
	Provider  Circle = "PROVIDER"   // who promised, unless it acted itself
	Receivers Circle = "RECEIVERS"  // who was promised, but for the one that acted
	BothSides Circle = "BOTH_SIDES" // provider and receivers, but for the one that acted
	Appraiser Circle = "APPRAISER"  // who judges
	Appraised Circle = "APPRAISED"  // who is judged
	ThePerson Circle = "PERSON"     // the person that the event is about

	TheOwner Circle = "OWNER" // the organisation whose it is

	Publisher Circle = "PUBLISHER" // of a need or a resource
	Claimants Circle = "CLAIMANTS" // of a need or a resource: the one whose claim it is about, else all with a live one
)

// speakers are those who speak for a party; a supervisor speaks for a sub-district that is itself one.
func speakers() []authz.Role { return []authz.Role{authz.Secretary, authz.Liaison, authz.Supervisor} }

// Rules are the whole of what people are told: an event that is missing here is told to nobody.
func Rules() []Rule {
	rule := func(event string, k Kind, to Circle) Rule { return Rule{event, k, to, speakers()} }
	// Of a publication, whose events name no parties, the bodies above are not told: they have no say in it.
	parties := []authz.Role{authz.Secretary, authz.Liaison}
	return []Rule{
		rule("contract.drafted", ContractDrafted, TheHost),
		rule("contract.proposed", ContractProposed, Others),
		rule("contract.revised", ContractRevised, Others),
		rule("contract.changesRequested", ContractChangesRequested, Others),
		rule("contract.agreed", ContractAgreed, TheHost),
		rule("contract.declined", ContractDeclined, Others),
		rule("contract.cancelled", ContractCancelled, Others),
		{"contract.opened", ContractToSign, Parties, []authz.Role{authz.Signer}},
		rule("contract.reopened", ContractReopened, Others),
		rule("contract.signed", ContractSigned, TheHost),
		rule("contract.sealed", ContractSealed, Parties),
		rule("contract.activated", ContractActivated, Parties),
		rule("contract.stepProposed", ContractStepProposed, Others),
		rule("contract.stepWithdrawn", ContractStepWithdrawn, Others),
		rule("contract.suspended", ContractSuspended, Parties),
		rule("contract.resumed", ContractResumed, Parties),
		rule("contract.noticeGiven", ContractNoticeGiven, Others),
		rule("contract.exited", ContractExited, Parties),
		rule("contract.terminated", ContractTerminated, Parties),
		rule("contract.completionAnnounced", ContractCompletionAnnounced, Others),
		rule("contract.completionObjected", ContractCompletionObjected, Others),
		rule("contract.completed", ContractCompleted, Parties),
		rule("", ContractEndsSoon, Parties),
		rule("contract.expired", ContractExpired, Parties),
		rule("contract.amended", ContractAmended, Parties),

		rule("amendment.proposed", AmendmentProposed, Others),
		rule("amendment.revised", AmendmentRevised, Others),
		rule("amendment.changesRequested", AmendmentChangesRequested, Others),
		rule("amendment.agreed", AmendmentAgreed, Others),
		rule("amendment.declined", AmendmentDeclined, Others),
		{"amendment.opened", AmendmentToSign, Parties, []authz.Role{authz.Signer}},
		rule("amendment.reopened", AmendmentReopened, Others),
		rule("amendment.sealed", AmendmentSealed, Parties),
		rule("amendment.cancelled", AmendmentCancelled, Others),

		rule("fulfilment.dueSoon", FulfilmentDueSoon, Provider),
		rule("fulfilment.overdue", FulfilmentOverdue, Provider),
		rule("fulfilment.reported", FulfilmentReported, Receivers),
		rule("fulfilment.accepted", FulfilmentAccepted, Provider),
		rule("fulfilment.disputed", FulfilmentDisputed, Provider),
		rule("fulfilment.proposed", FulfilmentOutcomeProposed, BothSides),
		rule("fulfilment.resolved", FulfilmentResolved, BothSides),
		rule("fulfilment.waiverAgreed", FulfilmentWaiverAgreed, Receivers),
		rule("fulfilment.waived", FulfilmentWaived, Provider),

		rule("appraisal.invited", AppraisalInvited, Appraiser),
		rule("appraisal.opened", AppraisalOpened, Appraised),
		rule("appraisal.answered", AppraisalAnswered, Appraiser),

		{"publication.proposed", PublicationProposed, Others, parties},
		{"publication.agreed", PublicationAgreed, Others, parties},
		{"publication.published", PublicationPublished, Parties, parties},
		{"publication.withdrawn", PublicationWithdrawn, Parties, parties},

		{"role.granted", RoleGranted, ThePerson, nil},
		{"role.revoked", RoleRevoked, ThePerson, nil},

		rule("webhook.suspended", WebhookSuspended, TheOwner),
		rule("webhook.gone", WebhookGone, TheOwner),

		{"need.claimed", NeedClaimed, Publisher, parties},
		{"need.claimAccepted", NeedClaimAccepted, Claimants, parties},
		{"need.claimDeclined", NeedClaimDeclined, Claimants, parties},
		{"need.claimWithdrawn", NeedClaimWithdrawn, Publisher, parties},
		{"need.claimLapsed", NeedClaimLapsed, Claimants, parties},
		{"need.reported", NeedReported, Publisher, parties},
		{"need.returned", NeedReturned, Claimants, parties},
		{"need.confirmed", NeedConfirmed, Claimants, parties},
		{"need.expired", NeedExpired, Publisher, parties},
		{"resource.claimed", ResourceClaimed, Publisher, parties},
		{"resource.claimAccepted", ResourceClaimAccepted, Claimants, parties},
		{"resource.claimDeclined", ResourceClaimDeclined, Claimants, parties},
		{"resource.claimWithdrawn", ResourceClaimWithdrawn, Publisher, parties},
		{"resource.claimLapsed", ResourceClaimLapsed, Claimants, parties},
		{"resource.expired", ResourceExpired, Publisher, parties},
	}
}

// Events are the types of events that the room follows: those of the rules, and the others of what falls due.
func Events() []string {
	return []string{"contract.*", "amendment.*", "fulfilment.*", "appraisal.*", "publication.*", "role.*", "webhook.*", "need.*", "resource.*"}
}

// ruleOf finds the rule of an event.
func ruleOf(event string) (Rule, bool) {
	i := slices.IndexFunc(Rules(), func(r Rule) bool { return event != "" && r.Event == event })
	if i < 0 {
		return Rule{}, false
	}
	return Rules()[i], true
}

// ruleFor finds the rule of a kind.
func ruleFor(k Kind) Rule {
	return Rules()[slices.IndexFunc(Rules(), func(r Rule) bool { return r.Kind == k })]
}

// organisations are those that a circle names in what an event told.
func (c Circle) organisations(t told) []id.Organisation {
	switch c {
	case Parties:
		return t.but("", append(slices.Clone(t.Parties), t.Party)...)
	case Others:
		return t.but(t.Party, t.Parties...)
	case TheHost:
		return t.but(t.Party, t.Host)
	case Provider:
		return t.but(t.Party, t.Provider)
	case Receivers:
		return t.but(t.Party, t.Receivers...)
	case BothSides:
		return t.but(t.Party, append([]id.Organisation{t.Provider}, t.Receivers...)...)
	case TheOwner:
		return t.but("", t.Organisation)
	case Appraiser:
		return t.but("", t.Appraiser)
	case Appraised:
		return t.but("", t.Appraised)
	case Publisher:
		return t.but("", t.Publisher)
	case Claimants:
		return t.but("", append([]id.Organisation{t.Claimant}, t.Claimants...)...)
	}
	return nil
}
