package crowd

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"
)

// said is a change that the server has acknowledged.
type said struct {
	subject string
	version int
}

// Voice makes changes, and remembers which of them were acknowledged.
type Voice struct {
	town *Town

	mu    sync.Mutex
	count int
	acked []said
	busy  map[string]*sync.Mutex // one change of a contract at a time
}

// NewVoice is one that has said nothing.
func NewVoice(w *Town) *Voice { return &Voice{town: w, busy: map[string]*sync.Mutex{}} }

// Acked is how many changes were acknowledged.
func (v *Voice) Acked() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.acked)
}

// Say changes a contract, and does not give up while ctx lasts: a server that was killed comes again, and a change that
// it had done before it could say so is not done twice, because it has a name.
func (v *Voice) Say(ctx context.Context, c *Contract) error {
	v.mu.Lock()
	v.count++
	name := "revision " + strconv.Itoa(v.count)
	if v.busy[c.id] == nil {
		v.busy[c.id] = new(sync.Mutex)
	}
	turn := v.busy[c.id]
	v.mu.Unlock()
	turn.Lock()
	defer turn.Unlock()
	version, err := insist(ctx, func() (int, error) {
		var now struct{ Version int }
		err := v.town.server.ask(ctx, v.town.key, `query($id: ID!) { it: contract(id: $id) { version } }`, m{"id": c.id}, &now)
		return now.Version, err
	})
	if err != nil {
		return err
	}
	in := m{"id": c.id, "expectedVersion": version, "title": "契约 " + name, "clientMutationId": name}
	version, err = insist(ctx, func() (int, error) {
		var done struct{ Contract struct{ Version int } }
		err := v.town.server.do(ctx, v.town.key, "reviseContract", "ReviseContractInput", in, "contract { version }", &done)
		return done.Contract.Version, err
	})
	if err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.acked = append(v.acked, said{c.id, version})
	return nil
}

// Place is where the last change of a contract lies that was acknowledged: it waits until the journal has it.
func (v *Voice) Place(ctx context.Context, c *Contract) (int64, error) {
	version := 0
	v.mu.Lock()
	for _, s := range v.acked {
		if s.subject == c.id {
			version = max(version, s.version)
		}
	}
	v.mu.Unlock()
	for {
		var page struct {
			Nodes []struct {
				Seq            string
				SubjectVersion int
			}
		}
		err := v.town.server.ask(ctx, v.town.key, `query($id: ID!) { it: events(last: 1, filter: {subject: $id}) { nodes { seq subjectVersion } } }`, m{"id": c.id}, &page)
		if err != nil {
			return 0, err
		}
		if len(page.Nodes) > 0 && page.Nodes[0].SubjectVersion >= version {
			return strconv.ParseInt(page.Nodes[0].Seq, 10, 64)
		}
		select {
		case <-time.After(2 * time.Millisecond):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// insist does something until it is done, or refused for good.
func insist(ctx context.Context, do func() (int, error)) (int, error) {
	for {
		n, err := do()
		if _, final := errors.AsType[*refusal](err); err == nil || final || ctx.Err() != nil {
			return n, err
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// Steadily changes contracts in turn, so many times a second, until ctx ends.
func (v *Voice) Steadily(ctx context.Context, perSecond float64, of []*Contract) error {
	tick := time.NewTicker(time.Duration(float64(time.Second) / perSecond))
	defer tick.Stop()
	var all sync.WaitGroup
	defer all.Wait()
	var once sync.Once
	var failed error
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			all.Wait()
			return failed
		case <-tick.C:
		}
		all.Go(func() {
			if err := v.Say(context.WithoutCancel(ctx), of[i%len(of)]); err != nil {
				once.Do(func() { failed = fmt.Errorf("a change: %w", err) })
			}
		})
	}
}
