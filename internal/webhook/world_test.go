package webhook

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/keyring"
	"github.com/cobuild/cobuild/internal/platform/outbound"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// The organisations of the tests, and the service account of the unit.
var (
	street    = id.Derived[id.Organisation](id.KindSubDistrict, "s")
	unit      = id.Derived[id.Organisation](id.KindUnit, "u")
	elsewhere = id.Derived[id.Organisation](id.KindUnit, "e")
	account   = id.Derived[id.ServiceAccount](id.KindServiceAccount, "a")
)

// world is the room on a real store, a journal of the test's own, and endpoints that are reached without a network.
type world struct {
	*Service
	t    testing.TB
	db   store.Backend
	ring *keyring.Keyring

	mu        sync.Mutex
	now       time.Time
	clock     func() time.Time // nil for one that stands still
	happened  []journal.Entry
	usable    bool
	hidden    map[int64]bool
	unshaped  map[int64]bool
	tails     []chan struct{}
	noted     []Noted
	endpoints map[string]*endpoint
}

func newWorld(t testing.TB, alter ...func(*world)) *world {
	t.Helper()
	_, test := t.(*testing.T) // in which nothing need outlive the machine; a benchmark measures what a server does
	db, err := boltstore.Open(filepath.Join(t.TempDir(), "cobuild.db"), boltstore.Options{Unsynced: test})
	must(t, err)
	return newWorldOn(t, db, alter...)
}

// newWorldOn is a world on a store, which it closes.
func newWorldOn(t testing.TB, db store.Backend, alter ...func(*world)) *world {
	t.Helper()
	ring, err := keyring.Create(filepath.Join(t.TempDir(), "keyring.json"), noon, rand.Reader)
	must(t, err)
	w := &world{
		t: t, db: db, ring: ring, now: noon, usable: true, hidden: map[int64]bool{}, unshaped: map[int64]bool{}, endpoints: map[string]*endpoint{},
	}
	for _, a := range alter {
		a(w)
	}
	w.Service = w.open("one", w.db)
	t.Cleanup(func() {
		for _, e := range w.endpoints {
			e.close()
		}
		must(t, db.Close(context.Background()))
	})
	return w
}

// open makes another node of the room on the same store.
func (w *world) open(node string, db store.Backend) *Service {
	w.t.Helper()
	client := outbound.Client(w.dial)
	w.t.Cleanup(client.CloseIdleConnections)
	s, err := Open(w.t.Context(), db, &Service{
		Now: w.moment, Random: rand.Reader, Ring: w.ring, Node: node,
		Cursors: &page.Cursors{Keys: func() [][]byte { return [][]byte{w.ring.Current(keyring.Cursor).Secret()} }},
		Organisation: func(_ context.Context, o id.Organisation) (organisation.Facts, error) {
			return map[id.Organisation]organisation.Facts{
				unit: {ID: unit, Kind: organisation.KindResidentUnit, Above: []id.Organisation{street}}, elsewhere: {ID: elsewhere, Kind: organisation.KindResidentUnit},
			}[o], nil
		},
		Account: func(_ context.Context, a id.ServiceAccount) (Account, error) {
			if a != account {
				return Account{}, fault.New(fault.NotFound, fault.CodeNotFound, "id", a)
			}
			return Account{Organisation: unit, Role: authz.Liaison, Usable: w.can()}, nil
		},
		Acting: func(context.Context, id.ServiceAccount) (authz.Actor, error) {
			if !w.can() {
				return authz.Actor{}, fault.New(fault.Unauthenticated, fault.CodeUnauthenticated)
			}
			return authz.Actor{Service: account, Holdings: []authz.Holding{{Role: authz.Liaison, Organisation: unit}}}, nil
		},
		Types: func() []string { return []string{"contract.signed", "contract.proposed", "fulfilment.reported"} },
		Last:  w.last, Offered: w.offered, Shape: w.shape, Tail: w.tail, Noted: w.note,
		Check: func(_ context.Context, selection string) error {
			if !strings.HasPrefix(selection, "{") {
				return fault.New(fault.Invalid, CodeSelection, "line", 1, "column", 1, "detail", "no brace")
			}
			return nil
		},
		Guard: outbound.Guard{PlainHTTP: true}, Client: client,
		Reach: func(_ context.Context, address string) error {
			if strings.Contains(address, "nowhere") {
				return outbound.ErrUnreachable
			}
			return nil
		},
	})
	must(w.t, err)
	return s
}

