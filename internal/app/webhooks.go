package app

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cobuild/cobuild/graph"
	"github.com/cobuild/cobuild/internal/event"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/outbound"
	"github.com/cobuild/cobuild/internal/platform/web/gql"
	"github.com/cobuild/cobuild/internal/webhook"
)

// costliest is what a webhook's selection may cost for one event, in points.
const costliest = 300

// usual is what is sent of an event where a webhook selects nothing.
const usual = `{ id seq type subjectId subjectVersion actor { __typename id } delegation { id } at data hash previousHash }`

func (a *App) webhooks(ctx context.Context) error {
	node := a.Node
	if node == "" {
		node = rand.Text()
	}
	// What is sent is a query's answer: the schema makes it, for the account and by its rights of that moment.
	shaper := sync.OnceValue(func() *gql.Engine { return graph.NewServer(a.rooms(), graph.Options{Log: a.Log}) })
	a.webhookMeasures = newWebhookMeasures(func() webhook.Standing { return a.Webhooks.Standing() })
	var guard outbound.Guard
	if a.Outbound != nil {
		guard = *a.Outbound
	}
	var err error
	a.Webhooks, err = webhook.Open(ctx, a.Backend, &webhook.Service{
		Now: a.Now, Random: a.Random, Cursors: a.Cursors, Ring: a.Keyring, Told: a.told, Log: a.Log, Node: node,
		Organisation: a.Directory.FactsOf, Account: a.webhookAccount, Acting: a.ServiceAccounts.Acting,
		Types: event.Types, Last: a.Journal.Last, Offered: a.Events.Offered, Tail: a.Journal.Tail,
		Check: func(_ context.Context, selection string) error {
			return misselected(shaper().CheckSelection("Event", selection, costliest))
		},
		Shape: func(ctx context.Context, selection *string, events []id.Event) ([]webhook.Shaped, error) {
			return shape(ctx, shaper(), selection, events)
		},
		Guard: guard, Wall: a.Wall, Noted: a.webhookMeasures.note,
	})
	return err
}

// webhookAccount is a service account that the caller may see, as far as webhooks are concerned.
func (a *App) webhookAccount(ctx context.Context, of id.ServiceAccount) (webhook.Account, error) {
	found, err := a.ServiceAccounts.ServiceAccount(ctx, of)
	if err != nil {
		return webhook.Account{}, err
	}
	return webhook.Account{Organisation: found.Organisation, Role: found.Role, Usable: a.ServiceAccounts.Able(found)}, nil
}

// misselected says to people what is wrong with a selection.
func misselected(err error) error {
	if e, ok := errors.AsType[*gql.SelectionError](err); ok {
		return fault.New(fault.Invalid, webhook.CodeSelection, "line", e.Line, "column", e.Column, "detail", e.Detail)
	}
	if e, ok := errors.AsType[*gql.CostlyError](err); ok {
		return fault.New(fault.Invalid, webhook.CodePrice, "price", e.Price, "max", e.Most)
	}
	return err
}

// shape makes what is sent of events.
func shape(ctx context.Context, by *gql.Engine, selection *string, events []id.Event) ([]webhook.Shaped, error) {
	chosen, ids := usual, make([]string, len(events))
	if selection != nil {
		chosen = *selection
	}
	for i, e := range events {
		ids[i] = string(e)
	}
	made, err := by.Shape(ctx, "Event", chosen, ids)
	if err != nil {
		return nil, err
	}
	out := make([]webhook.Shaped, len(made))
	for i, one := range made {
		out[i] = webhook.Shaped{Data: one.Data, Err: one.Err}
	}
	return out, nil
}

// accountEnded follows the ends of service accounts.
func (a *App) accountEnded(ctx context.Context, e journal.Entry) error {
	return a.Webhooks.AccountEnded(ctx, id.ServiceAccount(e.Subject))
}

// webhookMeasures count what is sent.
type webhookMeasures struct {
	attempts *prometheus.CounterVec
	first    prometheus.Histogram
	standing []prometheus.Collector
}

func newWebhookMeasures(standing func() webhook.Standing) *webhookMeasures {
	gauge := func(name, help string, of func(webhook.Standing) float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return of(standing()) })
	}
	return &webhookMeasures{
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cobuild_webhook_attempts_total", Help: "Attempts to deliver to webhooks, by what came of them.",
		}, []string{"outcome"}),
		first: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "cobuild_webhook_first_attempt_seconds", Help: "From an event to the first attempt to deliver it, in seconds.",
			Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 15, 60, 600},
		}),
		standing: []prometheus.Collector{
			gauge("cobuild_webhooks_active", "Webhooks that are sent to.", func(s webhook.Standing) float64 { return float64(s.Active) }),
			gauge("cobuild_webhooks_suspended", "Webhooks that the server has suspended.", func(s webhook.Standing) float64 { return float64(s.Suspended) }),
			gauge("cobuild_webhook_lag_events", "Events by which the webhook that is furthest behind is behind.", func(s webhook.Standing) float64 { return float64(s.Lag) }),
		},
	}
}

func (m *webhookMeasures) note(n webhook.Noted) {
	outcome := "DELIVERED"
	if !n.Fine {
		outcome = string(n.Error)
	}
	m.attempts.WithLabelValues(outcome).Inc()
	if n.First {
		m.first.Observe(n.After.Seconds())
	}
}

// register has the measures told with those of the handler.
func (m *webhookMeasures) register(r prometheus.Registerer) {
	r.MustRegister(append(m.standing, m.attempts, m.first)...)
}
