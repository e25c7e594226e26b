package crowd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// The ways in which a subscriber may listen.
const (
	Socket = "socket" // graphql-transport-ws
	Stream = "stream" // server-sent events
)

// What subscribers ask: for contracts, for what happened to them, and, who wants to be sent much, for all that is to be known.
func questions() []string {
	return []string{
		`subscription($after: Long) { it: contractChanged(after: $after) { seq type at contract { id version status title } } }`,
		`subscription($after: Long) { it: eventsPublished(after: $after, filter: {types: ["contract.*"]}) { seq type at subjectId subjectVersion } }`,
		`subscription($after: Long) { it: eventsPublished(after: $after, filter: {types: ["contract.*"]}) { seq type at data } }`,
	}
}

// Ear is one subscriber. It comes again by itself, behind what it has heard last.
type Ear struct {
	key, by, ask string
	unit         int
	slow         bool // takes nothing of what it is sent

	last atomic.Int64 // the place that it has heard last
	open atomic.Bool

	mu       sync.Mutex
	heard    []int64
	disorder []string // what came twice or too early
	ended    map[string]int
}

// Crowd is subscribers in any number.
type Crowd struct {
	Ears  []*Ear
	Times *Times // how late they hear

	server *Server
	stop   context.CancelFunc
	all    sync.WaitGroup
	doors  chan struct{} // of those that connect at the same time
	again  atomic.Int64  // how often one had to come again
}

// told is one thing that a subscriber hears.
type told struct {
	Data struct {
		It *struct {
			Seq string
			At  time.Time
		}
	}
	Errors []struct {
		Message    string
		Extensions struct{ Code string }
	}
}

// Gather makes a crowd of so many, spread over the units, their programs, both transports and both questions, that
// listens to all that comes behind a place.
func Gather(s *Server, w *Town, many int, after int64) *Crowd {
	c := &Crowd{server: s, Times: new(Times), doors: make(chan struct{}, 200)}
	by, ask := []string{Socket, Stream}, questions()
	for i := range many {
		n := i / len(w.Units)
		u := w.Units[i%len(w.Units)]
		e := &Ear{key: u.Keys[n%len(u.Keys)], by: by[n%2], ask: ask[n/2%2], unit: i % len(w.Units), ended: map[string]int{}}
		e.last.Store(after)
		c.Ears = append(c.Ears, e)
	}
	return c
}

// Listen opens all of them.
func (c *Crowd) Listen(ctx context.Context) {
	ctx, c.stop = context.WithCancel(ctx)
	for _, e := range c.Ears {
		c.all.Go(func() { c.keep(ctx, e) })
	}
}

// Leave closes all of them, and waits for that.
func (c *Crowd) Leave() {
	c.stop()
	c.all.Wait()
}

// Open is how many are connected now.
func (c *Crowd) Open() int {
	n := 0
	for _, e := range c.Ears {
		if e.open.Load() {
			n++
		}
	}
	return n
}

// Again is how often one of them had to come again.
func (c *Crowd) Again() int { return int(c.again.Load()) }

// keep has one subscriber listen, and come again whenever it is cut off.
func (c *Crowd) keep(ctx context.Context, e *Ear) {
	for {
		err := c.listen(ctx, e)
		e.open.Store(false)
		if ctx.Err() != nil {
			return
		}
		e.mu.Lock()
		e.ended[reason(err)]++
		e.mu.Unlock()
		c.again.Add(1)
		select {
		case <-time.After(time.Duration(100+rand.IntN(400)) * time.Millisecond):
		case <-ctx.Done():
			return
		}
	}
}

// reason is why a subscription ended, without the addresses of it.
func reason(err error) string {
	if err == nil {
		return "let go"
	}
	text := err.Error()
	for _, known := range []string{"connection refused", "connection reset", "EOF", "SERVER_FULL", "SLOW_CONSUMER", "503"} {
		if strings.Contains(text, known) {
			return known
		}
	}
	return text
}

// line is an open subscription, whatever carries it.
type line interface {
	next(ctx context.Context) ([]byte, error) // the next result
	close()
}

var errEnded = errors.New("the subscription ended")

func (c *Crowd) listen(ctx context.Context, e *Ear) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l, err := c.connect(ctx, e)
	if err != nil {
		return err
	}
	defer l.close()
	e.open.Store(true)
	if e.slow {
		<-ctx.Done()
		return nil
	}
	for {
		raw, err := l.next(ctx)
		if err != nil {
			return err
		}
		if err := e.hear(raw, c.Times); err != nil {
			return err
		}
	}
}

func (c *Crowd) connect(ctx context.Context, e *Ear) (line, error) {
	select {
	case c.doors <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-c.doors }()
	after := strconv.FormatInt(e.last.Load(), 10)
	if e.by == Socket {
		return dialSocket(ctx, c.server.URL, e.key, e.ask, after)
	}
	return dialStream(ctx, c.server.URL, e.key, e.ask, after)
}

// hear takes one result to the account.
func (e *Ear) hear(raw []byte, times *Times) error {
	var t told
	if err := json.Unmarshal(raw, &t); err != nil {
		return err
	}
	if len(t.Errors) > 0 {
		return fmt.Errorf("%w: %s", errEnded, t.Errors[0].Extensions.Code)
	}
	if t.Data.It == nil {
		return fmt.Errorf("nothing in %s", raw)
	}
	seq, err := strconv.ParseInt(t.Data.It.Seq, 10, 64)
	if err != nil {
		return err
	}
	times.Add(t.Data.It.At)
	was := e.last.Load()
	e.mu.Lock()
	defer e.mu.Unlock()
	if seq <= was {
		e.disorder = append(e.disorder, fmt.Sprintf("%d behind %d", seq, was))
		return nil
	}
	e.heard = append(e.heard, seq)
	e.last.Store(seq)
	return nil
}

// Lazy is a crowd that takes nothing of what it is sent, though there is more and more of it.
func Lazy(s *Server, w *Town, many int, after int64) *Crowd {
	c := Gather(s, w, many, after)
	for i, e := range c.Ears {
		e.slow, e.ask = true, questions()[2]
		e.by = []string{Socket, Stream}[i%2]
	}
	return c
}
