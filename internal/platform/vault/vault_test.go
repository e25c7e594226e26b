package vault_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/keyring"
	"github.com/cobuild/cobuild/internal/platform/personal"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
	"github.com/cobuild/cobuild/internal/platform/store/mongostore/mongotest"
	"github.com/cobuild/cobuild/internal/platform/vault"
)

type somebody struct {
	store.Meta[string] `bson:",inline"`

	Name  personal.Text  `bson:"name,omitempty"`
	Login *personal.Text `bson:"login,omitempty"`
	Plain string         `bson:"plain"`
}

const byLogin store.Field[string] = "login" + vault.BlindSuffix

type house struct {
	t    testing.TB
	db   store.Backend
	ring *keyring.Keyring
	mu   sync.Mutex
	at   time.Time

	*vault.Vault
	people *store.Collection[*somebody]
	notes  *store.Collection[*somebody]
}

// onBoth runs a test on the embedded store and, where there is one, on a MongoDB-compatible server.
func onBoth(t *testing.T, test func(t *testing.T, h *house)) {
	t.Helper()
	t.Run("bolt", func(t *testing.T) {
		db, err := boltstore.Open(filepath.Join(t.TempDir(), "cobuild.db"), boltstore.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close(context.Background()) })
		test(t, open(t, db))
	})
	t.Run("mongodb", func(t *testing.T) {
		uri, name := mongotest.Database(t)
		test(t, open(t, mongotest.Connect(t, uri, name)))
	})
}

func open(t testing.TB, db store.Backend) *house {
	t.Helper()
	h := &house{t: t, db: db, at: time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)}
	var err error
	if h.ring, err = keyring.Create(filepath.Join(t.TempDir(), "keyring"), h.now(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	h.reopen()
	return h
}

func (h *house) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}

func (h *house) pass(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = h.at.Add(d)
}

// reopen is another node, or the same one after a restart.
func (h *house) reopen() {
	h.t.Helper()
	v, err := vault.Open(h.t.Context(), h.db, vault.Config{Ring: h.ring, Now: h.now, Random: rand.Reader})
	if err != nil {
		h.t.Fatal(err)
	}
	h.Vault = v
	h.people = h.collection(vault.Kind{Collection: "people", Own: true, Fields: []string{"name", "login"}, Found: []string{"login"}})
	h.notes = h.collection(vault.Kind{Collection: "notes", Fields: []string{"name", "login"}})
	v.Watch(h.people) // each room names its own
	v.Watch(h.notes)
}

