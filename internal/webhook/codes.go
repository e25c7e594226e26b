package webhook

import "github.com/cobuild/cobuild/internal/platform/fault"

// The faults of webhooks.
const (
	CodeState       fault.Code = "WEBHOOK_STATE"                // status
	CodePlain       fault.Code = "WEBHOOK_URL_NOT_HTTPS"        //
	CodeCredentials fault.Code = "WEBHOOK_URL_CREDENTIALS"      //
	CodePort        fault.Code = "WEBHOOK_URL_PORT"             // ports
	CodePrivate     fault.Code = "WEBHOOK_ADDRESS_PRIVATE"      // host
	CodeUnreachable fault.Code = "WEBHOOK_ADDRESS_UNREACHABLE"  // host
	CodeType        fault.Code = "EVENT_TYPE_UNKNOWN"           // type, meant
	CodeSelection   fault.Code = "WEBHOOK_SELECTION"            // line, column, detail
	CodePrice       fault.Code = "WEBHOOK_SELECTION_TOO_COSTLY" // price, max
	CodeMost        fault.Code = "WEBHOOKS_TOO_MANY"            // max
	CodeAccount     fault.Code = "WEBHOOK_ACCOUNT_NOT_USABLE"   //
	CodeReplay      fault.Code = "WEBHOOK_REPLAY_NOT_POSSIBLE"  // max
)
