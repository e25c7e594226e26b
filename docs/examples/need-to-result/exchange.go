package main

import (
	"context"
	"fmt"
	"time"
)

// What a real community lacked and what a real property manager had, in the words in which it was reported.
const (
	lacked  = "安保巡逻"
	offered = "安保与巡查人员"
)

// listing is what the story reads of a need or a resource.
type listing struct {
	ID, Title, Status, Left string
	Version                 int
}

type claim struct{ ID, Status string }

const listed = `id title status left version`

// lack has the community write its need down, look into it and publish it.
func (s *story) lack(ctx context.Context) error {
	in := s.listing(s.community, lacked, "6")
	in["visibility"] = "PUBLIC"
	err := s.secretary.Change(ctx, "collectNeed", "Need", map[string]any{"need": in}, listed, &s.need)
	for _, verb := range []string{"verifyNeed", "publishNeed"} {
		if err == nil {
			err = s.secretary.Change(ctx, verb, "Need", map[string]any{"id": s.need.ID, "expectedVersion": s.need.Version}, listed, &s.need)
		}
	}
	return s.said(err, "lacked by the community:", s.need.Title, s.need.Status)
}

// offer has the unit offer what it has, to its own sub-district.
func (s *story) offer(ctx context.Context) error {
	in := s.listing(s.unit, offered, "20")
	in["asksAcceptance"] = false
	err := s.liaison.Change(ctx, "offerResource", "Resource", map[string]any{"resource": in}, listed, &s.resource)
	return s.said(err, "offered by the unit:", s.resource.Title, s.resource.Status)
}

// listing is what both write down: six people or twenty, every week from today on.
func (s *story) listing(publisher, title, quantity string) map[string]any {
	return map[string]any{
		"publisher": publisher, "category": "PROPERTY_GUARDS", "title": title, "quantity": quantity, "unit": "人", "validUntil": s.day(90),
		"windows": []any{map[string]any{
			"startsOn": s.day(0), "endsOn": s.day(90), "recurrence": "FREQ=WEEKLY", "from": "19:00", "to": "21:00",
		}},
	}
}

// day is the day so many days from today.
func (s *story) day(n int) string { return s.today.AddDate(0, 0, n).Format(time.DateOnly) }

// match asks what goes with the need, and why, until the unit's offer is among it.
func (s *story) match(ctx context.Context) error {
	const question = `query($id: ID!) { matches(need: $id, first: 20) {
		nodes { score resource { id title } factors { factor part sentence } } } }`
	return until(ctx, func() (bool, error) {
		var now struct {
			Matches struct {
				Nodes []struct {
					Score    float64
					Resource struct{ ID, Title string }
					Factors  []struct {
						Factor, Sentence string
						Part             float64
					}
				}
			}
		}
		if err := s.secretary.Ask(ctx, question, map[string]any{"id": s.need.ID}, &now); err != nil {
			return false, err
		}
		for i, m := range now.Matches.Nodes {
			if m.Resource.ID != s.resource.ID {
				continue
			}
			err := s.said(nil, fmt.Sprintf("match %d of %d: %s with %s, %.3f", i+1, len(now.Matches.Nodes), s.need.Title, m.Resource.Title, m.Score))
			for _, f := range m.Factors {
				err = s.said(err, fmt.Sprintf("  %-9s %.3f  %s", f.Factor, f.Part, f.Sentence))
			}
			return true, err
		}
		return false, nil
	})
}

// promise has the unit take the need on, so that nobody else does.
func (s *story) promise(ctx context.Context) error {
	err := s.liaison.Change(ctx, "claimNeed", "Claim", map[string]any{"need": s.need.ID, "claimant": s.unit, "quantity": "6"}, "id status", &s.claim)
	return s.said(err, "claimed by the unit:", s.claim.Status)
}

// confirm has the unit report its share of the need as done, and the community confirm that the need is met.
func (s *story) confirm(ctx context.Context) error {
	err := s.liaison.Change(ctx, "reportNeedFulfilled", "Need", map[string]any{"claim": s.claim.ID}, listed, &s.need)
	if err == nil {
		err = s.secretary.Change(ctx, "confirmNeed", "Need", map[string]any{"id": s.need.ID, "expectedVersion": s.need.Version}, listed, &s.need)
	}
	return s.said(err, "the need is", s.need.Status)
}