func (h *house) collection(k vault.Kind) *store.Collection[*somebody] {
	h.t.Helper()
	o := store.Options[*somebody]{Schema: store.Schema{Name: k.Collection}, Now: h.now, Policy: free(), Sealer: h.Sealer(k)}
	if len(k.Found) > 0 {
		o.Schema.Indexes = []store.Index{store.Unique(byLogin.Asc())}
	}
	c, err := store.Open(h.t.Context(), h.db, o)
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

func free() store.Policy[*somebody] {
	return store.Policy[*somebody]{
		May:    func(context.Context, string, *somebody) error { return nil },
		Filter: func(context.Context) store.Filter { return store.Filter{} },
	}
}

func (h *house) add(c *store.Collection[*somebody], id string) {
	h.t.Helper()
	s := &somebody{Name: personal.Text("Name of " + id), Login: personal.Of(new("login-" + id)), Plain: "plain"}
	s.ID = id
	if _, err := c.Add(h.t.Context(), "", s); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) named(c *store.Collection[*somebody], id, want string) {
	h.t.Helper()
	s, err := c.Get(h.t.Context(), id)
	if err != nil || s.Name.Clear() != want || s.Plain != "plain" {
		h.t.Errorf("%s: got %+v, %v", id, s, err)
	}
}

func (h *house) raw(c *store.Collection[*somebody], id string) bson.Raw {
	h.t.Helper()
	doc, err := h.db.Get(h.t.Context(), c.Name(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	return doc
}

// settle does what is due in the background.
func (h *house) settle() {
	h.t.Helper()
	for range 1000 {
		n, err := h.Tick(h.t.Context(), h.now())
		if err != nil {
			h.t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
	h.t.Fatal("no end")
}

func TestNothingPersonalIsInTheStoreAndAllOfItIsReadBack(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		t.Helper()
		for _, id := range []string{"ann", "bob"} {
			h.add(h.people, id)
			h.add(h.notes, id)
			for _, c := range []*store.Collection[*somebody]{h.people, h.notes} {
				if doc := h.raw(c, id); bytes.Contains(doc, []byte("ame of "+id)) || bytes.Contains(doc, []byte("login-"+id)) {
					t.Errorf("%s %s: %q", c.Name(), id, doc)
				}
				h.named(c, id, "Name of "+id)
			}
		}
		all, err := h.people.GetMany(t.Context(), []string{"bob", "none", "ann"})
		if err != nil || all[0].Login.Clear() != "login-bob" || all[1] != nil || all[2].Name != "Name of ann" {
			t.Errorf("got %v, %v", all, err)
		}
		l, err := h.people.List(t.Context(), store.Query{Where: byLogin.Is(h.Blind("login", "login-bob"))})
		if err != nil || len(l.Items) != 1 || l.Items[0].ID != "bob" {
			t.Errorf("found %v, %v", l.Items, err)
		}
		twice := &somebody{Login: personal.Of(new("login-bob"))}
		twice.ID = "eve"
		_, err = h.people.Add(t.Context(), "", twice)
		if taken, ok := errors.AsType[*store.ExistsError](err); !ok || taken.Index != store.Unique(byLogin.Asc()).Name() {
			t.Errorf("the same login name twice: %v", err)
		}
	})
}

func TestATextOpensWhereItBelongsAndNowhereElse(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		t.Helper()
		for _, c := range []*store.Collection[*somebody]{h.people, h.notes} {
			h.add(c, "ann")
			h.add(c, "bob")
			ann, bob := h.raw(c, "ann"), h.raw(c, "bob")
			for what, doc := range map[string]bson.D{
				"another's":    {{Key: "name", Value: ann.Lookup("name")}},
				"a field's":    {{Key: "name", Value: bob.Lookup("login")}},
				"a torn one":   {{Key: "name", Value: bson.Binary{Subtype: personal.Sealed, Data: []byte{1, 1, 5}}}},
				"no form":      {{Key: "name", Value: bson.Binary{Subtype: personal.Sealed, Data: []byte{9, 9, 9}}}},
				"of no length": {{Key: "name", Value: bson.Binary{Subtype: personal.Sealed}}},
			} {
				rev, _ := h.raw(c, "bob").Lookup("rev").AsInt64OK()
				doc = append(doc, bson.E{Key: "_id", Value: "bob"}, bson.E{Key: "rev", Value: rev + 1}, bson.E{Key: "shape", Value: 1})
				raw, err := bson.Marshal(doc)
				if err == nil {
					err = h.db.Replace(t.Context(), c.Name(), rev, raw)
				}
				if err != nil {
					t.Fatal(err)
				}
				if _, err := c.Get(t.Context(), "bob"); !errors.Is(err, vault.ErrSealed) {
					t.Errorf("%s in %s: %v", what, c.Name(), err)
				}
			}
		}
	})
}

func TestRotatingMovesEverythingToTheNewKeyAndDestroysTheOld(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		t.Helper()
		const n = 130 // more than a step
		for i := range n {
			h.add(h.people, fmt.Sprintf("p%03d", i))
		}
		h.add(h.notes, "note")
		before := h.raw(h.people, "p000")
		if got, err := h.Rotate(t.Context()); got != 2 || err != nil {
			t.Fatalf("key %d, %v", got, err)
		}
		left := func() (int, int) {
			s, err := h.Status(t.Context())
			if err != nil || !s.Exact {
				t.Fatal(err)
			}
			return s.Left["people"], len(s.Keys)
		}
		if people, keys := left(); people != n || keys != 2 {
			t.Errorf("%d left under %d keys", people, keys)
		}
		if _, err := h.Tick(t.Context(), h.now()); err != nil {
			t.Fatal(err)
		}
		if people, _ := left(); people != n-100 {
			t.Errorf("after a step %d are left", people)
		}
		h.named(h.people, "p000", "Name of p000")
		h.named(h.people, "p129", "Name of p129")
		h.reopen() // as after a crash
		h.settle()
		if people, keys := left(); people != 0 || keys != 2 {
			t.Errorf("%d left under %d keys: a node may still write with the old one", people, keys)
		}
		h.pass(11 * time.Minute)
		h.settle()
		if people, keys := left(); people != 0 || keys != 1 {
			t.Errorf("%d left under %d keys", people, keys)
		}
		for _, id := range []string{"p000", "p129"} {
			h.named(h.people, id, "Name of "+id)
		}
		h.named(h.notes, "note", "Name of note")
		after := h.raw(h.people, "p000")
		if bytes.Equal(before.Lookup("name").Value, after.Lookup("name").Value) || !bytes.Equal(before.Lookup("loginBlind").Value, after.Lookup("loginBlind").Value) {
			t.Error("the text must be another one, and what it is found by the same")
		}
		if v, _ := after.Lookup("version").AsInt64OK(); v != 1 {
			t.Errorf("of the domain nothing changed, but the version is %d", v)
		}
		key, err := h.db.Get(t.Context(), "data_keys", "data-000001")
		if err != nil || len(key.Lookup("wrapped").Value) > 0 || len(key.Lookup("destroyedAt").Value) == 0 {
			t.Errorf("the old key: %s, %v", key, err)
		}
	})
}

