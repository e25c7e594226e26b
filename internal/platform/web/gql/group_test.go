package gql_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/fault/catalogue"
	"github.com/cobuild/cobuild/internal/platform/stream"
	"github.com/cobuild/cobuild/internal/platform/web/gql"
	"github.com/cobuild/cobuild/internal/platform/web/request"
)

// hall is a house of subscribers in which a test says what each of them hears. What a subscriber sees of an event are
// their rights; the operation Own tells who they are as well.
type hall struct {
	small

	mu      sync.Mutex
	sources map[string]stream.Source // by the request id of who listens
	answers int
	wait    chan struct{} // answers are not made before it is closed; nil for at once
}

func (h *hall) Exec(ctx context.Context) graphql.ResponseHandler {
	asked := graphql.GetOperationContext(ctx)
	answers, err := stream.Answer[string](ctx, nil, func(*int64) (stream.Source, error) {
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.sources[request.ID(ctx)], nil
	})
	if err != nil {
		graphql.AddError(ctx, err)
		return nil
	}
	return func(ctx context.Context) *graphql.Response {
		v, ok := <-answers
		if !ok {
			return nil
		}
		h.mu.Lock()
		h.answers++
		wait := h.wait
		h.mu.Unlock()
		if wait != nil {
			<-wait
		}
		if strings.HasPrefix(v, "error") {
			graphql.AddError(ctx, fault.New(fault.Refused, fault.CodeForbidden))
		}
		a := authz.From(ctx)
		seen := fmt.Sprint(v, a.Holdings, a.Scopes, a.Service, asked.Variables["name"], catalogue.From(ctx).Language())
		if asked.Operation.Name == "Own" {
			seen += fmt.Sprint(a.Person, a.Session, a.Name)
		}
		raw, _ := json.Marshal(map[string]any{"changes": map[string]string{"text": seen}})
		return &graphql.Response{Data: raw}
	}
}

func (h *hall) made() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.answers
}

// open opens the hall to subscribers, each called by a name.
func (h *hall) open(t testing.TB, heard func() int64, alter ...func(*gql.Config)) http.Handler {
	t.Helper()
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "hall", Input: `
		type Query { hello: String }
		type Subscription { changes(after: String): Change }
		type Change { text(name: String): String }
	`})
	if err != nil {
		t.Fatal(err)
	}
	h.small, h.sources = small{schema}, map[string]stream.Source{}
	words, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	c := gql.Config{
		Schema: h, Limits: gql.DefaultLimits(), Log: slog.New(slog.DiscardHandler), Heard: heard,
		Alike:   func(op *ast.OperationDefinition) bool { return strings.HasPrefix(op.Name, "Alike") },
		Callers: gql.Callers{Now: time.Now}, Live: gql.Live{PerAddress: 1 << 20},
	}
	for _, a := range alter {
		a(&c)
	}
	e := gql.New(c)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := catalogue.With(r.Context(), words.Voice(r.Header.Get("Accept-Language")))
		e.ServeHTTP(w, r.WithContext(request.With(ctx, &request.Info{ID: r.Header.Get("Name")})))
	})
}

// listener writes down what a subscriber hears.
type listener struct {
	mu   sync.Mutex
	text strings.Builder
	head http.Header
}

func (l *listener) Header() http.Header { return l.head }
func (l *listener) WriteHeader(int)     {}
func (l *listener) Flush()              {}

func (l *listener) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *listener) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Reset()
}

func (l *listener) heard() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// subscriber is one who listens in a hall.
type subscriber struct {
	*listener
	*taps
}

// question is what a subscriber asks, and how.
type question struct{ operation, name, after, language string }

// asked is the question as a request has it.
func (q question) asked() map[string]any {
	return map[string]any{
		"query":     "subscription " + q.operation + "($after: String, $name: String) { changes(after: $after) { text(name: $name) } }",
		"variables": map[string]any{"name": q.name, "after": q.after},
	}
}

// subscribe begins to listen under a name.
func (h *hall) subscribe(ctx context.Context, in http.Handler, as string, a question, all *sync.WaitGroup) subscriber {
	s := subscriber{&listener{head: http.Header{}}, newTaps()}
	h.listen(ctx, in, as, a, s.taps, s.listener, all)
	return s
}

