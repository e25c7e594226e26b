package serviceaccount

import "github.com/cobuild/cobuild/internal/platform/fault"

// The faults of service accounts.
const (
	CodeState      fault.Code = "SERVICE_ACCOUNT_STATE"      // status
	CodeRole       fault.Code = "SERVICE_ROLE_NOT_POSSIBLE"  // role, kind
	CodeScope      fault.Code = "SERVICE_SCOPE_NOT_POSSIBLE" // scope
	CodeExpiry     fault.Code = "EXPIRY_NOT_POSSIBLE"        // latest
	CodeLiveKeys   fault.Code = "SERVICE_KEYS_LIVE"          // max
	CodeClientKey  fault.Code = "CLIENT_KEY_NOT_USABLE"      //
	CodeKeyTwice   fault.Code = "CLIENT_KEY_TAKEN"           // kid
	CodeClient     fault.Code = "CLIENT_NOT_VALID"           //
	CodeNotGranted fault.Code = "SCOPE_NOT_GRANTED"          // scope
)
