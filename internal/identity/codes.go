package identity

import "github.com/cobuild/cobuild/internal/platform/fault"

// The faults of identities.
const (
	CodeArrived fault.Code = "SIGN_IN_ARRIVED"        // the same sign-in came back before
	CodeCode    fault.Code = "SIGN_IN_CODE_NOT_VALID" // unknown, used, too late, or of another website
	CodeUnknown fault.Code = "IDENTITY_UNKNOWN"       // it opens no account here
	CodeTaken   fault.Code = "IDENTITY_TAKEN"         // it opens somebody else's
	CodeLast    fault.Code = "LAST_WAY_TO_SIGN_IN"    //
)
