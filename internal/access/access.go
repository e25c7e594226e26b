// Package access holds the one table of who may do what in Cobuild. Whatever it does not grant is denied.
//
// Rooms name its actions in their policies; docs/permissions.md is printed from it; a test walks it.
package access

import "github.com/cobuild/cobuild/internal/platform/authz"

// The actions. An action's name begins with what it is done to.
const (
	DistrictRead        = "district.read"
	DistrictRegister    = "district.register"
	SubDistrictRegister = "subDistrict.register"

	CommunityRead     = "community.read"
	CommunityRegister = "community.register"
	CommunityUpdate   = "community.update"
	CommunityMove     = "community.move"

	UnitRead     = "unit.read"
	UnitRegister = "unit.register"
	UnitUpdate   = "unit.update"

	PersonRead      = "person.read"
	PersonReadRoles = "person.readRoles"
	PersonUpdate    = "person.update"
	PersonEnrol     = "person.enrol"
	SessionRead     = "session.read"
	SessionStart    = "session.start"
	SessionEnd      = "session.end"
	SessionRefresh  = "session.refresh"

	InvitationRead   = "invitation.read"
	InvitationSend   = "invitation.send"
	InvitationAccept = "invitation.accept"
	InvitationRevoke = "invitation.revoke"

	KeyRead     = "key.read"
	KeyRegister = "key.register"
	KeyRevoke   = "key.revoke"
	KeyUse      = "key.use"

	ContractRead           = "contract.read"
	ContractDraft          = "contract.draft"
	ContractRevise         = "contract.revise"
	ContractPropose        = "contract.propose"
	ContractRequestChanges = "contract.requestChanges"
	ContractAgree          = "contract.agree"
	ContractDecline        = "contract.decline"
	ContractCancel         = "contract.cancel"
	ContractOpen           = "contract.openForSigning"
	ContractReopen         = "contract.reopen"
	ContractSign           = "contract.sign"
	ContractTime           = "contract.time"

	PlanRead = "commitment.read"
	PlanKeep = "commitment.plan"

	FulfilmentRead    = "fulfilment.read"
	FulfilmentReport  = "fulfilment.report"
	FulfilmentAccept  = "fulfilment.accept"
	FulfilmentDispute = "fulfilment.dispute"
	FulfilmentResolve = "fulfilment.resolve"
	FulfilmentTime    = "fulfilment.time"
)

// The actions of reports.
const (
	ReportRead = "report.read"
	ReportKeep = "report.keep"
)

// The actions of amendments.
const (
	AmendmentRead           = "amendment.read"
	AmendmentDraft          = "amendment.draft"
	AmendmentRevise         = "amendment.revise"
	AmendmentPropose        = "amendment.propose"
	AmendmentRequestChanges = "amendment.requestChanges"
	AmendmentAgree          = "amendment.agree"
	AmendmentDecline        = "amendment.decline"
	AmendmentCancel         = "amendment.cancel"
	AmendmentOpen           = "amendment.openForSigning"
	AmendmentReopen         = "amendment.reopen"
	AmendmentSign           = "amendment.sign"
	AmendmentTime           = "amendment.time"
)

// GrantOf is the action of giving a role, by invitation or directly; RevokeOf that of taking it away.
func GrantOf(r authz.Role) string { return "role.grant." + string(r) }

// RevokeOf is the action of taking a role away before its time.
func RevokeOf(r authz.Role) string { return "role.revoke." + string(r) }
