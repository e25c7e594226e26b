package witness_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/audit"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/ledger"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
	"github.com/cobuild/cobuild/internal/platform/store/mongostore/mongotest"
	"github.com/cobuild/cobuild/internal/witness"
)

// onBoth runs a test with logs on either kind of store.
func onBoth(t *testing.T, test func(t *testing.T, fresh func() store.Backend)) {
	t.Helper()
	t.Run("bolt", func(t *testing.T) {
		test(t, func() store.Backend {
			db, err := boltstore.Open(filepath.Join(t.TempDir(), "store"), boltstore.Options{})
			must(t, err)
			t.Cleanup(func() { must(t, db.Close(context.WithoutCancel(t.Context()))) })
			return db
		})
	})
	t.Run("mongodb", func(t *testing.T) { test(t, func() store.Backend { return mongotest.Open(t) }) })
}

// lamp is a thing that tells of what happens to it.
type lamp struct {
	store.Meta[string] `bson:",inline"`

	Changes int `bson:"changes"`
}

// log is somebody's log, as it is served.
type log struct {
	*audit.Service

	t     *testing.T
	j     *journal.Journal
	lamps *store.Collection[*lamp]
	at    *httptest.Server

	mu   sync.Mutex
	fail func(w http.ResponseWriter, r *http.Request) bool // answers in the log's place; nil for none
}

// keep opens a log under a name and a key, on a store of its own, and serves it.
func keep(t *testing.T, db store.Backend, origin string, key ed25519.PrivateKey, witnesses ...ledger.Key) *log {
	t.Helper()
	l := &log{t: t}
	var err error
	l.j, err = journal.New(t.Context(), journal.Options{Backend: db, Now: time.Now, Node: "a"})
	must(t, err)
	l.lamps, err = store.Open(t.Context(), db, store.Options[*lamp]{
		Schema: store.Schema{Name: "lamps"},
		Policy: store.Policy[*lamp]{May: func(context.Context, string, *lamp) error { return nil }},
		Now:    time.Now,
	})
	must(t, err)
	l.j.Collect(l.lamps)
	l.Service, err = audit.Open(t.Context(), db, audit.Service{
		Journal: l.j, Now: time.Now, Log: slog.New(slog.DiscardHandler), Origin: origin,
		Keys: func() []ed25519.PrivateKey { return []ed25519.PrivateKey{key} }, Witnesses: witnesses,
	})
	must(t, err)
	h := l.Handler(func(w http.ResponseWriter, _ *http.Request, err error) {
		http.Error(w, string(fault.Of(err).Code), http.StatusForbidden)
	})
	l.at = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		fail := l.fail
		l.mu.Unlock()
		if fail == nil || !fail(w, r) {
			h.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(l.at.Close)
	return l
}

// grow lets so many things happen to a lamp, and has them in a checkpoint.
func (l *log) grow(name string, times int) {
	l.t.Helper()
	for range times {
		tell := func(x *lamp) error { x.Changes++; return x.Tell("lamp.turned", nil) }
		_, err := l.lamps.Change(l.t.Context(), "turn", name, tell)
		if err != nil { // not there yet
			x := &lamp{}
			x.SetKey(name)
			must(l.t, tell(x))
			_, err = l.lamps.Add(l.t.Context(), "light", x)
		}
		must(l.t, err)
	}
	must(l.t, l.j.Drain(l.t.Context()))
	must(l.t, l.Settle(l.t.Context()))
}

// answer has requests whose path ends so answered by somebody else, until it is called with nil.
func (l *log) answer(path string, with http.HandlerFunc) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail = nil; with != nil {
		l.fail = func(w http.ResponseWriter, r *http.Request) bool {
			hit := strings.Contains(r.URL.Path, path)
			if hit {
				with(w, r)
			}
			return hit
		}
	}
}

const name = "witness.example.net"

// follow is a witness that remembers in a file.
func follow(t *testing.T, l *log, state string, keys ...ledger.Key) *witness.Witness {
	t.Helper()
	w := &witness.Witness{Client: http.DefaultClient, Now: time.Now, Random: rand.Reader}
	if l != nil {
		u, err := url.Parse(l.at.URL)
		must(t, err)
		w.URL, w.Client = u, l.at.Client()
	}
	must(t, w.Open(state, name, keys))
	return w
}