func (w *world) moment() time.Time {
	if w.clock != nil {
		return w.clock()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) can() bool { w.mu.Lock(); defer w.mu.Unlock(); return w.usable }

func (w *world) let(able bool) { w.mu.Lock(); defer w.mu.Unlock(); w.usable = able }

func (w *world) note(n Noted) { w.mu.Lock(); defer w.mu.Unlock(); w.noted = append(w.noted, n) }

func (w *world) tail() <-chan struct{} {
	c := make(chan struct{}, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tails = append(w.tails, c)
	return c
}

// happen enters an event of each subject.
func (w *world) happen(kind string, subjects ...string) {
	at := w.moment().UTC().Truncate(time.Millisecond)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range subjects {
		e := journal.Entry{Seq: int64(len(w.happened) + 1)}
		e.Type, e.Subject, e.At = kind, s, at
		w.happened = append(w.happened, e)
	}
	for _, c := range w.tails {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

func (w *world) last(context.Context) (int64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return int64(len(w.happened)), nil
}

func (w *world) offered(_ context.Context, types []string, after int64, most int) ([]journal.Entry, int64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []journal.Entry
	for _, e := range w.happened[after:] {
		if types == nil || journal.Matches(types, e.Type) {
			out = append(out, e)
		}
		if len(out) == most {
			return out, e.Seq, nil
		}
	}
	return out, int64(len(w.happened)), nil
}

func (w *world) shape(ctx context.Context, selection *string, events []id.Event) ([]Shaped, error) {
	if authz.From(ctx).Service != account {
		return nil, errors.New("an event is made for somebody else than the account")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make([]Shaped, len(events))
	for i, e := range events {
		seq, _ := id.Place(e)
		switch {
		case w.hidden[seq]:
		case w.unshaped[seq]:
			out[i].Err = errors.New("no answer")
		default:
			out[i].Data = fmt.Appendf(nil, `{"seq":%d,"subject":%q,"selected":%t}`, seq, w.happened[seq-1].Subject, selection != nil)
		}
	}
	return out, nil
}

// endpoint is where a webhook leads, over pipes instead of a network.
type endpoint struct {
	mu     sync.Mutex
	answer http.HandlerFunc // nil takes everything
	down   bool
	got    []parcel
	conns  chan net.Conn
	server *http.Server
	ended  chan struct{}
}

// parcel is one request that an endpoint got.
type parcel struct {
	id, signature, stamp string
	body                 []byte
	at                   time.Time
	taken                bool
	letter               struct {
		Type string
		Data struct {
			Seq     int64
			Subject string
		}
	}
}

// at makes the endpoint of a host.
func (w *world) at(host string, answer http.HandlerFunc) *endpoint {
	e := &endpoint{answer: answer, conns: make(chan net.Conn), ended: make(chan struct{})}
	e.server = &http.Server{Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { e.take(w.moment(), rw, r) }), ErrorLog: nil}
	go func() { _ = e.server.Serve(pipes{e}) }()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.endpoints[host] = e
	return e
}

func (e *endpoint) close() {
	_ = e.server.Close()
}

func (e *endpoint) answers(h http.HandlerFunc) { e.mu.Lock(); defer e.mu.Unlock(); e.answer = h }

func (e *endpoint) goes(down bool) { e.mu.Lock(); defer e.mu.Unlock(); e.down = down }

func (e *endpoint) take(at time.Time, rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	p := parcel{id: r.Header.Get("webhook-id"), signature: r.Header.Get("webhook-signature"), stamp: r.Header.Get("webhook-timestamp"), body: body, at: at}
	_ = json.Unmarshal(body, &p.letter)
	e.mu.Lock()
	e.got = append(e.got, p)
	n, h := len(e.got)-1, e.answer
	e.mu.Unlock()
	r.Body = io.NopCloser(bytes.NewReader(body))
	seen := &status{ResponseWriter: rw, code: http.StatusOK}
	if h != nil {
		h(seen, r)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.got[n].taken = seen.code < 300
}

type status struct {
	http.ResponseWriter

	code int
}

func (s *status) WriteHeader(code int) { s.code = code; s.ResponseWriter.WriteHeader(code) }

func (s *status) Unwrap() http.ResponseWriter { return s.ResponseWriter }

func (e *endpoint) all() []parcel { e.mu.Lock(); defer e.mu.Unlock(); return slices.Clone(e.got) }

// seqs are the events that were taken, in the order in which that happened.
func (e *endpoint) seqs() []int64 {
	var out []int64
	for _, p := range e.all() {
		if p.taken {
			out = append(out, p.letter.Data.Seq)
		}
	}
	return out
}

func (w *world) dial(ctx context.Context, _, address string) (net.Conn, error) {
	host, _, _ := net.SplitHostPort(address)
	w.mu.Lock()
	e := w.endpoints[host]
	w.mu.Unlock()
	if e == nil {
		return nil, errors.New("no such host")
	}
	e.mu.Lock()
	down := e.down
	e.mu.Unlock()
	if down {
		return nil, errors.New("connection refused")
	}
	here, there := net.Pipe()
	select {
	case e.conns <- there:
		return here, nil
	case <-e.ended:
		return nil, errors.New("connection refused")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// pipes is an endpoint as a listener.
type pipes struct{ *endpoint }

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.ended:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error {
	select {
	case <-p.ended:
	default:
		close(p.ended)
	}
	return nil
}

func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

// as is a context in which somebody with a role acts.
func (w *world) as(role authz.Role, in id.Organisation) context.Context {
	who := id.Derived[id.Person](id.KindPerson, string(role), string(in))
	return authz.With(w.t.Context(), authz.Actor{Person: who, Holdings: []authz.Holding{{Role: role, Organisation: in}}})
}

func (w *world) liaison() context.Context { return w.as(authz.Liaison, unit) }

// made makes a webhook that leads to a host.
func (w *world) made(host string, alter ...func(*CreateInput)) *Made {
	w.t.Helper()
	in := CreateInput{ServiceAccount: account, Name: "ERP", URL: "http://" + host + "/hook"}
	for _, a := range alter {
		a(&in)
	}
	m, err := w.Create(w.liaison(), in)
	must(w.t, err)
	return m
}

func (w *world) settle() {
	w.t.Helper()
	_, err := w.Settle(w.t.Context())
	must(w.t, err)
}

func (w *world) today(of id.Webhook) *Webhook {
	w.t.Helper()
	got, err := w.Webhook(w.liaison(), of)
	must(w.t, err)
	return got
}

func (w *world) health(of id.Webhook) *Health {
	w.t.Helper()
	all, err := w.Healths(w.liaison(), []id.Webhook{of})
	must(w.t, err)
	return all[0]
}

// sent are the deliveries of a webhook, the latest first.
func (w *world) sent(of id.Webhook, f *DeliveryFilter) []*Delivery {
	w.t.Helper()
	n := 100
	c, err := w.Deliveries(w.liaison(), of, f, page.Args{First: &n})
	must(w.t, err)
	out := make([]*Delivery, len(c.Edges))
	for i, e := range c.Edges {
		out[i] = e.Node
	}
	return out
}

// code answers with a status.
func code(n int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(n) }
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func wants(tb testing.TB, what string, err error, code fault.Code, path ...string) {
	tb.Helper()
	f := fault.Of(err)
	if !fault.Is(err, code) || len(path) > 0 && !slices.Equal(f.Path, path) {
		tb.Errorf("%s: got %v, want %s at %v", what, err, code, path)
	}
}