// listen begins to hear of a source under a name.
func (h *hall) listen(ctx context.Context, in http.Handler, as string, a question, source stream.Source, w http.ResponseWriter, all *sync.WaitGroup) {
	h.mu.Lock()
	h.sources[as] = source
	h.mu.Unlock()
	body, _ := json.Marshal(a.asked())
	r := post(string(body))
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("Accept-Language", a.language)
	r.Header.Set("Name", as)
	all.Go(func() { in.ServeHTTP(w, r.WithContext(ctx)) })
}

// inTheHall lets a test happen in a hall of its own, without the clock of the machine.
func inTheHall(t *testing.T, do func(t *testing.T, h *hall, subscribe func(as string, a question) subscriber)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := &hall{}
		in := h.open(t, nil)
		ctx, stop := context.WithCancel(t.Context())
		var all sync.WaitGroup
		do(t, h, func(as string, a question) subscriber { return h.subscribe(ctx, in, as, a, &all) })
		stop()
		all.Wait()
	})
}

func (s subscriber) event(seq int64, v, of string, a authz.Actor) {
	s.come <- &stream.Event{Seq: seq, Value: v, Of: of, Actor: a}
}

func person(name string, in ...id.Organisation) authz.Actor {
	a := authz.Actor{Person: id.Person(name), Session: id.Session("session of " + name), Name: name}
	for _, o := range in {
		a.Holdings = append(a.Holdings, authz.Holding{Role: authz.Secretary, Organisation: o})
	}
	return a
}

func TestAnEventIsAnsweredOnceForAllWhoSeeTheSame(t *testing.T) {
	inTheHall(t, func(t *testing.T, h *hall, subscribe func(string, question) subscriber) {
		t.Helper()
		h.wait = make(chan struct{})
		crowd := map[string][]subscriber{}
		for n := range 100 {
			org := []string{"a", "b"}[n%2]
			s := subscribe(strconv.Itoa(n), question{operation: "Alike", after: strconv.Itoa(n), language: "en"})
			crowd[org] = append(crowd[org], s)
			s.event(7, "signed", "c1 3", person(fmt.Sprint("p", n), id.Organisation(org)))
		}
		synctest.Wait()
		if h.made() != 2 {
			t.Errorf("%d answers were made for two groups", h.made())
		}
		close(h.wait)
		synctest.Wait()
		for org, all := range crowd {
			for _, s := range all {
				if text := s.heard(); text != all[0].heard() || !strings.Contains(text, "id: 7") || !strings.Contains(text, "SECRETARY "+org) {
					t.Fatalf("of %s heard %s", org, text)
				}
			}
		}
		if h.made() != 2 {
			t.Errorf("%d answers were made for two groups", h.made())
		}
	})
}

func TestWhatDependsOnThePersonIsAnsweredForEachPerson(t *testing.T) {
	inTheHall(t, func(t *testing.T, h *hall, subscribe func(string, question) subscriber) {
		t.Helper()
		one, again, other := subscribe("1", question{operation: "Own"}), subscribe("2", question{operation: "Own"}), subscribe("3", question{operation: "Own"})
		one.event(1, "x", "c 1", person("anna", "a"))
		again.event(1, "x", "c 1", person("anna", "a"))
		other.event(1, "x", "c 1", person("berta", "a"))
		synctest.Wait()
		if h.made() != 2 || !strings.Contains(one.heard(), "anna") || one.heard() != again.heard() || !strings.Contains(other.heard(), "berta") {
			t.Errorf("%d answers: %s, %s, %s", h.made(), one.heard(), again.heard(), other.heard())
		}
	})
}