func TestAKeyIsFollowedByAnotherWhenItIsOldEnough(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		t.Helper()
		h.add(h.people, "ann")
		for want := int64(2); want < 4; want++ {
			h.pass(vault.Age)
			h.settle()
			h.pass(11 * time.Minute)
			h.settle()
			s, err := h.Status(t.Context())
			if err != nil || len(s.Keys) != 1 || s.Keys[0].Number != want || !s.Keys[0].InUse {
				t.Errorf("keys: %+v, %v", s.Keys, err)
			}
			h.named(h.people, "ann", "Name of ann")
		}
	})
}

func TestNoKeyIsDestroyedWhileACollectionIsNotMoved(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		t.Helper()
		letters := h.collection(vault.Kind{Collection: "letters", Fields: []string{"name", "login"}}) // that nobody watches
		h.add(letters, "one")
		if _, err := h.Rotate(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.settle()
		h.pass(11 * time.Minute)
		if _, err := h.Tick(t.Context(), h.now()); err == nil || !strings.Contains(err.Error(), "[letters]") {
			t.Errorf("the key was destroyed: %v", err)
		}
		h.named(letters, "one", "Name of one")
		h.Watch(letters)
		h.pass(2 * time.Minute)
		h.settle()
		s, err := h.Status(t.Context())
		if err != nil || len(s.Keys) != 1 {
			t.Errorf("keys: %+v, %v", s.Keys, err)
		}
		h.named(letters, "one", "Name of one")
	})
}

func TestANodeGoesOnWithTheKeyThatAnotherOneMade(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		t.Helper()
		h.add(h.people, "ann")
		here, people := h.Vault, h.people
		h.reopen()
		if _, err := h.Rotate(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.add(h.people, "bob")
		h.settle()
		h.named(people, "bob", "Name of bob") // under a key that this node has not seen yet
		h.named(people, "ann", "Name of ann")
		h.pass(2 * time.Minute)
		h.add(people, "eve")
		if n, _ := h.raw(people, "eve").Lookup("sealedWith").AsInt64OK(); n != 2 {
			t.Errorf("after two minutes it still writes with key %d", n)
		}
		if n, err := here.Rotate(t.Context()); n != 3 || err != nil {
			t.Errorf("its own next key is %d, %v", n, err)
		}
	})
}

