package person_test

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/person"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/keyring"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
	"github.com/cobuild/cobuild/internal/platform/token"
	"github.com/cobuild/cobuild/internal/platform/vault"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// The organisations of the tests: a district over two sub-districts, a community in each, a unit of the first.
var (
	district  = id.Derived[id.Organisation](id.KindDistrict, "d")
	street    = id.Derived[id.Organisation](id.KindSubDistrict, "s")
	otherSub  = id.Derived[id.Organisation](id.KindSubDistrict, "o")
	community = id.Derived[id.Organisation](id.KindCommunity, "c")
	elsewhere = id.Derived[id.Organisation](id.KindCommunity, "e")
	unit      = id.Derived[id.Organisation](id.KindUnit, "u")
)

type world struct {
	t       *testing.T
	ctx     context.Context
	people  *person.Service
	service person.Service // its parts
	db      store.Backend
	path    string // of its file

	mu    sync.Mutex
	now   time.Time
	facts map[id.Organisation]organisation.Facts
}

type addressKey struct{}

func newWorld(t *testing.T) *world {
	t.Helper()
	path := filepath.Join(t.TempDir(), "cobuild.db")
	db, err := boltstore.Open(path, boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	keys, err := keyring.Create(filepath.Join(t.TempDir(), "keyring.json"), noon, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, ctx: t.Context(), db: db, path: path, now: noon}
	w.facts = map[id.Organisation]organisation.Facts{
		district:  {ID: district, Kind: organisation.KindDistrict},
		street:    {ID: street, Kind: organisation.KindSubDistrict, Above: []id.Organisation{district}},
		otherSub:  {ID: otherSub, Kind: organisation.KindSubDistrict, Above: []id.Organisation{district}},
		community: {ID: community, Kind: organisation.KindCommunity, Above: []id.Organisation{street, district}},
		elsewhere: {ID: elsewhere, Kind: organisation.KindCommunity, Above: []id.Organisation{otherSub, district}},
		unit:      {ID: unit, Kind: organisation.KindResidentUnit, Above: []id.Organisation{street, district}, Communities: []id.Organisation{community}},
	}
	w.service = person.Service{
		Now: w.clock, Random: rand.Reader,
		Vault:     openVault(t, db, keys, w.clock),
		Cursors:   &page.Cursors{Keys: func() [][]byte { return [][]byte{keys.Current(keyring.Cursor).Secret()} }},
		Tokens:    &token.Issuer{Keys: keys, Name: "test", Audience: "test", Now: w.clock},
		Passwords: person.WithParams(argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}),
		Address:   func(ctx context.Context) string { s, _ := ctx.Value(addressKey{}).(string); return s },
		Organisation: func(_ context.Context, o id.Organisation) (organisation.Facts, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			f, ok := w.facts[o]
			if !ok {
				return f, fault.New(fault.NotFound, fault.CodeNotFound, "id", o)
			}
			return f, nil
		},
	}
	w.people, err = person.Open(t.Context(), db, w.service)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func at(o id.Organisation, r authz.Role, signing ...bool) person.Standing {
	return person.Standing{Role: r, Organisation: o, Signing: len(signing) > 0}
}

const password = "correct horse battery"

// has enrols somebody with roles and a password.
func (w *world) has(login string, roles ...person.Standing) *person.Person {
	w.t.Helper()
	if _, err := w.people.Enrol(w.ctx, person.Enrolment{LoginName: login, Name: "Name of " + login, Roles: roles}); err != nil {
		w.t.Fatal(err)
	}
	p, err := w.people.ResetPassword(w.ctx, login, password)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// as signs somebody in and gives the context of their requests.
func (w *world) as(login string) context.Context {
	w.t.Helper()
	in, err := w.people.SignIn(w.ctx, person.SignInInput{Login: login, Password: password})
	if err != nil {
		w.t.Fatalf("%s: %v", login, err)
	}
	return w.with(in)
}

// with is the context of requests with a token; the actor is looked up as for each request.
func (w *world) with(in *person.SignedIn) context.Context {
	w.t.Helper()
	a, err := w.actor(in)
	if err != nil {
		w.t.Fatal(err)
	}
	return authz.With(w.ctx, a)
}

func (w *world) actor(in *person.SignedIn) (authz.Actor, error) {
	return w.people.Actor(w.ctx, in.Person.ID, in.Session)
}

// named puts a client's own identifier on a mutation, always the same one.
func named(ctx context.Context, input string) (context.Context, *store.Once) {
	once := store.NewOnce(string(authz.From(ctx).Person), "1", []byte(input))
	return store.WithOnce(ctx, once), once
}

func wants(t *testing.T, what string, err error, code fault.Code, path ...string) {
	t.Helper()
	f := fault.Of(err)
	if err == nil || f.Code != code {
		t.Errorf("%s: got %v, want %s", what, err, code)
		return
	}
	if len(path) > 0 && (len(f.Path) == 0 || f.Path[0] != path[0]) {
		t.Errorf("%s: %s is at %v, want %v", what, code, f.Path, path)
	}
}

func openVault(t *testing.T, db store.Backend, keys *keyring.Keyring, now func() time.Time) *vault.Vault {
	t.Helper()
	v, err := vault.Open(t.Context(), db, vault.Config{Ring: keys, Now: now, Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	return v
}