func TestWhoeverAsksAnotherThingOrSeesAnotherIsAnsweredApart(t *testing.T) {
	same := person("anna", "a")
	lent, program, bare := same, authz.Actor{Service: "svc1", Holdings: same.Holdings, Scopes: []string{"CONTRACTS_READ"}}, authz.Actor{Service: "svc1"}
	lent.Holdings = []authz.Holding{{Role: authz.Secretary, Organisation: "a", By: "del1"}}
	alike := question{operation: "Alike", language: "en"}
	for name, c := range map[string]struct {
		ask  question
		seq  int64
		of   string
		by   authz.Actor
		made int
	}{
		"the same":             {alike, 1, "c 1", same, 1},
		"from another place":   {question{operation: "Alike", language: "en", after: "9"}, 1, "c 1", same, 1},
		"in another language":  {question{operation: "Alike", language: "zh"}, 1, "c 1", same, 2},
		"with other variables": {question{operation: "Alike", language: "en", name: "x"}, 1, "c 1", same, 2},
		"another question":     {question{operation: "Alike2", language: "en"}, 1, "c 1", same, 2},
		"of another state":     {alike, 1, "c 2", same, 2},
		"of another event":     {alike, 2, "c 1", same, 2},
		"of no known state":    {alike, 1, "", same, 2},
		"by a lent office":     {alike, 1, "c 1", lent, 2},
		"by a program":         {alike, 1, "c 1", program, 2},
		"without scopes":       {alike, 1, "c 1", bare, 2},
		"with no right":        {alike, 1, "c 1", person("anna"), 2},
	} {
		t.Run(name, func(t *testing.T) {
			inTheHall(t, func(t *testing.T, h *hall, subscribe func(string, question) subscriber) {
				t.Helper()
				first, second := subscribe("1", alike), subscribe("2", c.ask)
				first.event(1, "x", "c 1", same)
				second.event(c.seq, "x", c.of, c.by)
				synctest.Wait()
				if h.made() != c.made {
					t.Errorf("%d answers were made, not %d: %s, %s", h.made(), c.made, first.heard(), second.heard())
				}
			})
		})
	}
}

func TestAnAnswerIsNotSharedForLong(t *testing.T) {
	inTheHall(t, func(t *testing.T, h *hall, subscribe func(string, question) subscriber) {
		t.Helper()
		for n := range 3 {
			s := subscribe(strconv.Itoa(n), question{operation: "Alike"})
			s.event(1, "x", "c 1", person("anna", "a"))
			synctest.Wait()
			time.Sleep(150 * time.Millisecond)
		}
		if h.made() != 2 {
			t.Errorf("%d answers were made within 300 ms", h.made())
		}
	})
}

func TestAnAnswerIsNotSharedOnceMoreHasHappened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at atomic.Int64
		h := &hall{}
		in := h.open(t, at.Load)
		ctx, stop := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for n := range 4 {
			at.Store(int64(n / 2))
			s := h.subscribe(ctx, in, strconv.Itoa(n), question{operation: "Alike"}, &all)
			s.event(1, "x", "c 1", person("anna", "a"))
			synctest.Wait()
		}
		stop()
		all.Wait()
		if h.made() != 2 {
			t.Errorf("%d answers were made", h.made())
		}
	})
}

func TestAnErrorIsForOneSubscriberAlone(t *testing.T) {
	inTheHall(t, func(t *testing.T, h *hall, subscribe func(string, question) subscriber) {
		t.Helper()
		for n := range 5 {
			name := fmt.Sprint("request-", n)
			s := subscribe(name, question{operation: "Alike"})
			s.event(1, "error", "c 1", person("anna", "a"))
			defer func() {
				if !strings.Contains(s.heard(), `"requestId":"`+name+`"`) {
					t.Errorf("%s heard %s", name, s.heard())
				}
			}()
		}
		synctest.Wait()
		if h.made() != 5 {
			t.Errorf("%d answers were made", h.made())
		}
	})
}

func TestWhoMadeAnAnswerMayGoAndTheOthersAreAnsweredAllTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hall{}
		in := h.open(t, nil)
		h.wait = make(chan struct{})
		leaves, leave := context.WithCancel(t.Context())
		stays, stop := context.WithCancel(t.Context())
		var all sync.WaitGroup
		first := h.subscribe(leaves, in, "1", question{operation: "Alike"}, &all)
		first.event(1, "x", "c 1", person("anna", "a"))
		synctest.Wait()
		second := h.subscribe(stays, in, "2", question{operation: "Alike"}, &all)
		second.event(1, "x", "c 1", person("berta", "a"))
		synctest.Wait()
		leave()
		close(h.wait)
		synctest.Wait()
		if !strings.Contains(second.heard(), "SECRETARY a") {
			t.Errorf("heard %q", second.heard())
		}
		stop()
		all.Wait()
	})
}

