package gql_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/cobuild/cobuild/internal/platform/authz"
)

// pipes are connections that lie in memory, so that time stands still with them.
type pipes struct {
	come chan net.Conn
	over chan struct{}
	once sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.come:
		return c, nil
	case <-p.over:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.over) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) dial(context.Context, string, string) (net.Conn, error) {
	here, there := net.Pipe()
	p.come <- there
	return here, nil
}

// door is where people come into a club over sockets.
type door struct {
	*club
	pipes  *pipes
	server *http.Server

	mu  sync.Mutex
	who map[string]authz.Actor
}

func (c *club) openDoor() *door {
	d := &door{club: c, pipes: &pipes{come: make(chan net.Conn), over: make(chan struct{})}, who: map[string]authz.Actor{}}
	d.server = &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		who := d.who[r.Header.Get("Name")]
		d.mu.Unlock()
		c.in.ServeHTTP(w, r.WithContext(authz.With(r.Context(), who)))
	})}
	c.all.Go(func() { _ = d.server.Serve(d.pipes) })
	context.AfterFunc(c.ctx, func() { _ = d.server.Close() })
	return d
}

// caller is a client on a socket with one subscription, who writes down what they hear as a listener does.
type caller struct {
	*listener
	t    testing.TB
	c    *websocket.Conn
	ctx  context.Context
	free chan struct{} // closed where they take anything; nil for always
}

// call comes in and subscribes.
func (d *door) call(t testing.TB, as string, q question, after int, who authz.Actor) *caller {
	t.Helper()
	c := d.enter(t, as, q, after, who)
	c.subscribe(q)
	d.all.Go(c.read)
	return c
}

func (d *door) enter(t testing.TB, as string, q question, after int, who authz.Actor) *caller {
	t.Helper()
	d.mu.Lock()
	d.who[as] = who
	d.mu.Unlock()
	d.hall.mu.Lock()
	d.sources[as+"-1"] = d.reader(after, who)
	d.hall.mu.Unlock()
	conn, _, err := websocket.Dial(d.ctx, "ws://club/", &websocket.DialOptions{
		Subprotocols: []string{"graphql-transport-ws"}, HTTPHeader: http.Header{"Name": {as}, "Accept-Language": {q.language}},
		HTTPClient: &http.Client{Transport: &http.Transport{DialContext: d.pipes.dial}},
	})
	if err != nil {
		t.Fatal(err)
	}
	context.AfterFunc(d.ctx, func() { _ = conn.CloseNow() })
	c := &caller{listener: &listener{}, t: t, c: conn, ctx: d.ctx}
	c.say(map[string]any{"type": "connection_init"})
	if _, raw, err := conn.Read(d.ctx); err != nil || !strings.Contains(string(raw), "connection_ack") {
		t.Fatalf("%s, %v", raw, err)
	}
	return c
}

func (c *caller) say(message map[string]any) {
	c.t.Helper()
	raw, _ := json.Marshal(message)
	if err := c.c.Write(c.ctx, websocket.MessageText, raw); err != nil {
		c.t.Fatal(err)
	}
}

func (c *caller) subscribe(q question) {
	c.t.Helper()
	c.say(map[string]any{"type": "subscribe", "id": "1", "payload": q.asked()})
}

// complete has heard enough, and stays on the line.
func (c *caller) complete() { c.say(map[string]any{"type": "complete", "id": "1"}) }

// hangUp goes without a word.
func (c *caller) hangUp() { _ = c.c.CloseNow() }

var number = regexp.MustCompile(`event (\d+)`)

func (c *caller) read() {
	for {
		if c.free != nil {
			<-c.free
		}
		_, raw, err := c.c.Read(c.ctx)
		if err != nil {
			return
		}
		if n := number.FindSubmatch(raw); n != nil && strings.Contains(string(raw), `"type":"next"`) {
			_, _ = fmt.Fprintf(c, "id: %s\n", n[1])
		}
		_, _ = fmt.Fprintf(c, "%s\n", raw)
	}
}

