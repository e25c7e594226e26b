package search

import "github.com/cobuild/cobuild/internal/platform/fault"

// The faults of searches.
const (
	CodeNoWords fault.Code = "SEARCH_WITHOUT_WORDS" //
)
