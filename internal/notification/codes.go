package notification

import "github.com/cobuild/cobuild/internal/platform/fault"

// The codes of this room, with the parameters of their sentences.
const (
	CodeMarkWhat  fault.Code = "MARK_WHAT"       // ids or a moment
	CodeNoAddress fault.Code = "NO_MAIL_ADDRESS" // the account has none
)
