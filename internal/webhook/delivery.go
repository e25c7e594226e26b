package webhook

import (
	"context"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Bounds of what is kept of deliveries.
const (
	keptAttempts = 20                  // of one delivery, the latest
	keptFor      = 14 * 24 * time.Hour // a delivery that came to its end
	keptFailed   = 30 * 24 * time.Hour // one that was given up, so that it can be sent again
	keptAnswer   = 256                 // bytes of what an endpoint answered
)

// TestType is the type of what testWebhook sends; it is no event.
const TestType = "webhook.test"

// Delivery is one event that was sent to one webhook, once or several times.
type Delivery struct {
	store.Meta[id.WebhookDelivery] `bson:",inline"`

	Webhook       id.Webhook    `bson:"webhook"`
	Event         id.Event      `bson:"event,omitempty"` // empty for a test
	Seq           int64         `bson:"seq"`             // the event's place; 0 for a test
	Type          string        `bson:"type"`
	Subject       string        `bson:"subject,omitempty"`
	At            time.Time     `bson:"at"` // of the event
	State         DeliveryState `bson:"state"`
	Attempts      []*Attempt    `bson:"attempts,omitempty"`
	Tries         int           `bson:"tries"` // also those whose attempts are no longer kept
	NextAttemptAt *time.Time    `bson:"nextAttemptAt,omitempty"`
	DeliveredAt   *time.Time    `bson:"deliveredAt,omitempty"`
	ExpiresAt     time.Time     `bson:"expiresAt"`
}

// DeliveryState is what became of a delivery.
type DeliveryState string

// The states of deliveries.
const (
	Pending   DeliveryState = "PENDING"
	Delivered DeliveryState = "DELIVERED"
	Failed    DeliveryState = "FAILED"   // given up
	Withheld  DeliveryState = "WITHHELD" // the account may not read it any more
)

// Attempt is one sending.
type Attempt struct {
	At       time.Time     `bson:"at"`
	Status   *int          `bson:"status,omitempty"` // of the answer; nil where there was none
	Duration int           `bson:"duration"`         // in milliseconds
	Error    *AttemptError `bson:"error,omitempty"`  // nil where it was taken
	Answer   *string       `bson:"answer,omitempty"` // how the answer begins
}

// AttemptError is why an attempt failed.
type AttemptError string

// The errors.
const (
	ErrorTimeout    AttemptError = "TIMEOUT"
	ErrorConnection AttemptError = "CONNECTION"
	ErrorAddress    AttemptError = "ADDRESS_NOT_ALLOWED"
	ErrorCut        AttemptError = "ANSWER_CUT_SHORT"
	ErrorRedirect   AttemptError = "REDIRECT"
	ErrorStatus     AttemptError = "STATUS"
	ErrorShape      AttemptError = "PAYLOAD"
)

// The fields by which deliveries are found.
const (
	ofWebhook   store.Field[id.Webhook]    = "webhook"
	ofState     store.Field[DeliveryState] = "state"
	ofType      store.Field[string]        = "type"
	ofSeq       store.Field[int64]         = "seq"
	ofCreated   store.Field[time.Time]     = "createdAt"
	ofExpiresAt store.Field[time.Time]     = "expiresAt"
)

func deliverySchema() store.Schema {
	return store.Schema{Name: "webhook_deliveries", Expire: string(ofExpiresAt), Narrow: []store.Order{ofType.Asc()}, Indexes: []store.Index{
		store.Lookup(ofWebhook.Asc(), ofCreated.Desc()),
		store.Lookup(ofWebhook.Asc(), ofState.Asc(), ofCreated.Desc()),
		store.Lookup(ofWebhook.Asc(), ofState.Asc(), ofSeq.Asc()),
		store.Lookup(ofExpiresAt.Asc()),
	}}
}

// deliveryOf is the identifier of the delivery of an event to a webhook.
func deliveryOf(w id.Webhook, seq int64) id.WebhookDelivery {
	return id.Derived[id.WebhookDelivery](id.KindWebhookDelivery, string(w), strconv.FormatInt(seq, 10))
}

// take notes what came of an attempt.
func (d *Delivery) take(a *Attempt, to DeliveryState, next *time.Time, now time.Time) {
	if a != nil {
		d.Attempts, d.Tries = append(d.Attempts, a), d.Tries+1
		if n := len(d.Attempts); n > keptAttempts {
			d.Attempts = d.Attempts[n-keptAttempts:]
		}
	}
	d.State, d.NextAttemptAt, d.ExpiresAt = to, next, now.Add(keptFor)
	switch to {
	case Delivered:
		d.DeliveredAt = &now
	case Failed, Pending:
		d.ExpiresAt = now.Add(keptFailed)
	}
}

// record is what came of an attempt for an event, as it was before.
type record struct {
	item

	attempt *Attempt // nil where none was made
	state   DeliveryState
	next    *time.Time
}

// recordsAtOnce are written at the same time: the store takes them up together.
const recordsAtOnce = 64

// recordAll keeps what came of attempts. A place moves on only after that: what is not on record is sent again.
func (s *Service) recordAll(ctx context.Context, w id.Webhook, all []record) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(recordsAtOnce)
	for _, one := range all {
		g.Go(func() error { return s.record(ctx, w, one) })
	}
	return g.Wait()
}

func (s *Service) record(ctx context.Context, w id.Webhook, r record) error {
	now := s.now()
	d := &Delivery{Webhook: w, Event: id.Placed(r.Seq), Seq: r.Seq, Type: r.Type, Subject: r.Subject, At: r.At}
	d.ID = deliveryOf(w, r.Seq)
	d.take(r.attempt, r.state, r.next, now)
	if r.Tries == 0 && !r.again && r.attempt != nil {
		_, err := s.deliveries.Add(ctx, access.WebhookKeep, d)
		if !fault.Is(err, fault.CodeTaken) {
			return err
		}
	}
	_, err := s.deliveries.Touch(ctx, access.WebhookKeep, string(d.ID), func(d *Delivery) error {
		d.take(r.attempt, r.state, r.next, now)
		return nil
	})
	if fault.Is(err, fault.CodeNotFound) {
		if r.attempt == nil { // nothing was ever sent: nothing is told of it
			return nil
		}
		_, err = s.deliveries.Add(ctx, access.WebhookKeep, d)
	}
	return err
}
