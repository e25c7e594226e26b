package record

import (
	"strings"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// Pointer is a place in a record as RFC 6901 writes it, such as /budget/total. Here it leads through objects alone: a
// place in a list is no place that every record has.
type Pointer string

// Steps are the keys on the way.
func (p Pointer) Steps() []string {
	if p == "" {
		return nil
	}
	steps := strings.Split(string(p[1:]), "/")
	for i, s := range steps {
		steps[i] = strings.ReplaceAll(strings.ReplaceAll(s, "~1", "/"), "~0", "~")
	}
	return steps
}

// Check refuses what is no pointer into a record.
func (p Pointer) Check() error {
	bad := fault.New(fault.Invalid, CodePointer, "want", "/key/key")
	if !strings.HasPrefix(string(p), "/") || len(p) > 4*MaxKey {
		return bad
	}
	steps := p.Steps()
	if len(steps) > MaxDepth {
		return bad
	}
	for _, s := range steps {
		if !fitKey(s) {
			return bad
		}
	}
	return nil
}
