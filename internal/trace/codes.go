package trace

import "github.com/cobuild/cobuild/internal/platform/fault"

// The faults of traces.
const (
	CodeNoStep fault.Code = "NOT_A_STEP" //
)
