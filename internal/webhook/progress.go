package webhook

import (
	"context"
	"errors"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Bounds of how far a webhook may run ahead of what has failed.
const (
	mostAside = 100              // events set aside; with so many the place in the journal stands still
	mostAgain = 100              // deliveries that wait to be sent once more
	lease     = 45 * time.Second // for which one node alone sends to a webhook
	working   = 25 * time.Second // after which no attempt is begun under it
)

// progress is how far a webhook has come, and which node sends to it. It is one document however long its endpoint is
// down: what has not been tried stays in the journal.
type progress struct {
	store.Meta[id.Webhook] `bson:",inline"`

	Seq      int64     `bson:"seq"`             // all up to here is sent, set aside, or none of the webhook's business
	Aside    []aside   `bson:"aside,omitempty"` // in the order of the journal
	Again    []int64   `bson:"again,omitempty"` // places of what people want sent once more
	Replay   *replay   `bson:"replay,omitempty"`
	Endpoint standing  `bson:"endpoint"`
	Node     string    `bson:"node,omitempty"`
	Until    time.Time `bson:"until"` // for so long the node has it
}

// standing is how an endpoint has been doing.
type standing struct {
	Failures      int        `bson:"failures"`               // in a row
	FailingSince  *time.Time `bson:"failingSince,omitempty"` // the first of them
	Rests         int        `bson:"rests,omitempty"`        // in a row
	RestsUntil    *time.Time `bson:"restsUntil,omitempty"`   // the circuit is open: then one attempt is made
	LastSuccessAt *time.Time `bson:"lastSuccessAt,omitempty"`
	LastAttemptAt *time.Time `bson:"lastAttemptAt,omitempty"`
}

// aside is an event that has failed, or that waits behind one that has, of the same subject.
type aside struct {
	Seq     int64     `bson:"seq"`
	Type    string    `bson:"type"`
	Subject string    `bson:"subject"`
	At      time.Time `bson:"at"`
	Tries   int       `bson:"tries"`
	Since   time.Time `bson:"since"` // the first try
	Due     time.Time `bson:"due"`
}

// replay goes through what was given up, and sends each once more.
type replay struct {
	After int64 `bson:"after"`
	Until int64 `bson:"until"`
}

// begin makes the progress of a new webhook.
func (s *Service) begin(ctx context.Context, w id.Webhook, after int64) error {
	p := &progress{Seq: after}
	p.ID = w
	_, err := s.progress.Add(authz.AsSystem(ctx), access.WebhookKeep, p)
	if fault.Is(err, fault.CodeTaken) {
		return nil
	}
	return err
}

// refresh has an endpoint that has failed tried again at once.
func (s *Service) refresh(ctx context.Context, w id.Webhook) error {
	return s.note(ctx, w, func(p *progress) error {
		p.Endpoint = standing{LastSuccessAt: p.Endpoint.LastSuccessAt, LastAttemptAt: p.Endpoint.LastAttemptAt}
		for i := range p.Aside {
			p.Aside[i].Due = time.Time{}
		}
		return nil
	})
}

// note changes a webhook's progress for a command, and has the sending look.
func (s *Service) note(ctx context.Context, w id.Webhook, fn func(*progress) error) error {
	defer s.stir()
	_, err := s.progress.Touch(authz.AsSystem(ctx), access.WebhookKeep, string(w), fn)
	if errors.Is(err, errNothing) {
		return nil
	}
	return err
}

// errLost says that another node sends to the webhook.
var errLost = errors.New("webhook: another node has it")

// claim takes the webhook for this node, unless another has it.
func (s *Service) claim(ctx context.Context, p *progress, now time.Time) (*progress, error) {
	if p.Node == s.Node && p.Until.Sub(now) > lease*2/3 {
		return p, nil
	}
	return s.progress.Touch(ctx, access.WebhookKeep, string(p.ID), func(p *progress) error {
		if p.Node != s.Node && p.Until.After(now) {
			return errLost
		}
		p.Node, p.Until = s.Node, now.Add(lease)
		return nil
	})
}

// release lets another node have the webhook at once.
func (s *Service) release(ctx context.Context, w id.Webhook) {
	_, _ = s.progress.Touch(ctx, access.WebhookKeep, string(w), func(p *progress) error { // it runs out anyway
		if p.Node != s.Node {
			return errLost
		}
		p.Until = s.now()
		return nil
	})
}

// due says when there is something to be done that is known already; the zero time where nothing waits.
func (p *progress) due() time.Time {
	var first time.Time
	seen := map[string]bool{}
	for _, a := range p.Aside {
		if seen[a.Subject] {
			continue
		}
		seen[a.Subject] = true
		if first.IsZero() || a.Due.Before(first) {
			first = a.Due
			if first.IsZero() {
				first = time.Unix(0, 0)
			}
		}
	}
	if len(p.Again) > 0 || p.Replay != nil {
		return time.Unix(0, 0)
	}
	return first
}
