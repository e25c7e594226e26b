package webhook

import (
	"context"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// The pages of lists, and filters on one value.
type (
	// Connection is a page of webhooks.
	Connection = page.Connection[*Webhook]
	// Edge is one webhook in a page.
	Edge = page.Edge[*Webhook]
	// DeliveryConnection is a page of deliveries.
	DeliveryConnection = page.Connection[*Delivery]
	// DeliveryEdge is one delivery in a page.
	DeliveryEdge = page.Edge[*Delivery]
	// StateChoice filters by whether webhooks are sent to.
	StateChoice = page.Choice[State]
	// DeliveryStateChoice filters by what became of deliveries.
	DeliveryStateChoice = page.Choice[DeliveryState]
	// TypeChoice filters by the types of events.
	TypeChoice = page.Choice[string]
)

// Filter says which webhooks of an organisation a list shows.
type Filter struct{ State *StateChoice }

// DeliveryFilter says which deliveries of a webhook a list shows.
type DeliveryFilter struct {
	State *DeliveryStateChoice
	Type  *TypeChoice
	Since *time.Time // first sent then or later
}

// Webhooks lists the webhooks of an organisation, the latest made first, for those who may see them.
func (s *Service) Webhooks(ctx context.Context, of id.Organisation, f *Filter, a page.Args) (*Connection, error) {
	facts, err := s.facts(ctx, of)
	if err != nil {
		return nil, below(err, "organisation")
	}
	if err := s.may(ctx, access.WebhookRead, where{facts}); err != nil {
		return nil, err
	}
	only := byOrganisation.Is(of)
	if f != nil {
		only = store.And(only, f.State.Filter(byState))
	}
	return page.List(ctx, s.webhooks, s.Cursors, only, []store.Order{byCreated.Desc()}, a)
}

// Webhook finds a webhook.
func (s *Service) Webhook(ctx context.Context, w id.Webhook) (*Webhook, error) {
	return s.webhooks.Get(ctx, string(w))
}

// Many finds webhooks in the order of ids; nil where there is none or it is hidden.
func (s *Service) Many(ctx context.Context, ids []id.Webhook) ([]*Webhook, error) {
	plain := make([]string, len(ids))
	for i, one := range ids {
		plain[i] = string(one)
	}
	return s.webhooks.GetMany(ctx, plain)
}

// Deliveries lists what was sent to a webhook, the latest first, for those who may see the webhook. What was delivered is
// listed for two weeks, what was given up for a month.
func (s *Service) Deliveries(ctx context.Context, of id.Webhook, f *DeliveryFilter, a page.Args) (*DeliveryConnection, error) {
	if _, err := s.webhooks.Get(ctx, string(of)); err != nil {
		return nil, below(err, "webhook")
	}
	only := ofWebhook.Is(of)
	if f != nil {
		only = store.And(only, f.State.Filter(ofState), f.Type.Filter(ofType))
		if f.Since != nil {
			only = store.And(only, ofCreated.Gte(f.Since.UTC().Truncate(time.Millisecond)))
		}
	}
	return page.List(authz.AsSystem(ctx), s.deliveries, s.Cursors, only, []store.Order{ofCreated.Desc()}, a)
}

// Health is how a webhook is doing.
type Health struct {
	Seq           int64 // the place up to which everything is sent, set aside, or none of its business
	Lag           int64 // events behind the newest
	SetAside      int   // events that wait for their next try, or behind one that does
	Failures      int   // in a row
	FailingSince  *time.Time
	NextAttemptAt *time.Time // while the endpoint is left alone; nil while it is not
	LastSuccessAt *time.Time
	LastAttemptAt *time.Time
}

// Healths tells how webhooks are doing that the caller may see, in their order.
func (s *Service) Healths(ctx context.Context, of []id.Webhook) ([]*Health, error) {
	keys := make([]string, len(of))
	for i, w := range of {
		keys[i] = string(w)
	}
	last, err := s.Last(ctx)
	if err != nil {
		return nil, err
	}
	found, err := s.progress.GetMany(authz.AsSystem(ctx), keys)
	if err != nil {
		return nil, err
	}
	out := make([]*Health, len(of))
	for i, p := range found {
		if p == nil {
			continue
		}
		out[i] = &Health{
			Seq: p.Seq, Lag: max(last-p.Seq, 0), SetAside: len(p.Aside), Failures: p.Endpoint.Failures, FailingSince: p.Endpoint.FailingSince,
			NextAttemptAt: p.Endpoint.RestsUntil, LastSuccessAt: p.Endpoint.LastSuccessAt, LastAttemptAt: p.Endpoint.LastAttemptAt,
		}
	}
	return out, nil
}
