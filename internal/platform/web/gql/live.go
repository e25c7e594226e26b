package gql

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/web/request"
)

// Live says how connections that stay open are kept. Zero members stand for what a server needs.
type Live struct {
	Deadline   time.Duration // of beginning a subscription, or of telling one event; 20 s
	Init       time.Duration // how long a socket may stay without its first message; 10 s
	Heartbeat  time.Duration // how often a silent connection gives a sign of life, and the caller's rights are read anew; 20 s
	Write      time.Duration // how long a client may take to receive one message; 15 s
	Message    int64         // bytes of one message from a client; 256 KiB
	Operations int           // under way on one socket; 100
	PerCaller  int           // open connections of one caller; 200
	PerAddress int           // those at one address of whoever has not said who they are: many may come through one proxy; 2000
	Everybody  int           // open connections of all together: what the limit on open files carries; no bound where zero
	Apart      bool          // whether each subscriber's answer is made apart, even where others are told the same; false
}

// filled puts what a server needs in the place of zero members.
func (l Live) filled(deadline time.Duration) Live {
	if l.Deadline == 0 {
		l.Deadline = deadline
	}
	for _, d := range []struct {
		have *time.Duration
		want time.Duration
	}{{&l.Deadline, 20 * time.Second}, {&l.Init, 10 * time.Second}, {&l.Heartbeat, 20 * time.Second}, {&l.Write, 15 * time.Second}} {
		if *d.have == 0 {
			*d.have = d.want
		}
	}
	if l.Message == 0 {
		l.Message = 256 << 10
	}
	if l.Operations == 0 {
		l.Operations = 100
	}
	if l.PerCaller == 0 {
		l.PerCaller = 200
	}
	if l.PerAddress == 0 {
		l.PerAddress = 2000
	}
	return l
}

// Callers find out who is calling for as long as a connection lasts. Nil members know nothing new.
type Callers struct {
	// Login finds the caller of a bearer token: a context with the actor and the proof.
	Login func(ctx context.Context, bearer string) (context.Context, error)
	// Again finds the rights of the actor at this moment; UNAUTHENTICATED where the session has ended.
	Again func(ctx context.Context) (authz.Actor, error)
	// Attend has look called whenever the actor's rights may have altered, until leave. Look must not block.
	Attend func(ctx context.Context, look func()) (leave func())
	// Now is the clock by which tokens end. Required.
	Now func() time.Time
}

// left is how long the token of a caller is still good; ends is false where only its withdrawal ends it.
func (c Callers) left(ctx context.Context) (left time.Duration, ends bool) {
	p := authz.ProofFrom(ctx)
	if p.Ends.IsZero() {
		return 0, false
	}
	return max(p.Ends.Sub(c.Now()), time.Millisecond), true
}

// over says whether what the caller came with has ended, or the session behind it.
func (c Callers) over(ctx context.Context) error {
	if authz.ProofFrom(ctx).Over(c.Now()) {
		return errTokenOver
	}
	if c.Again == nil {
		return nil
	}
	_, err := c.Again(ctx)
	return err
}

func (c Callers) attend(ctx context.Context, look func()) (leave func()) {
	if c.Attend == nil {
		return func() {}
	}
	return c.Attend(ctx, look)
}

// lasting keeps the connections that stay open: how many each caller has, and how they end with the server.
type lasting struct {
	Live
	gauge *prometheus.GaugeVec
	told  *prometheus.CounterVec
	asked *prometheus.CounterVec

	turned prometheus.Counter // away, because the house is full

	ending context.Context // the server's life, which connections share
	end    context.CancelFunc

	mu    sync.Mutex
	open  int
	each  map[string]int
	empty chan struct{} // closed when the last connection has gone after the end
}

func newLasting(l Live, r prometheus.Registerer) *lasting {
	k := &lasting{
		Live: l, each: map[string]int{}, empty: make(chan struct{}),
		gauge: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "cobuild_live_open", Help: "What is open now: sockets, event streams, subscriptions.",
		}, []string{"kind"}),
		told: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cobuild_live_events_total", Help: "Events told to subscribers, by root field.",
		}, []string{"operation"}),
		asked: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cobuild_live_answers_total", Help: "Answers made for subscribers, by root field: one for all who see the same.",
		}, []string{"operation"}),
	}
	k.turned = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "cobuild_live_refused_total", Help: "Connections refused because as many are open as the limit on open files carries.",
	})
	if r != nil {
		r.MustRegister(k.gauge, k.told, k.asked, k.turned)
	}
	k.ending, k.end = context.WithCancel(context.Background())
	return k
}

// enter takes a place for a connection of a caller. It refuses where they have too many, the house is full, or the server
// is stopping.
func (k *lasting) enter(caller string) *fault.Fault {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.ending.Err() != nil || k.each[caller] >= k.most(caller):
		return fault.New(fault.Unavailable, CodeConnections, "max", k.most(caller))
	case k.Everybody > 0 && k.open >= k.Everybody:
		k.turned.Inc()
		return fault.New(fault.Unavailable, CodeHouseFull, "max", k.Everybody)
	}
	k.each[caller]++
	k.open++
	return nil
}

// most is how many connections a caller may have.
func (k *lasting) most(caller string) int {
	if strings.HasPrefix(caller, atAddress) {
		return k.PerAddress
	}
	return k.PerCaller
}

// become moves a place to who its caller has turned out to be; false where they have too many.
func (k *lasting) become(was, caller string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if was != caller && k.each[caller] >= k.most(caller) {
		return false
	}
	k.each[caller]++
	k.drop(was)
	return true
}

func (k *lasting) leave(caller string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.drop(caller)
	if k.open--; k.open == 0 && k.ending.Err() != nil {
		close(k.empty)
	}
}

func (k *lasting) drop(caller string) {
	if k.each[caller]--; k.each[caller] == 0 {
		delete(k.each, caller)
	}
}

// Stop ends every connection that stays open, telling clients to come again, and waits for that until ctx ends.
func (e *Engine) Stop(ctx context.Context) {
	k := e.live
	k.mu.Lock()
	first := k.ending.Err() == nil
	k.end()
	if first && k.open == 0 {
		close(k.empty)
	}
	k.mu.Unlock()
	select {
	case <-k.empty:
	case <-ctx.Done():
	}
}

// callerOf names who has a connection, to count theirs.
func callerOf(ctx context.Context) string {
	switch a := authz.From(ctx); {
	case a.Service != "":
		return "service " + string(a.Service)
	case a.Known():
		return "person " + string(a.Person)
	}
	return atAddress + request.Address(ctx)
}

// atAddress begins the name of a caller who has not said who they are.
const atAddress = "address "

// Stays says whether a request asks for a connection that stays open, or may: a socket or an event stream. Bounds on
// the time of a whole request do not hold for it; the engine bounds each operation instead.
func Stays(r *http.Request) bool { return upgrade(r) || wishesOf(r.Header).events.q > 0 }

func upgrade(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.EqualFold(strings.TrimSpace(r.Header.Get("Upgrade")), "websocket")
}

// known is the request's Info for one operation on a connection that carries several.
func known(base *request.Info, id string) *request.Info {
	i := &request.Info{ID: id}
	if base != nil {
		i.Address, i.Agent = base.Address, base.Agent
	}
	return i
}