func TestDestroyingSomebodysSecretClosesEveryCopyOfTheirs(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		t.Helper()
		h.add(h.people, "ann")
		h.add(h.people, "bob")
		copied := h.raw(h.people, "ann") // as in a backup
		for range 2 {
			if err := h.Destroy(t.Context(), "ann"); err != nil {
				t.Fatal(err)
			}
		}
		h.named(h.people, "ann", "")
		rev, _ := copied.Lookup("rev").AsInt64OK()
		if err := h.db.Delete(t.Context(), "people", "ann", rev); err != nil {
			t.Fatal(err)
		}
		if err := h.db.Insert(t.Context(), "people", copied); err != nil {
			t.Fatal(err)
		}
		h.reopen()
		h.named(h.people, "ann", "")
		h.named(h.people, "bob", "Name of bob")
		if _, err := h.people.Change(t.Context(), "", "ann", func(s *somebody) error { s.Name = "Ann again"; return nil }); !errors.Is(err, vault.ErrKey) {
			t.Errorf("somebody who was erased gets a name: %v", err)
		}
		if _, err := h.Rotate(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.settle()
		h.named(h.people, "ann", "")
	})
}

func TestASecretThatIsMissingIsNotTakenForAnErasure(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		t.Helper()
		h.add(h.people, "ann")
		if err := h.db.Delete(t.Context(), "personal_keys", "ann", 1); err != nil {
			t.Fatal(err)
		}
		h.reopen()
		if s, err := h.people.Get(t.Context(), "ann"); !errors.Is(err, vault.ErrKey) {
			t.Errorf("got %v, %v", s, err)
		}
	})
}

func TestAnotherKeyringIsRefusedBeforeAnythingIsWritten(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		t.Helper()
		h.add(h.people, "ann")
		other, err := keyring.Create(filepath.Join(t.TempDir(), "other"), h.now(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		before, err := h.db.Get(t.Context(), "data_keys", "data-000001")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := vault.Open(t.Context(), h.db, vault.Config{Ring: other, Now: h.now, Random: rand.Reader}); !errors.Is(err, vault.ErrKeyring) {
			t.Errorf("got %v", err)
		}
		after, err := h.db.Get(t.Context(), "data_keys", "data-000001")
		if err != nil || !bytes.Equal(before, after) {
			t.Errorf("the key was changed: %v", err)
		}
	})
}

func TestRotatingTheKeyringWrapsTheKeysAnew(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		t.Helper()
		h.add(h.people, "ann")
		old := h.ring.Current(keyring.Data).ID
		if _, err := h.ring.Rotate(keyring.Data, h.now(), rand.Reader); err != nil {
			t.Fatal(err)
		}
		h.pass(2 * time.Minute)
		h.settle()
		for _, name := range []string{"blind", "data-000001"} {
			key, err := h.db.Get(t.Context(), "data_keys", name)
			if err != nil || bytes.Contains(key, []byte(old)) || !bytes.Contains(key, []byte(h.ring.Current(keyring.Data).ID)) {
				t.Errorf("%s is under another key of the keyring: %v", name, err)
			}
		}
		h.reopen()
		h.named(h.people, "ann", "Name of ann")
	})
}

func TestWhatWasKeptInClearIsEncrypted(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		t.Helper()
		for i := range 3 {
			raw, err := bson.Marshal(bson.D{
				{Key: "_id", Value: strconv.Itoa(i)},
				{Key: "rev", Value: int64(1)},
				{Key: "version", Value: 4},
				{Key: "shape", Value: 1},
				{Key: "name", Value: "Old " + strconv.Itoa(i)},
				{Key: "login", Value: "old-" + strconv.Itoa(i)},
				{Key: "plain", Value: "plain"},
			})
			if err == nil {
				err = h.db.Insert(t.Context(), "people", raw)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		h.named(h.people, "1", "Old 1")
		h.settle()
		if doc := h.raw(h.people, "1"); bytes.Contains(doc, []byte("Old")) || bytes.Contains(doc, []byte("old-")) {
			t.Errorf("still in clear: %q", doc)
		}
		h.named(h.people, "1", "Old 1")
		l, err := h.people.List(t.Context(), store.Query{Where: byLogin.Is(h.Blind("login", "old-2"))})
		if err != nil || len(l.Items) != 1 || l.Items[0].ID != "2" || l.Items[0].Version != 4 {
			t.Errorf("found %v, %v", l.Items, err)
		}
	})
}

