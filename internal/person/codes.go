package person

import (
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/throttle"
)

// The faults of accounts and roles.
const (
	CodeCredentials       fault.Code = "INVALID_CREDENTIALS"  //
	CodeGuesses                      = throttle.CodeGuesses   // seconds
	CodePasswordWrong     fault.Code = "PASSWORD_WRONG"       //
	CodePasswordCommon    fault.Code = "PASSWORD_TOO_COMMON"  //
	CodePasswordLogin     fault.Code = "PASSWORD_IS_LOGIN"    //
	CodeLoginName         fault.Code = "LOGIN_NAME_MALFORMED" //
	CodeInvitation        fault.Code = "INVITATION_NOT_VALID" //
	CodeInvitationUsed    fault.Code = "INVITATION_USED"      //
	CodeInvitationOver    fault.Code = "INVITATION_EXPIRED"   //
	CodeInvitationRevoked fault.Code = "INVITATION_REVOKED"   //
	CodeSignedIn          fault.Code = "ALREADY_SIGNED_IN"    //
	CodeRoleUnfit         fault.Code = "ROLE_DOES_NOT_FIT"    // role, kind
	CodeRoleHeld          fault.Code = "ROLE_HELD"            // role
	CodeRoleEnded         fault.Code = "ROLE_ENDED"           // role
	CodeValidity          fault.Code = "ROLE_ENDS_TOO_SOON"   //
	CodeSigningUnfit      fault.Code = "SIGNING_NOT_POSSIBLE" // role
	CodeHasLiaison        fault.Code = "UNIT_HAS_LIAISON"     // the host appoints the first one alone
	CodeRoleToOneself     fault.Code = "ROLE_TO_ONESELF"      //
	CodeSigningOwn        fault.Code = "OWN_SIGNING_RIGHT"    //
	CodeSigningLent       fault.Code = "SIGNING_NOT_YOURS"    //
	CodeLastAdministrator fault.Code = "LAST_ADMINISTRATOR"   //
	CodeRefresh           fault.Code = "REFRESH_NOT_VALID"    // unknown, or its session has ended
	CodeReused            fault.Code = "REFRESH_TOKEN_REUSED" // the session has ended by it
	CodeSignInAgain       fault.Code = "SIGN_IN_AGAIN"        // minutes: the session is too old to confirm anything
	CodeLastSigner        fault.Code = "LAST_SIGNER"          // organisation
	CodeErased            fault.Code = "PERSON_ERASED"        //
	CodeNotFresh          fault.Code = "PASSWORD_NEEDED"      // minutes
)

// The events of people.
const (
	EventEnrolled = "person.enrolled"
	EventGranted  = "role.granted"
	EventRevoked  = "role.revoked"
	EventInvited  = "invitation.sent"
	EventAccepted = "invitation.accepted"
	EventRecalled = "invitation.revoked"
	EventErased   = "person.erased"
)
