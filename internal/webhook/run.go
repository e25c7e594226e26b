package webhook

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
)

// How often the sending looks for what nobody has woken it for.
const (
	glance = time.Second      // at the webhooks, and at what other nodes have entered
	patrol = 10 * time.Second // at each webhook, whatever has happened
)

// Noted is one attempt, for whoever measures.
type Noted struct {
	Fine  bool
	Error AttemptError // empty where it was taken
	First bool         // of its event
	After time.Duration
}

// Standing is how the sending stands, as this node last saw it.
type Standing struct {
	Active, Suspended int
	Lag               int64 // of the webhook that is furthest behind, in events
}

func (s *Service) noted(out sent, first bool, since time.Time) {
	n := Noted{Fine: out.fine(), First: first, After: out.At.Sub(since)}
	if out.Error != nil {
		n.Error = *out.Error
	}
	s.Noted(n)
}

// Standing is how the sending stands.
func (s *Service) Standing() Standing {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count
}

// Run sends until ctx ends; then it finishes what is under way and lets other nodes go on.
func (s *Service) Run(ctx context.Context) error {
	var g errgroup.Group
	var tail <-chan struct{}
	if s.Tail != nil {
		tail = s.Tail()
	}
	runners, last := map[id.Webhook]chan struct{}{}, int64(-1)
	ended := make(chan id.Webhook)
	tick := time.NewTicker(glance)
	defer tick.Stop()
	for fresh := true; ; {
		if fresh {
			for _, w := range s.look(ctx) {
				if runners[w] == nil {
					wake := make(chan struct{}, 1)
					runners[w] = wake
					g.Go(func() error {
						s.serve(ctx, w, wake)
						select {
						case ended <- w:
						case <-ctx.Done():
						}
						return nil
					})
				}
			}
		}
		fresh = false
		select {
		case <-ctx.Done():
			return g.Wait()
		case w := <-ended:
			delete(runners, w)
			continue
		case <-tail:
		case <-s.wake:
			fresh = true
		case <-tick.C:
			fresh = true
			now, err := s.Last(ctx)
			if err != nil || now == last {
				continue
			}
			last = now
		}
		for _, wake := range runners {
			select {
			case wake <- struct{}{}:
			default:
			}
		}
	}
}

// look finds the webhooks to be sent to. What cannot be found now is found the next time.
func (s *Service) look(ctx context.Context) []id.Webhook {
	live, err := s.live(ctx)
	suspended, _, failed := s.webhooks.Count(authz.AsSystem(ctx), byState.Is(Suspended), 10_000)
	if err != nil || failed != nil {
		if ctx.Err() == nil {
			s.Log.WarnContext(ctx, "webhooks cannot be looked for", "error", err)
		}
		return live
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count = Standing{Active: len(live), Suspended: suspended}
	for _, w := range live {
		if l := s.lanes[w]; l != nil {
			s.count.Lag = max(s.count.Lag, l.lag.Load())
		}
	}
	return live
}

// live are the webhooks that are sent to.
func (s *Service) live(ctx context.Context) ([]id.Webhook, error) {
	var all []id.Webhook
	for w, err := range s.webhooks.Walk(authz.AsSystem(ctx), byState.Is(Active), byCreated.Asc()) {
		if err != nil {
			return all, err
		}
		all = append(all, w.ID)
	}
	return all, nil
}

// serve sends to one webhook for as long as it is one to be sent to. Whatever that takes, it holds up no other one.
func (s *Service) serve(ctx context.Context, w id.Webhook, wake <-chan struct{}) {
	defer s.release(context.WithoutCancel(authz.AsSystem(ctx)), w)
	for ctx.Err() == nil {
		out, err := s.step(ctx, w)
		if err != nil && ctx.Err() == nil {
			s.Log.WarnContext(ctx, "webhook", "webhook", w, "error", err)
		}
		if !out.live {
			return
		}
		if out.more && err == nil {
			continue
		}
		wait := patrol
		if err != nil {
			wait = glance
		} else if !out.next.IsZero() {
			wait = min(max(out.next.Sub(s.now()), 10*time.Millisecond), patrol)
		}
		rest := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-wake:
		case <-rest.C:
		}
		rest.Stop()
	}
}

// Settle sends all that can be sent now: for commands that end, and for tests; a server runs instead.
func (s *Service) Settle(ctx context.Context) (int, error) {
	live, err := s.live(ctx)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, w := range live {
		for {
			out, err := s.step(ctx, w)
			if err != nil {
				return n, err
			}
			if !out.live || !out.more {
				break
			}
			n++
		}
	}
	return n, nil
}

// Tick sweeps away deliveries that are over, a bounded number of them.
func (s *Service) Tick(ctx context.Context, now time.Time) (int, error) {
	const most = 500
	return s.deliveries.Sweep(authz.AsSystem(ctx), now, most)
}
