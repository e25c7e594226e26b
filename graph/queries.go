package graph

import (
	"context"
	"slices"

	"github.com/cobuild/cobuild/graph/wire"
	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/fulfilment"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/page"
)

// node is find for a single identifier.
func (r Rooms) node(ctx context.Context, id string) (wire.Node, error) {
	found, err := r.find(ctx, []string{id})
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// commitments lists commitments as the room of fulfilments finds them, each as its contract's text says it now. One that
// a contract under negotiation has just lost is left out.
func (r Rooms) commitments(
	ctx context.Context, f *fulfilment.CommitmentFilter, o *fulfilment.CommitmentOrder, a page.Args,
) (*page.Connection[*contract.Commitment], error) {
	plans, err := r.Fulfilments.Commitments(ctx, f, o, a)
	if err != nil {
		return nil, err
	}
	found, err := page.Map(plans, func(ps []*fulfilment.Plan) ([]*contract.Commitment, error) {
		return edge(ctx, ps, func(p *fulfilment.Plan) id.Commitment { return p.ID }, r.Contracts.Commitments)
	})
	if err != nil {
		return nil, err
	}
	found.Edges = slices.DeleteFunc(found.Edges, func(e *page.Edge[*contract.Commitment]) bool { return e.Node == nil })
	return found, nil
}

// rates tells how far parties have kept what they promised.
func (r Rooms) rates(ctx context.Context, parties []*contract.Party) ([]*float64, error) {
	of := make([]fulfilment.RateOf, len(parties))
	for i, p := range parties {
		of[i] = fulfilment.RateOf{Contract: p.Contract, Party: p.Organisation}
	}
	shares, err := r.Fulfilments.Rates(ctx, of)
	if err != nil {
		return nil, err
	}
	rates := make([]*float64, len(shares))
	for i, s := range shares {
		rates[i] = s.Rate()
	}
	return rates, nil
}

// export is a contract's file; null while its text is not frozen.
func (r Rooms) export(ctx context.Context, c *contract.Contract) (*string, error) {
	var none *string
	if c.Frozen == nil {
		return none, nil
	}
	file, err := r.Contracts.ExportOf(ctx, c)
	if err != nil {
		return nil, err
	}
	return &file, nil
}
