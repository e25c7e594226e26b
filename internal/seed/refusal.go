package seed

import (
	"fmt"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// The codes of what is wrong with a file, beside those of the rooms whose rules a record breaks.
const (
	CodeNotJSON          fault.Code = "SEED_NOT_JSON"           //
	CodeFormat           fault.Code = "SEED_FORMAT"             // want
	CodeUnknownField     fault.Code = "SEED_UNKNOWN_FIELD"      // field
	CodeUnknownReference fault.Code = "SEED_UNKNOWN_REFERENCE"  // key
	CodeDependsOnRefused fault.Code = "SEED_DEPENDS_ON_REFUSED" // key
	CodeNoPerson         fault.Code = "SEED_NO_PERSON_ACTS"     // organisation, role: nobody in the file acts for it
	CodeRefusalsCut      fault.Code = "SEED_MORE_REFUSED"       // count
)

// Refusal says which record of a file was refused, where it stands and why.
type Refusal struct {
	Section Section
	Key     string // of the record; empty where it has none or the whole file is meant
	Line    int    // from 1; 0 where the record was never in a file
	Why     *fault.Fault
}

// String is the refusal for a log: place and codes, never the sentence for people.
func (r Refusal) String() string { return r.Err().Error() }

// Err is the refusal as an error.
func (r Refusal) Err() error {
	return fmt.Errorf("line %d: %s %s: %w", r.Line, r.Section, r.Key, r.Why)
}

// refusals gathers what was refused, up to a bound; the rest is counted.
type refusals struct {
	all  []Refusal
	more int
}

// add takes up every fault of an error.
func (r *refusals) add(in Section, key string, line int, err error) {
	for _, f := range fault.All(err) {
		if len(r.all) >= MaxRefusals {
			r.more++
			continue
		}
		r.all = append(r.all, Refusal{Section: in, Key: key, Line: line, Why: f})
	}
}

// list gives them all; where some were only counted, the last one says how many.
func (r *refusals) list() []Refusal {
	if r.more == 0 {
		return r.all
	}
	cut := fault.New(fault.Invalid, CodeRefusalsCut, "count", r.more)
	return append(r.all, Refusal{Section: InHead, Why: cut})
}
