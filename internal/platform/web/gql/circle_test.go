package gql_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/stream"
)

// gazette is what happens, which everybody reads from wherever they stand.
type gazette struct {
	mu     sync.Mutex
	events []string
	more   chan struct{}
	why    error // what ends all reading
	read   int   // how often an event was read
	open   int   // readers

	looked func(n int) // is told before and after each look whether a reader has caught up; nil for nobody
	looks  int
}

func newGazette() *gazette { return &gazette{more: make(chan struct{})} }

func (g *gazette) publish(v string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.events = append(g.events, v)
	close(g.more)
	g.more = make(chan struct{})
}

func (g *gazette) fail(why error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.why = why
	close(g.more)
	g.more = make(chan struct{})
}

func (g *gazette) numbers() (read, open int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.read, g.open
}

func (g *gazette) reader(after int, who authz.Actor) *column {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open++
	return &column{g: g, at: after, who: who}
}

// column is the gazette as one actor reads it; another can stand in for it.
type column struct {
	g   *gazette
	at  int
	who authz.Actor
}

func (r *column) Next(ctx context.Context) (*stream.Event, error) {
	for {
		r.g.mu.Lock()
		more, why := r.g.more, r.g.why
		if r.at < len(r.g.events) && why == nil {
			v := r.g.events[r.at]
			r.at++
			r.g.read++
			r.g.mu.Unlock()
			if v == "panic" {
				panic("the secret of the house")
			}
			return &stream.Event{Seq: int64(r.at), Value: v, Of: v, Actor: r.who}, nil
		}
		r.g.mu.Unlock()
		if why != nil {
			return nil, why
		}
		select {
		case <-more:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (r *column) Caught(context.Context) (int64, bool, error) {
	r.look()
	defer r.look()
	r.g.mu.Lock()
	defer r.g.mu.Unlock()
	return int64(r.at), r.at == len(r.g.events) && r.g.why == nil, nil
}

func (r *column) look() {
	r.g.mu.Lock()
	r.g.looks++
	n, told := r.g.looks, r.g.looked
	r.g.mu.Unlock()
	if told != nil {
		told(n)
	}
}

func (r *column) Close() {
	r.g.mu.Lock()
	defer r.g.mu.Unlock()
	r.g.open--
}

// places are those of the events that a listener heard, in order.
func (l *listener) places() []int {
	out := []int{}
	for _, m := range regexp.MustCompile(`(?m)^id: (\d+)$`).FindAllStringSubmatch(l.heard(), -1) {
		n, _ := strconv.Atoi(m[1])
		out = append(out, n)
	}
	return out
}

// club is a hall in which everybody reads one gazette.
type club struct {
	*hall
	*gazette
	in  http.Handler
	ctx context.Context
	all *sync.WaitGroup
}

// join subscribes under a name; leave ends that.
func (c *club) join(as string, q question, after int, who authz.Actor) (l *listener, leave func()) {
	l = &listener{head: http.Header{}}
	return l, c.sit(as, q, after, who, l)
}

func (c *club) sit(as string, q question, after int, who authz.Actor, w http.ResponseWriter) (leave func()) {
	ctx, leave := context.WithCancel(authz.With(c.ctx, who))
	c.listen(ctx, c.in, as, q, c.reader(after, who), w, c.all)
	return leave
}

func inTheClub(t testing.TB, do func(c *club)) {
	t.Helper()
	h := &hall{}
	ctx, stop := context.WithCancel(context.Background())
	c := &club{hall: h, gazette: newGazette(), in: h.open(t, nil), ctx: ctx, all: &sync.WaitGroup{}}
	do(c)
	stop()
	c.all.Wait()
	synctest.Wait()
	if _, open := c.numbers(); open != 0 {
		t.Errorf("%d sources are left open", open)
	}
}

func TestOneListensForAllOfOneCallerWhoAskTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inTheClub(t, func(c *club) {
			var all []*listener
			for n := range 50 {
				l, _ := c.join(fmt.Sprint("a", n), question{operation: "Own", after: strconv.Itoa(n)}, 0, person("anna", "a"))
				all = append(all, l)
			}
			other, _ := c.join("b", question{operation: "Own"}, 0, person("berta", "a"))
			asks, _ := c.join("c", question{operation: "Own", name: "x"}, 0, person("anna", "a"))
			synctest.Wait()
			for n := range 3 {
				c.publish(fmt.Sprint("event ", n))
				synctest.Wait()
			}
			if read, open := c.numbers(); read != 9 || open != 3 || c.made() != 9 {
				t.Errorf("%d sources read %d times for %d answers", open, read, c.made())
			}
			for _, l := range append(all, other, asks) {
				if !slices.Equal(l.places(), []int{1, 2, 3}) {
					t.Errorf("heard %v", l.places())
				}
			}
			if text := all[7].heard(); !strings.Contains(text, "anna") || text == other.heard() || text == asks.heard() {
				t.Errorf("one heard %s, another %s and %s", text, other.heard(), asks.heard())
			}
		})
	})
}

