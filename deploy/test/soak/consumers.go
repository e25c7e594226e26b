package main

import (
	"context"
	crypto "crypto/rand"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/cobuild/cobuild/internal/witness"
)

// consumer follows the server through all its deaths.
type consumer interface {
	name() string
	// follow goes along until ctx ends. Its own restarts, if any, are its affair.
	follow(ctx context.Context, w *town)
	// register makes it known to the server, where that must be.
	register(ctx context.Context, w *town) error
	// finish waits until the consumer has come as far as an event.
	finish(ctx context.Context, w *town, seq int64) error
	// check compares what it has with the whole feed, when it follows no more. The feed may have grown meanwhile.
	check(feed []event) error
}

// consumers are all that a run has. One more, for instance of another way out of the server, is one more line here.
func consumers(s *server, dir string, o options) ([]consumer, error) {
	watch, err := newWatch(s, dir)
	if err != nil {
		return nil, err
	}
	hook, err := newHook()
	if err != nil {
		return nil, err
	}
	s.flags = append(s.flags, "--webhook-allow-http", "--webhook-allow-network", "127.0.0.0/8")
	all := []consumer{&reader{}, watch, hook}
	if o.follow != "" {
		all = append(all, &sample{program: o.follow, dir: dir, dice: rand.New(rand.NewPCG(o.seed, 0))})
	}
	return all, nil
}

// reader reads the feed to its end and on, as an integrator's program does.
type reader struct {
	have []event
	at   atomic.Int64
}

func (*reader) name() string { return "the reader of the feed" }

func (*reader) register(context.Context, *town) error { return nil }

func (r *reader) follow(ctx context.Context, w *town) {
	var after *string
	for ctx.Err() == nil {
		page, more, end, err := w.page(ctx, w.secretary, after)
		if err == nil {
			r.have, after = append(r.have, page...), end
		}
		if len(r.have) > 0 {
			r.at.Store(r.have[len(r.have)-1].Seq)
		}
		if err != nil || !more {
			_ = pause(ctx, 50*time.Millisecond)
		}
	}
}

func (r *reader) finish(ctx context.Context, _ *town, seq int64) error {
	return until(ctx, func() bool { return r.at.Load() >= seq })
}

func (r *reader) check(feed []event) error {
	if len(r.have) > len(feed) {
		return fmt.Errorf("it has read %d events, and there are %d", len(r.have), len(feed))
	}
	for i, h := range r.have {
		if e := feed[i]; h.Seq != e.Seq || h.Hash != e.Hash {
			return fmt.Errorf("it has read event %d (%s) where there is event %d (%s) now", h.Seq, h.Hash, e.Seq, e.Hash)
		}
	}
	return nil
}

// until waits for something that must come to be.
func until(ctx context.Context, is func() bool) error {
	for deadline := time.Now().Add(patience); !is(); {
		if time.Now().After(deadline) {
			return errors.New("it does not come to the end")
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// watch is a witness of the audit log.
type watch struct {
	witness *witness.Witness
	refused error
	seen    atomic.Int64
}

func newWatch(s *server, dir string) (*watch, error) {
	at, err := url.Parse(s.url())
	if err != nil {
		return nil, err
	}
	x := &witness.Witness{URL: at, Client: client, Now: time.Now, Random: crypto.Reader}
	if err := x.Open(filepath.Join(dir, "witness.json"), "soak.example.net", nil); err != nil {
		return nil, err
	}
	s.witness = x.Key()
	return &watch{witness: x}, nil
}

func (*watch) name() string { return "the witness" }

func (*watch) register(context.Context, *town) error { return nil }

func (x *watch) follow(ctx context.Context, _ *town) {
	for ctx.Err() == nil {
		x.round(ctx)
		_ = pause(ctx, 100*time.Millisecond)
	}
}

func (x *watch) round(ctx context.Context) {
	is, err := x.witness.Round(ctx)
	switch {
	case err == nil:
		x.seen.Store(is.Size)
	case errors.Is(err, witness.ErrInconsistent), errors.Is(err, witness.ErrForeignKey):
		x.refused = err
	}
}

func (x *watch) finish(ctx context.Context, _ *town, seq int64) error {
	return until(ctx, func() bool { return x.seen.Load() >= seq })
}

func (x *watch) check([]event) error { return x.refused }
