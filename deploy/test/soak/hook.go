package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// hook is a partner's endpoint, to which the server sends what happened.
type hook struct {
	url string

	mu   sync.Mutex
	came map[string]int // by event, how often
	want []string       // events that must come, in the end
}

// newHook opens the endpoint on loopback.
func newHook() (*hook, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	x := &hook{url: "http://" + l.Addr().String() + "/cobuild", came: map[string]int{}}
	go func() { _ = (&http.Server{Handler: x, ReadHeaderTimeout: time.Minute}).Serve(l) }()
	return x, nil
}

// ServeHTTP takes what comes.
func (x *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.came[r.Header.Get("Webhook-Id")]++
	w.WriteHeader(http.StatusNoContent)
}

// register has the liaison's organisation send it everything of contracts and fulfilments.
func (x *hook) register(ctx context.Context, w *town) error {
	account, err := w.liaison.make(ctx, "createServiceAccount", map[string]any{
		"organisation": w.unit, "name": "ERP", "purpose": "keeps our own system in step", "role": "LIAISON", "scopes": []string{"CONTRACTS_READ"},
	}, "serviceAccount", "id")
	if err != nil {
		return err
	}
	_, err = w.liaison.make(ctx, "createWebhook", map[string]any{
		"serviceAccount": account, "name": "ERP", "url": x.url, "events": []string{"contract.*", "fulfilment.*"},
	}, "webhook", "id")
	return err
}

func (*hook) name() string { return "the webhook" }

func (*hook) follow(ctx context.Context, _ *town) { <-ctx.Done() }

// finish waits until everything that the liaison is shown has come.
func (x *hook) finish(ctx context.Context, w *town, _ int64) error {
	all, err := w.feed(ctx, w.liaison)
	if err != nil {
		return err
	}
	for _, e := range all {
		x.want = append(x.want, e.ID)
	}
	return until(ctx, func() bool { return x.missing() == 0 })
}

func (x *hook) missing() (n int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, id := range x.want {
		if x.came[id] == 0 {
			n++
		}
	}
	return n
}

// check wants everything at least once, and nothing that is not in the feed.
func (x *hook) check(feed []event) error {
	if n := x.missing(); n > 0 {
		return fmt.Errorf("%d of %d events never came", n, len(x.want))
	}
	known := map[string]bool{}
	for _, e := range feed {
		known[e.ID] = true
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for id := range x.came {
		if !known[id] {
			return errors.New(id + " came, and is in nobody's feed")
		}
	}
	return nil
}

// repeated is how many events came more than once.
func (x *hook) repeated() (n int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, times := range x.came {
		if times > 1 {
			n++
		}
	}
	return n
}
