package fulfilment

import (
	"context"
	"slices"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
)

// Action is the verb's action in the table of who may do what; those of time are the program's own.
func (v Verb) Action() string {
	switch v {
	case VerbReport:
		return access.FulfilmentReport
	case VerbAccept:
		return access.FulfilmentAccept
	case VerbDispute:
		return access.FulfilmentDispute
	case VerbResolve:
		return access.FulfilmentResolve
	case VerbWaive:
		return access.FulfilmentWaive
	}
	return access.FulfilmentTime
}

// AllowedActions are the verbs that the caller may do to the fulfilment as it is now, by role and by state.
func (s *Service) AllowedActions(ctx context.Context, f *Fulfilment) []Verb {
	a, out := authz.From(ctx), []Verb{}
	for _, v := range PeoplesVerbs() {
		if v == VerbWaive && len(s.table.For(a, access.FulfilmentReport, f)) > 0 {
			continue
		}
		can := func(o id.Organisation) bool { return f.ready(v, o, a) }
		if slices.ContainsFunc(s.table.For(a, v.Action(), f), can) {
			out = append(out, v)
		}
	}
	return out
}

// ready says whether an organisation may do a verb now, by somebody, beyond what roles allow.
func (f *Fulfilment) ready(v Verb, party id.Organisation, a authz.Actor) bool {
	switch v {
	case VerbAccept, VerbDispute:
		return f.judge(v, &Answer{Party: party, Person: a.Author()}) == nil
	case VerbResolve:
		return f.can(v) == nil && f.oneSide(&Proposal{Party: party, Person: a.Author()}) == nil
	case VerbWaive:
		return f.readyToWaive(party) == nil
	}
	return f.can(v) == nil
}
