package audit_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/audit"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/ledger"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
	"github.com/cobuild/cobuild/internal/platform/store/mongostore/mongotest"
)

// site opens back ends on one store, each as one more node has it.
type site func() store.Backend

// onBoth runs a test on a fresh store of either kind.
func onBoth(t *testing.T, test func(t *testing.T, at site)) {
	t.Helper()
	t.Run("bolt", func(t *testing.T) {
		db := bolt(t, filepath.Join(t.TempDir(), "store"))
		test(t, func() store.Backend { return db }) // one process has the file
	})
	t.Run("mongodb", func(t *testing.T) {
		uri, name := mongotest.Database(t)
		test(t, func() store.Backend { return mongotest.Connect(t, uri, name) })
	})
}

func bolt(t testing.TB, path string) *boltstore.Store {
	t.Helper()
	db, err := boltstore.Open(path, boltstore.Options{})
	must(t, err)
	t.Cleanup(func() { must(t, db.Close(context.WithoutCancel(t.Context()))) })
	return db
}

// lamp is a thing that tells of what happens to it.
type lamp struct {
	store.Meta[string] `bson:",inline"`

	Changes int    `bson:"changes"`
	Note    string `bson:"note,omitempty"`
}

// node is one Cobuild of a few, as far as the log is concerned.
type node struct {
	*audit.Service

	t     testing.TB
	db    store.Backend
	j     *journal.Journal
	lamps *store.Collection[*lamp]
}

// keys are the log's, the same on every node.
type keys struct {
	mu  sync.Mutex
	all []ed25519.PrivateKey
}

func newKey(t testing.TB) ed25519.PrivateKey {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	return private
}

func (k *keys) list() []ed25519.PrivateKey {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.all
}

// rotate puts a new key before the current one, which still signs along.
func (k *keys) rotate(t testing.TB) {
	t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.all = []ed25519.PrivateKey{newKey(t), k.all[0]}
}

const origin = "cobuild.test/audit"

// open opens a node.
func open(t testing.TB, db store.Backend, name string, k *keys, alter ...func(*audit.Service)) *node {
	t.Helper()
	n := &node{t: t, db: db}
	var err error
	n.j, err = journal.New(t.Context(), journal.Options{Backend: db, Now: time.Now, Node: name, Poll: 20 * time.Millisecond})
	must(t, err)
	n.lamps, err = store.Open(t.Context(), db, store.Options[*lamp]{
		Schema: store.Schema{Name: "lamps"},
		Policy: store.Policy[*lamp]{May: func(context.Context, string, *lamp) error { return nil }},
		Now:    time.Now,
		Told:   n.j.Wake,
	})
	must(t, err)
	n.j.Collect(n.lamps)
	s := audit.Service{Journal: n.j, Now: time.Now, Log: slog.New(slog.DiscardHandler), Origin: origin, Keys: k.list}
	for _, a := range alter {
		a(&s)
	}
	n.Service, err = audit.Open(t.Context(), db, s)
	must(t, err)
	return n
}

func newKeys(t testing.TB) *keys {
	t.Helper()
	return &keys{all: []ed25519.PrivateKey{newKey(t)}}
}

// light adds a lamp, turn changes one; both tell of it.
func (n *node) light(id string) {
	n.t.Helper()
	l := &lamp{}
	l.SetKey(id)
	must(n.t, l.Tell("lamp.lit", nil))
	_, err := n.lamps.Add(n.t.Context(), "light", l)
	must(n.t, err)
}

func (n *node) turn(id, by string) {
	n.t.Helper()
	_, err := n.lamps.Change(store.WithActor(n.t.Context(), by), "turn", id, func(l *lamp) error {
		l.Changes++
		return l.Tell("lamp.turned", bson.D{{Key: "n", Value: l.Changes}, {Key: "person", Value: by}})
	})
	must(n.t, err)
}

// move brings everything that was told into the journal.
func (n *node) move() {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(n.t.Context(), 2*time.Minute)
	defer cancel()
	must(n.t, n.j.Drain(ctx))
}

// signed is the newest checkpoint, as anybody checks it.
func (n *node) signed() ledger.Signed {
	n.t.Helper()
	c, err := n.Checkpoint(n.t.Context())
	must(n.t, err)
	key, err := ledger.ParseKey(c.Keys[0])
	must(n.t, err)
	is, err := ledger.OpenNote([]byte(c.Note), key)
	must(n.t, err)
	if is.Size != c.Size || is.Root.String() != c.Root || is.Origin != origin {
		n.t.Fatalf("the checkpoint says %+v, and its note %+v", c, is.Checkpoint)
	}
	return is
}

// export writes the whole log, and verified checks it as anybody does.
func (n *node) export() []byte {
	n.t.Helper()
	var file bytes.Buffer
	_, err := n.Export(n.t.Context(), &file, func(int64, int64) {})
	must(n.t, err)
	return file.Bytes()
}

func (n *node) verified() *ledger.Report {
	n.t.Helper()
	r, err := ledger.Verify(n.t.Context(), bytes.NewReader(n.export()), nil, func(int64, int64) {})
	must(n.t, err)
	return r
}

// run lets a node work in the background. The returned function stops it and waits.
func (n *node) run() (stop func()) {
	n.t.Helper()
	ctx, cancel := context.WithCancel(n.t.Context())
	ended := make(chan error, 2)
	go func() { ended <- n.j.Run(ctx) }()
	go func() { ended <- n.Run(ctx) }()
	return sync.OnceFunc(func() {
		cancel()
		must(n.t, errors.Join(<-ended, <-ended))
	})
}

// until waits for something to become true.
func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(3 * time.Minute); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it never came to be that %s", what)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// blaze is one change that tells of many things.
func (n *node) blaze(id string, times int) {
	n.t.Helper()
	_, err := n.lamps.Change(n.t.Context(), "turn", id, func(l *lamp) error {
		l.Changes++
		var all []error
		for i := range times {
			all = append(all, l.Tell("lamp.flickered", bson.D{{Key: "n", Value: i}}))
		}
		return errors.Join(all...)
	})
	must(n.t, err)
}