func TestManyAtOnceMakeOneSecret(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		t.Helper()
		h.add(h.people, "ann")
		here, people := h.Vault, h.people
		h.reopen()
		if _, err := here.Rotate(t.Context()); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for i := range 8 {
			c := people
			if i%2 == 0 {
				c = h.people
			}
			wg.Go(func() {
				s := &somebody{Name: "Name of eve", Plain: "plain"}
				s.ID = "eve"
				if _, err := c.Add(t.Context(), "", s); err != nil {
					if taken, ok := errors.AsType[*store.ExistsError](err); !ok || taken.Index != "_id" {
						t.Errorf("got %v", err)
					}
				}
			})
		}
		wg.Wait()
		h.reopen()
		h.named(h.people, "eve", "Name of eve")
		h.named(h.people, "ann", "Name of ann")
	})
}

func TestACollectionThatDoesNotEncryptTakesNothingPersonal(t *testing.T) {
	db, err := boltstore.Open(filepath.Join(t.TempDir(), "cobuild.db"), boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	_, err = store.Open(t.Context(), db, store.Options[*somebody]{Schema: store.Schema{Name: "bare"}, Now: time.Now, Policy: free()})
	if !errors.Is(err, personal.ErrBare) {
		t.Errorf("got %v", err)
	}
	s := &somebody{}
	if err := s.Tell("somebody.named", struct{ Name personal.Text }{"Ann"}); !errors.Is(err, personal.ErrBare) {
		t.Errorf("an event takes it: %v", err)
	}
}

func TestTheFileHoldsNothingPersonal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cobuild.db")
	db, err := boltstore.Open(path, boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	h := open(t, db)
	for i := range 50 {
		h.add(h.people, fmt.Sprint("somebody", i))
		h.add(h.notes, fmt.Sprint("somebody", i))
	}
	raw, err := os.ReadFile(path) //nolint:gosec // a folder of the test's own
	if err != nil {
		t.Fatal(err)
	}
	for _, plain := range []string{"Name of somebody", "login-somebody"} {
		if bytes.Contains(raw, []byte(plain)) {
			t.Errorf("the file holds %q", plain)
		}
	}
}

// inClear is somebody as they would be kept without encryption, for comparing.
type inClear struct {
	store.Meta[string] `bson:",inline"`

	Name  string  `bson:"name,omitempty"`
	Login *string `bson:"login,omitempty"`
	Plain string  `bson:"plain"`
}

func BenchmarkReadingFifty(b *testing.B) {
	const n = 50
	db, err := boltstore.Open(filepath.Join(b.TempDir(), "cobuild.db"), boltstore.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close(context.Background()) })
	h := open(b, db)
	clear, err := store.Open(b.Context(), db, store.Options[*inClear]{
		Schema: store.Schema{Name: "clear"}, Now: h.now,
		Policy: store.Policy[*inClear]{
			May:    func(context.Context, string, *inClear) error { return nil },
			Filter: func(context.Context) store.Filter { return store.Filter{} },
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	for i := range n {
		h.add(h.people, fmt.Sprint("somebody", i))
		c := &inClear{Name: fmt.Sprint("Name of somebody", i), Login: new(fmt.Sprint("login-somebody", i)), Plain: "plain"}
		c.ID = fmt.Sprint("somebody", i)
		if _, err := clear.Add(b.Context(), "", c); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("encrypted", func(b *testing.B) {
		for b.Loop() {
			if l, err := h.people.List(b.Context(), store.Query{Limit: n}); err != nil || len(l.Items) != n {
				b.Fatal(err)
			}
		}
	})
	b.Run("clear", func(b *testing.B) {
		for b.Loop() {
			if l, err := clear.List(b.Context(), store.Query{Limit: n}); err != nil || len(l.Items) != n {
				b.Fatal(err)
			}
		}
	})
}
