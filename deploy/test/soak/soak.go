package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"
)

// options of a run.
type options struct {
	program string
	follow  string // the example that follows; empty for none
	rounds  int
	seed    uint64
	workers int
	mongodb string
	out     io.Writer
}

// soak is a whole run on one store.
func soak(ctx context.Context, kind, dir string, o options) error {
	dice := rand.New(rand.NewPCG(o.seed, 1))
	began := time.Now()
	s, err := newServer(ctx, kind, dir, o)
	if err != nil {
		return err
	}
	defer s.end()
	all, err := consumers(s, dir, o)
	if err != nil {
		return err
	}
	if err := s.start(ctx); err != nil {
		return err
	}
	w, err := found(ctx, s)
	if err != nil {
		return fmt.Errorf("the town: %w", err)
	}
	for _, c := range all {
		if err := c.register(ctx, w); err != nil {
			return fmt.Errorf("%s: %w", c.name(), err)
		}
	}
	fmt.Fprintf(o.out, "%s: seed %d, %d kills to come, the town stands after %s\n", kind, o.seed, o.rounds, time.Since(began).Round(time.Second))
	b := newBook()
	working, rest := context.WithCancel(ctx)
	defer rest()
	following, leave := context.WithCancel(ctx)
	defer leave()
	var people, others sync.WaitGroup
	for n := range o.workers {
		people.Go(func() {
			(&worker{n: n, town: w, book: b, dice: rand.New(rand.NewPCG(o.seed, uint64(n)+2))}).work(working)
		})
	}
	for _, c := range all {
		others.Go(func() { c.follow(following, w) })
	}
	err = s.torment(ctx, dice, b, o)
	rest()
	people.Wait()
	if err == nil {
		err = reckon(ctx, s, w, b, all, func() { leave(); others.Wait() })
	}
	leave()
	others.Wait()
	if err == nil {
		for _, c := range all {
			if x, ok := c.(*hook); ok {
				fmt.Fprintf(o.out, "%s: %d events came to the webhook, %d of them more than once\n", kind, len(x.want), x.repeated())
			}
		}
		fmt.Fprintf(o.out, "%s: %d kills, %d of them while it started; %s; after %s\n", kind, s.kills, s.early, b, time.Since(began).Round(time.Second))
	}
	return err
}

// lull is how long the server may live without anything being acknowledged.
const lull = 20 * time.Second

// torment kills the server at random moments and starts it again. It counts its life in what was acknowledged meanwhile,
// from nothing to a dozen changes, and a moment more: so a slow machine is not spared the work.
func (s *server) torment(ctx context.Context, dice *rand.Rand, b *book, o options) error {
	for round := range o.rounds {
		if round > 0 && round%25 == 0 {
			fmt.Fprintf(o.out, "%d kills\n", round)
		}
		if dice.IntN(8) == 0 { // before it is ready, perhaps
			s.kill()
			s.early++
			if err := s.launch(ctx); err != nil {
				return err
			}
			if err := pause(ctx, time.Duration(dice.IntN(1200))*time.Millisecond); err != nil {
				return err
			}
		} else {
			enough := b.size() + dice.IntN(13)
			for began := time.Now(); b.size() < enough && time.Since(began) < lull && ctx.Err() == nil; {
				_ = pause(ctx, 2*time.Millisecond)
			}
			if err := pause(ctx, time.Duration(dice.IntN(150))*time.Millisecond); err != nil {
				return err
			}
		}
		s.kill()
		if err := s.start(ctx); err != nil {
			return err
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// reckon waits until everything has been told, and compares what was promised with what there is.
func reckon(ctx context.Context, s *server, w *town, b *book, all []consumer, leave func()) error {
	feed, err := w.settled(ctx, b)
	if err != nil {
		return err
	}
	errs := []error{b.check(feed)}
	if len(feed) == 0 {
		return errs[0]
	}
	errs = append(errs, w.check(ctx))
	for _, c := range all {
		if err := c.finish(ctx, w, feed[len(feed)-1].Seq); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", c.name(), err))
		}
	}
	leave()
	whole, err := w.feed(ctx, w.secretary) // time may have added to it
	for _, c := range all {
		if err := c.check(whole); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", c.name(), err))
		}
	}
	key, keyErr := s.logKey(ctx)
	errs = append(errs, err, keyErr, s.stop(), s.audit(ctx, key))
	return errors.Join(errs...)
}