// However people come, from whatever place, and go: each hears everything behind their place once and in order.
func TestWhoeverComesAndGoesHearsEverythingOnceAndInOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		synctest.Test(t, func(t *testing.T) {
			inTheClub(t, func(c *club) {
				type guest struct {
					*listener
					after int
					leave func()
				}
				var guests []guest
				d, last := c.openDoor(), 0
				for n := range rapid.IntRange(1, 60).Draw(rt, "steps") {
					switch rapid.SampledFrom([]string{"event", "event", "join", "join", "leave", "rest"}).Draw(rt, "step") {
					case "event":
						last++
						c.publish(fmt.Sprint("event ", last))
					case "join":
						g := guest{after: rapid.IntRange(0, last).Draw(rt, "after")}
						who := rapid.SampledFrom([]string{"anna", "berta"}).Draw(rt, "who")
						switch rapid.SampledFrom([]string{"stream", "socket", "rude socket"}).Draw(rt, "over") {
						case "stream":
							g.listener, g.leave = c.join(strconv.Itoa(n), question{operation: "Alike"}, g.after, person(who, "a"))
						case "socket":
							on := d.call(t, strconv.Itoa(n), question{operation: "Alike"}, g.after, person(who, "a"))
							g.listener, g.leave = on.listener, sync.OnceFunc(on.complete)
						case "rude socket":
							on := d.call(t, strconv.Itoa(n), question{operation: "Alike"}, g.after, person(who, "a"))
							g.listener, g.leave = on.listener, on.hangUp
						}
						guests = append(guests, g)
					case "leave":
						if len(guests) > 0 {
							guests[rapid.IntRange(0, len(guests)-1).Draw(rt, "which")].leave()
						}
					case "rest":
						synctest.Wait()
					}
				}
				late := len(guests)
				for n := range 2 { // two who stay to the end
					l, leave := c.join(fmt.Sprint("late ", n), question{operation: "Alike"}, 0, person("anna", "a"))
					guests = append(guests, guest{l, 0, leave})
				}
				synctest.Wait()
				last++
				c.publish(fmt.Sprint("event ", last))
				synctest.Wait()
				for n, g := range guests {
					heard := g.places()
					for i, place := range heard {
						if place != g.after+1+i {
							rt.Fatalf("from %d on somebody heard %v: %s", g.after, heard, g.heard())
						}
					}
					if n >= late && len(heard) != last {
						rt.Fatalf("of %d events somebody heard %v", last, heard)
					}
				}
			})
		})
	})
}

func TestWhatHappensInTheMomentOfJoiningIsHeardOnce(t *testing.T) {
	for moment := range 4 { // before and after the first look, before and after the one with a seat taken
		for _, settled := range []bool{false, true} { // whether the circle has told it by the next step
			synctest.Test(t, func(t *testing.T) {
				inTheClub(t, func(c *club) {
					first, _ := c.join("first", question{operation: "Alike"}, 0, person("anna", "a"))
					synctest.Wait()
					c.publish("before")
					synctest.Wait()
					began := c.looks
					c.looked = func(n int) {
						if n == began+1+moment {
							c.publish("meanwhile")
						}
						for settled && n == began+1+moment && len(first.places()) < 2 {
							runtime.Gosched()
						}
					}
					l, _ := c.join("late", question{operation: "Alike"}, 1, person("anna", "a"))
					synctest.Wait()
					c.publish("after")
					synctest.Wait()
					if !slices.Equal(l.places(), []int{2, 3}) {
						t.Errorf("moment %d: heard %v", moment, l.places())
					}
				})
			})
		}
	}
}

