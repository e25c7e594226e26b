package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cobuild/cobuild/docs/examples/ask"
)

// step is a step of a trace.
type step struct {
	Stage string
	Node  struct {
		ID     string
		Source *match // of a promise that a match became
	}
	From []string
}

// match is by what a promise came about.
type match struct {
	Score          float64
	WeightsVersion string
	Need, Resource struct{ ID string }
}

// find looks for the need by its words, until what follows the journal has heard of it.
func (s *story) find(ctx context.Context) error {
	const question = `query($text: String!) { search(text: $text, types: [NEED, RESOURCE, CONTRACT], first: 100) {
		nodes { type node { id } snippet { field pieces { text hit } } } } }`
	wanted := []string{s.need.ID, s.resource.ID, s.contract.ID}
	err := until(ctx, func() (bool, error) {
		var now struct {
			Search struct {
				Nodes []struct{ Node struct{ ID string } }
			}
		}
		if err := s.secretary.Ask(ctx, question, map[string]any{"text": "安保"}, &now); err != nil {
			return false, err
		}
		var found []string
		for _, n := range now.Search.Nodes {
			if slices.Contains(wanted, n.Node.ID) {
				found = append(found, n.Node.ID)
			}
		}
		return len(found) == len(wanted), nil
	})
	return s.said(err, "the need, the offer and the contract are found by the word 安保")
}

// trace tells the way from the need, from the evidence, and as somebody sees it who has no part in it.
func (s *story) trace(ctx context.Context) error {
	down, err := way(ctx, s.secretary, s.need.ID)
	if err = s.said(err, "from the need:    ", stages(down)); err != nil {
		return err
	}
	up, err := way(ctx, s.liaison, s.done.ID)
	if err = s.said(err, "from the evidence:", stages(up)); err != nil {
		return err
	}
	other, err := way(ctx, s.outsider, s.need.ID)
	if err = s.said(err, "to an outsider:   ", stages(other)); err != nil {
		return err
	}
	for _, x := range up {
		if m := x.Node.Source; m != nil && m.Need.ID == s.need.ID && m.Resource.ID == s.resource.ID {
			err = s.said(err, fmt.Sprintf("by a match of %.3f, weighed by %s", m.Score, m.WeightsVersion))
		}
	}
	if err != nil {
		return err
	}
	for _, id := range []string{s.need.ID, s.resource.ID, s.contract.ID, s.done.ID} {
		onBoth := func(all []step) bool {
			return slices.ContainsFunc(all, func(x step) bool { return x.Node.ID == id })
		}
		if !onBoth(down) || !onBoth(up) {
			return errors.New(id + " is missing on the way")
		}
	}
	return nil
}

// way is all of a trace, page by page.
func way(ctx context.Context, who ask.Client, of string) ([]step, error) {
	var out []step
	var after *string
	for {
		var page struct {
			Trace struct {
				Nodes    []step
				PageInfo struct {
					HasNextPage bool
					EndCursor   *string
				}
			}
		}
		err := who.Ask(ctx, `query($id: ID!, $after: String) { trace(id: $id, first: 4, after: $after) {
			nodes { stage node { id ... on Commitment { source { score weightsVersion need { id } resource { id } } } } from } pageInfo { hasNextPage endCursor } } }`, map[string]any{"id": of, "after": after}, &page)
		out = append(out, page.Trace.Nodes...)
		if err != nil || !page.Trace.PageInfo.HasNextPage {
			return out, err
		}
		after = page.Trace.PageInfo.EndCursor
	}
}

// stages are those of steps, in the order of the way.
func stages(all []step) string {
	var out []string
	for _, s := range all {
		out = append(out, s.Stage)
	}
	return strings.Join(out, " → ")
}