func TestWhatIsKeptOfAnswersIsBounded(t *testing.T) {
	inTheHall(t, func(t *testing.T, h *hall, subscribe func(string, question) subscriber) {
		t.Helper()
		s := subscribe("1", question{operation: "Alike"})
		long := strings.Repeat("x", 1<<20)
		var before runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for n := range 64 {
			s.event(int64(n), long, "c 1", person("anna", "a"))
			synctest.Wait()
			s.forget()
		}
		var after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&after)
		if kept := int64(after.HeapAlloc) - int64(before.HeapAlloc); kept > 32<<20 {
			t.Errorf("%d MiB are kept of 64 answers of a MiB each", kept>>20)
		}
	})
}

// script is what happens in a hall: who asks what, and what each is told then.
type script struct {
	asks  []question
	tells []telling
}

type telling struct {
	seq   int64
	v, of string
	to    []authz.Actor // each listener, by the rights of that moment
	pause bool          // whether all that was told is answered before anything else happens
}

func scripts() *rapid.Generator[script] {
	return rapid.Custom(func(r *rapid.T) script {
		one := rapid.Custom(func(r *rapid.T) question {
			return question{
				operation: rapid.SampledFrom([]string{"Alike", "Own"}).Draw(r, "operation"), name: rapid.SampledFrom([]string{"", "x"}).Draw(r, "name"),
				after: rapid.SampledFrom([]string{"1", "2"}).Draw(r, "after"), language: rapid.SampledFrom([]string{"en", "zh"}).Draw(r, "language"),
			}
		})
		s := script{asks: rapid.SliceOfN(one, 2, 12).Draw(r, "asks")}
		for seq := range rapid.Int64Range(1, 6).Draw(r, "events") {
			e := telling{
				seq: seq, v: rapid.SampledFrom([]string{"signed", "proposed", "error"}).Draw(r, "value"),
				of: rapid.SampledFrom([]string{"", "c 1", "c 2"}).Draw(r, "of"), pause: rapid.Bool().Draw(r, "pause"),
			}
			for range s.asks {
				e.to = append(e.to, anybody(r))
			}
			s.tells = append(s.tells, e)
		}
		return s
	})
}

// play has a script happen, and returns what each listener heard and how many answers were made.
func (s script) play(t *testing.T, apart bool) (heard []string, made int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := &hall{}
		in := h.open(t, nil, func(c *gql.Config) { c.Live.Apart = apart })
		ctx, stop := context.WithCancel(t.Context())
		var all sync.WaitGroup
		crowd := make([]subscriber, len(s.asks))
		for n, a := range s.asks {
			crowd[n] = h.subscribe(ctx, in, fmt.Sprint("listener-", n), a, &all)
		}
		for _, e := range s.tells {
			for n, l := range crowd {
				l.event(e.seq, e.v, e.of, e.to[n])
			}
			if e.pause {
				synctest.Wait()
			}
		}
		synctest.Wait()
		for _, l := range crowd {
			heard = append(heard, l.heard())
		}
		made = h.made()
		stop()
		all.Wait()
	})
	return heard, made
}

// TestWhoeverListensIsToldTheSameWithGroupsAndWithout tells random events to random listeners, whose rights come and go.
func TestWhoeverListensIsToldTheSameWithGroupsAndWithout(t *testing.T) {
	saved := 0
	rapid.Check(t, func(r *rapid.T) {
		s := scripts().Draw(r, "script")
		together, few := s.play(t, false)
		apart, many := s.play(t, true)
		for n := range together {
			if together[n] != apart[n] {
				r.Fatalf("listener %d heard in a group\n%s\nand apart\n%s", n, together[n], apart[n])
			}
		}
		saved += many - few
	})
	if saved == 0 {
		t.Error("nothing was ever shared")
	}
}

func anybody(r *rapid.T) authz.Actor {
	orgs := rapid.SliceOfN(rapid.SampledFrom([]id.Organisation{"a", "b"}), 0, 2).Draw(r, "organisations")
	a := person(rapid.SampledFrom([]string{"anna", "berta"}).Draw(r, "who"), orgs...)
	if rapid.IntRange(0, 4).Draw(r, "program") == 0 {
		a.Service, a.Person = id.ServiceAccount(a.Person), ""
		a.Scopes = rapid.SliceOfN(rapid.SampledFrom([]string{"CONTRACTS_READ", "PEOPLE_READ"}), 0, 2).Draw(r, "scopes")
	}
	return a
}