func TestWhatEndsTheListeningOfOneEndsThatOfTheCircleAndTheNextBeginAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inTheClub(t, func(c *club) {
			var all []*listener
			for n := range 5 {
				l, _ := c.join(strconv.Itoa(n), question{operation: "Alike"}, 0, person("anna", "a"))
				all = append(all, l)
			}
			synctest.Wait()
			c.fail(fault.New(fault.Unauthenticated, fault.CodeUnauthenticated))
			synctest.Wait()
			for n, l := range all {
				if text := l.heard(); !strings.Contains(text, "UNAUTHENTICATED") || !strings.Contains(text, `"requestId":"`+strconv.Itoa(n)+`"`) {
					t.Errorf("heard %s", text)
				}
			}
			c.fail(nil)
			l, _ := c.join("again", question{operation: "Alike"}, 0, person("anna", "a"))
			synctest.Wait()
			c.publish("x")
			synctest.Wait()
			if !slices.Equal(l.places(), []int{1}) {
				t.Errorf("whoever comes after it hears %v", l.places())
			}
		})
	})
}

func TestAnErrorInAnAnswerIsToldToEachOfACircleAsTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inTheClub(t, func(c *club) {
			all := map[string]*listener{}
			for n := range 3 {
				name := fmt.Sprint("request-", n)
				all[name], _ = c.join(name, question{operation: "Alike"}, 0, person("anna", "a"))
			}
			synctest.Wait()
			c.publish("error")
			synctest.Wait()
			for name, l := range all {
				if !strings.Contains(l.heard(), `"requestId":"`+name+`"`) || !slices.Equal(l.places(), []int{1}) {
					t.Errorf("%s heard %s", name, l.heard())
				}
			}
			if c.made() != 3 {
				t.Errorf("%d answers were made for three", c.made())
			}
		})
	})
}

func TestAPanicWhileListeningEndsTheCircleAndTellsNoSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inTheClub(t, func(c *club) {
			one, _ := c.join("1", question{operation: "Alike"}, 0, person("anna", "a"))
			two, _ := c.join("2", question{operation: "Alike"}, 0, person("anna", "a"))
			synctest.Wait()
			c.publish("panic")
			synctest.Wait()
			for _, l := range []*listener{one, two} {
				if text := l.heard(); !strings.Contains(text, "INTERNAL") || strings.Contains(text, "secret") {
					t.Errorf("heard %s", text)
				}
			}
		})
	})
}

// deafened is a client that takes nothing more after the beginning, until it is let go.
type deafened struct {
	*listener
	free chan struct{}
}

func (s *deafened) Write(b []byte) (int, error) {
	if strings.Contains(string(b), "event: next") {
		<-s.free
	}
	return s.listener.Write(b)
}

func TestWhoTakesNothingIsToldWhereToResumeAndHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inTheClub(t, func(c *club) {
			quick, _ := c.join("quick", question{operation: "Alike"}, 0, person("anna", "a"))
			slow := &deafened{&listener{head: http.Header{}}, make(chan struct{})}
			c.sit("slow", question{operation: "Alike"}, 0, person("anna", "a"), slow)
			synctest.Wait()
			for n := range 300 {
				c.publish(fmt.Sprint("event ", n))
				synctest.Wait()
			}
			if n := len(quick.places()); n != 300 {
				t.Errorf("the others heard %d of 300", n)
			}
			close(slow.free)
			synctest.Wait()
			if text := slow.heard(); !slices.Equal(slow.places(), []int{1}) || !strings.Contains(text, "SLOW_CONSUMER") || !strings.Contains(text, `"seq":1`) {
				t.Errorf("whoever was slow heard %s", text)
			}
		})
	})
}

func TestASourceThatCannotBeReadIsNotLeftOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inTheClub(t, func(c *club) {
			c.fail(errors.New("the journal is away"))
			l, _ := c.join("1", question{operation: "Alike"}, 0, person("anna", "a"))
			synctest.Wait()
			if !strings.Contains(l.heard(), "INTERNAL") {
				t.Errorf("heard %s", l.heard())
			}
		})
	})
}
