package resource

import "github.com/cobuild/cobuild/internal/platform/fault"

// The codes of this room, with the parameters of their sentences.
const CodeWrongState fault.Code = "RESOURCE_WRONG_STATE" // status, verb
