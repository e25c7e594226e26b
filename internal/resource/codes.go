package resource

import "github.com/cobuild/cobuild/internal/platform/fault"

// CodeWrongState is the code of this room, with the parameters of its sentence.
const CodeWrongState fault.Code = "RESOURCE_WRONG_STATE" // status, verb
