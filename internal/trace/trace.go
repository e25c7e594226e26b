// Package trace is the room that tells the way from a need to its result: what a contract came of, what it promises, what
// was done for that and with which evidence, and how it was judged.
//
// A trace leads over one thing, and shows the way to both of its ends: all that it came of, and all that came of it. It
// keeps nothing. Each step is asked of its own room with the caller's rights of that moment; what the caller may not see
// is left out, is not counted, and nothing is looked for behind it.
package trace

import (
	"context"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Stage is where on the way a step stands.
type Stage string

// The stages, in the order of the way.
const (
	Need       Stage = "NEED"
	Resource   Stage = "RESOURCE"
	Contract   Stage = "CONTRACT"
	Commitment Stage = "COMMITMENT"
	Evidence   Stage = "EVIDENCE"
	Project    Stage = "PROJECT"
	Result     Stage = "RESULT"
)

// Stages are all of them, in the order of the way.
func Stages() []Stage {
	return []Stage{Need, Resource, Contract, Commitment, Evidence, Project, Result}
}

// Step is a step on the way from a need to its result.
type Step struct {
	Stage  Stage
	ID     string
	Object any      // as the caller may see it
	From   []string // the steps it follows from
}

// The names under which the API binds pages.
type (
	// Connection is a page of steps.
	Connection = page.Connection[*Step]
	// Edge is a step of a page.
	Edge = page.Edge[*Step]
)

// Deed is a contract as the trace needs it.
type Deed struct {
	ID       id.Contract
	Object   any
	Promises []Promise
}

// Promise is a commitment of a contract.
type Promise struct {
	ID     id.Commitment
	Object any
	Of     []string // the needs and resources that it came of
}

// Done is what was done for one occurrence of a commitment.
type Done struct {
	ID         id.Fulfilment
	Commitment id.Commitment
	Object     any
}

// Judged is how one party judged another.
type Judged struct {
	ID       id.Appraisal
	Contract id.Contract
	Object   any
}

// Origin is a kind of things that contracts come of: needs, resources.
type Origin struct {
	Stage Stage
	Of    id.Kind
	// Many finds them in the order of their identifiers, as the caller may see them; nil where there is none.
	Many func(ctx context.Context, ids []string) ([]any, error)
	// Contracts are those in which a promise came of one of them, at most so many.
	Contracts func(ctx context.Context, of string, most int) ([]id.Contract, error)
}

// Branch is a kind of things that come of contracts beside their promises: projects.
type Branch struct {
	Stage Stage
	Of    id.Kind
	// Contract is the one that a thing came of, as the caller may see the thing; found is false where there is none.
	Contract func(ctx context.Context, thing string) (from id.Contract, object any, found bool, err error)
	// List finds a page of those of a contract.
	List func(ctx context.Context, of id.Contract, q store.Query) (store.List[*Step], error)
}

// Config is what the room needs of the others. All of it answers as the caller may see things.
type Config struct {
	Cursors *page.Cursors
	// Deeds finds contracts, Dones fulfilments and Judgements appraisals in the order of their identifiers; nil where there
	// is none or the caller may not see it.
	Deeds      func(ctx context.Context, ids []id.Contract) ([]*Deed, error)
	Dones      func(ctx context.Context, ids []id.Fulfilment) ([]*Done, error)
	Judgements func(ctx context.Context, ids []id.Appraisal) ([]*Judged, error)
	// DonesOf finds a page of what was done for a commitment, JudgementsOf of how the parties of a contract judged.
	DonesOf      func(ctx context.Context, of id.Commitment, q store.Query) (store.List[*Done], error)
	JudgementsOf func(ctx context.Context, of id.Contract, q store.Query) (store.List[*Judged], error)

	Origins  []Origin
	Branches []Branch
}

// Service is the room.
type Service struct{ Config }

// Open makes the room ready.
func Open(c Config) *Service { return &Service{Config: c} }