func TestASubscriptionOnASocketThatRestsHoldsNoGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inTheClub(t, func(c *club) {
			const many = 40
			d := c.openDoor()
			var all []*caller
			for n := range many {
				c := d.enter(t, fmt.Sprint("s", n), question{}, 0, person("anna", "a"))
				d.all.Go(c.read)
				all = append(all, c)
			}
			synctest.Wait()
			before := runtime.NumGoroutine()
			for _, c := range all {
				c.subscribe(question{operation: "Own"})
			}
			synctest.Wait()
			if grown := runtime.NumGoroutine() - before; grown > many/4 { // one for the circle; other tests have theirs
				t.Errorf("%d subscriptions hold %d goroutines", many, grown)
			}
			for n := range 3 {
				d.publish(fmt.Sprint("event ", n+1))
				synctest.Wait()
			}
			for _, c := range all {
				if !slices.Equal(c.places(), []int{1, 2, 3}) {
					t.Fatalf("heard %s", c.heard())
				}
			}
			if read, open := d.numbers(); read != 3 || open != 1 {
				t.Errorf("%d sources were read %d times", open, read)
			}
			for _, c := range all {
				c.complete()
			}
			synctest.Wait()
			if _, open := d.numbers(); open != 0 {
				t.Errorf("after the last has heard enough %d sources are open", open)
			}
			d.hall.mu.Lock()
			d.sources["s0-2"] = d.reader(3, person("anna", "a"))
			d.hall.mu.Unlock()
			all[0].subscribe(question{operation: "Own"}) // its id is free again
			synctest.Wait()
			d.publish("event 4")
			synctest.Wait()
			for n, c := range all {
				if want := [][]int{{1, 2, 3, 4}, {1, 2, 3}}[min(n, 1)]; !slices.Equal(c.places(), want) {
					t.Errorf("%d heard %v", n, c.places())
				}
			}
		})
	})
}

func TestASocketThatTakesNothingIsToldWhereToResumeAndHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inTheClub(t, func(c *club) {
			d := c.openDoor()
			quick := d.call(t, "quick", question{operation: "Alike"}, 0, person("anna", "a"))
			slow := d.enter(t, "slow", question{operation: "Alike"}, 0, person("anna", "a"))
			slow.free = make(chan struct{})
			slow.subscribe(question{operation: "Alike"})
			d.all.Go(slow.read)
			synctest.Wait()
			for n := range 300 {
				d.publish(fmt.Sprint("event ", n+1))
				synctest.Wait()
			}
			if n := len(quick.places()); n != 300 {
				t.Errorf("the other heard %d of 300", n)
			}
			close(slow.free)
			synctest.Wait()
			if text := slow.heard(); !slices.Equal(slow.places(), []int{1}) || !strings.Contains(text, "SLOW_CONSUMER") || !strings.Contains(text, `"seq":1`) {
				t.Errorf("whoever was slow heard %s", text)
			}
		})
	})
}

func TestWhatEndsACircleEndsWhatRestsOnSockets(t *testing.T) {
	for says, tt := range map[string]struct {
		end  func(d *door)
		want string
	}{
		"a panic":             {func(d *door) { d.publish("panic") }, "INTERNAL"},
		"a journal that ends": {func(d *door) { d.fail(errors.New("the secret of the house")) }, "INTERNAL"},
	} {
		t.Run(says, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				inTheClub(t, func(c *club) {
					d := c.openDoor()
					all := []*caller{}
					for n := range 3 {
						all = append(all, d.call(t, fmt.Sprint("s", n), question{operation: "Alike"}, 0, person("anna", "a")))
					}
					synctest.Wait()
					tt.end(d)
					synctest.Wait()
					for _, c := range all {
						if text := c.heard(); strings.Count(text, tt.want) != 1 || strings.Contains(text, "secret") {
							t.Errorf("heard %s", text)
						}
					}
				})
			})
		})
	}
}