func newKey(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	return private
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const origin = "cobuild.test/audit"

func TestAWitnessFollowsAGrowingLogAcrossItsOwnRestarts(t *testing.T) {
	onBoth(t, func(t *testing.T, fresh func() store.Backend) {
		t.Helper()
		state := filepath.Join(t.TempDir(), "witness.json")
		l := keep(t, fresh(), origin, newKey(t), follow(t, nil, state).Key())
		if is, err := follow(t, l, state).Round(t.Context()); err != nil || is.Size != 0 {
			t.Fatalf("of an empty log: %+v, %v", is, err)
		}
		want := int64(0)
		for _, more := range []int{1, 2, 60} {
			l.grow("lamp", more)
			want += int64(more)
			w := follow(t, l, state)
			for range 2 { // once more where nothing is new
				if is, err := w.Round(t.Context()); err != nil || is.Size != want {
					t.Fatalf("of %d events: %+v, %v", want, is, err)
				}
			}
			if seen, ok := w.Seen(); !ok || seen.Size != want {
				t.Errorf("it remembers %+v", seen)
			}
			by, err := l.WitnessedBy(t.Context())
			if err != nil || len(by) != 1 || by[0].Size != want || by[0].Name != name {
				t.Errorf("the log has %+v, %v", by, err)
			}
		}
	})
}

func TestAWitnessSignsNothingOfALogThatIsNotTheOneItSaw(t *testing.T) {
	onBoth(t, func(t *testing.T, fresh func() store.Backend) {
		t.Helper()
		key := newKey(t)
		honest := keep(t, fresh(), origin, key)
		honest.grow("lamp", 5)
		for title, other := range map[string]struct {
			log *log
			n   int
			err error
		}{
			"one that has lost something":       {keep(t, fresh(), origin, key), 4, witness.ErrInconsistent},
			"one of as many other events":       {keep(t, fresh(), origin, key), 5, witness.ErrInconsistent},
			"one with another past":             {keep(t, fresh(), origin, key), 9, witness.ErrInconsistent},
			"one that calls itself otherwise":   {keep(t, fresh(), "other.test/audit", key), 9, witness.ErrForeignKey},
			"one that somebody else has signed": {keep(t, fresh(), origin, newKey(t)), 9, witness.ErrForeignKey},
		} {
			state := filepath.Join(t.TempDir(), "witness.json")
			if _, err := follow(t, honest, state).Round(t.Context()); !errors.Is(err, witness.ErrNotTaken) {
				t.Fatal(err) // it is not registered, and remembers all the same
			}
			other.log.grow("lantern", other.n)
			other.log.answer("/witness", func(http.ResponseWriter, *http.Request) { t.Errorf("%s is counter-signed", title) })
			for range 2 {
				if _, err := follow(t, other.log, state).Round(t.Context()); !errors.Is(err, other.err) {
					t.Errorf("%s: %v", title, err)
				}
			}
			_, err := follow(t, honest, state).Round(t.Context())
			if lasting := errors.Is(err, witness.ErrInconsistent); lasting != errors.Is(other.err, witness.ErrInconsistent) {
				t.Errorf("%s, and then the honest one: %v", title, err)
			}
		}
	})
}

func TestWhatThePostLosesIsNoAccusation(t *testing.T) {
	onBoth(t, func(t *testing.T, fresh func() store.Backend) {
		t.Helper()
		state := filepath.Join(t.TempDir(), "witness.json")
		l := keep(t, fresh(), origin, newKey(t), follow(t, nil, state).Key())
		l.grow("lamp", 3)
		w := follow(t, l, state)
		_, err := w.Round(t.Context())
		must(t, err)
		l.grow("lamp", 300)
		away := func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "away", http.StatusBadGateway) }
		cut := func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("half"))
		}
		for _, c := range []struct {
			path string
			with http.HandlerFunc
		}{{"/checkpoint", away}, {"/checkpoint", cut}, {"/tile/", away}, {"/tile/", cut}, {"/witness", away}} {
			l.answer(c.path, c.with)
			if _, err := w.Round(t.Context()); err == nil || errors.Is(err, witness.ErrInconsistent) || errors.Is(err, witness.ErrForeignKey) {
				t.Errorf("%s fails, and it says %v", c.path, err)
			}
		}
		l.answer("", nil)
		if is, err := w.Round(t.Context()); err != nil || is.Size != 303 {
			t.Errorf("when all is well again: %+v, %v", is, err)
		}
		l.grow("lamp", 1)
		l.answer("/tile/", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 256*32)) })
		if _, err := w.Round(t.Context()); !errors.Is(err, witness.ErrInconsistent) {
			t.Errorf("of tiles that prove nothing: %v", err)
		}
	})
}

func TestAKeyThatIsKnownFromElsewhereIsTrustedAndNoOther(t *testing.T) {
	state := filepath.Join(t.TempDir(), "witness.json")
	db, err := boltstore.Open(filepath.Join(t.TempDir(), "store"), boltstore.Options{})
	must(t, err)
	defer func() { must(t, db.Close(context.WithoutCancel(t.Context()))) }()
	l := keep(t, db, origin, newKey(t))
	l.grow("lamp", 1)
	stranger, _ := newKey(t).Public().(ed25519.PublicKey)
	if _, err := follow(t, l, state, ledger.LogKey(origin, stranger)).Round(t.Context()); !errors.Is(err, witness.ErrForeignKey) {
		t.Errorf("with another key: %v", err)
	}
	keys, err := l.LogKeys(t.Context())
	must(t, err)
	if _, err := follow(t, l, state, keys...).Round(t.Context()); !errors.Is(err, witness.ErrNotTaken) {
		t.Errorf("with the log's: %v", err)
	}
}

func TestADamagedMemoryIsSaidAndNotReplaced(t *testing.T) {
	state := filepath.Join(t.TempDir(), "witness.json")
	for _, damaged := range []string{"", "{", `{"seed": "AAAA"}`} {
		must(t, os.WriteFile(state, []byte(damaged), 0o600))
		w := &witness.Witness{Random: rand.Reader}
		if err := w.Open(state, name, nil); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("%q is read as %v", damaged, err)
		}
		if left, err := os.ReadFile(state); err != nil || string(left) != damaged {
			t.Errorf("%q became %q, %v", damaged, left, err)
		}
	}
	if err := (&witness.Witness{Random: rand.Reader}).Open(filepath.Join(t.TempDir(), "no", "where"), name, nil); err == nil {
		t.Error("it remembers where nothing can be written")
	}
}
