package contract

import (
	"context"
	"slices"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
)

// AmendmentActions are the verbs that the caller may do to amendments as they are now, by role and by state.
func (s *Service) AmendmentActions(ctx context.Context, as []*Amendment) ([][]AmendmentVerb, error) {
	of := make([]id.Contract, len(as))
	for i, a := range as {
		of[i] = a.Contract
	}
	in, err := s.Many(authz.AsSystem(ctx), of)
	if err != nil {
		return nil, err
	}
	out := make([][]AmendmentVerb, len(as))
	for i, a := range as {
		out[i] = []AmendmentVerb{}
		if in[i] != nil {
			out[i] = s.amendmentActions(authz.From(ctx), *a, in[i])
		}
	}
	return out, nil
}

func (s *Service) amendmentActions(who authz.Actor, a Amendment, c *Contract) []AmendmentVerb {
	a.Parties = slices.Clone(a.Parties)
	for i, p := range a.Parties {
		own := *p
		a.Parties[i] = &own
	}
	a.meets(c)
	out, today := []AmendmentVerb{}, c.today(s.now())
	for _, v := range AmendmentVerbs() {
		can := func(o id.Organisation) bool { return a.ready(v, o, c, today) == nil }
		if slices.ContainsFunc(s.actingIn(who, v.Action(), &a, a.Current), can) {
			out = append(out, v)
		}
	}
	return out
}
