package serviceaccount_test

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/keyring"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
	"github.com/cobuild/cobuild/internal/platform/token"
	"github.com/cobuild/cobuild/internal/serviceaccount"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// The organisations of the tests: a district over a sub-district, over a community; a unit of that, and one elsewhere.
var (
	district  = id.Derived[id.Organisation](id.KindDistrict, "d")
	street    = id.Derived[id.Organisation](id.KindSubDistrict, "s")
	community = id.Derived[id.Organisation](id.KindCommunity, "c")
	unit      = id.Derived[id.Organisation](id.KindUnit, "u")
	elsewhere = id.Derived[id.Organisation](id.KindUnit, "e")
)

const issuer = "https://cobuild.test"

type world struct {
	*serviceaccount.Service
	t     *testing.T
	ring  *keyring.Keyring
	facts map[id.Organisation]organisation.Facts

	mu  sync.Mutex
	now time.Time
}

type addressKey struct{}

func newWorld(t *testing.T) *world {
	t.Helper()
	db, err := boltstore.Open(filepath.Join(t.TempDir(), "cobuild.db"), boltstore.Options{})
	must(t, err)
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	ring, err := keyring.Create(filepath.Join(t.TempDir(), "keyring.json"), noon, rand.Reader)
	must(t, err)
	w := &world{t: t, ring: ring, now: noon}
	w.facts = map[id.Organisation]organisation.Facts{
		district:  {ID: district, Kind: organisation.KindDistrict},
		street:    {ID: street, Kind: organisation.KindSubDistrict, Above: []id.Organisation{district}},
		community: {ID: community, Kind: organisation.KindCommunity, Above: []id.Organisation{street, district}},
		unit:      {ID: unit, Kind: organisation.KindResidentUnit, Above: []id.Organisation{street, district}, Communities: []id.Organisation{community}},
		elsewhere: {ID: elsewhere, Kind: organisation.KindResidentUnit},
	}
	w.Service, err = serviceaccount.Open(t.Context(), db, serviceaccount.Service{
		Now: w.clock, Random: rand.Reader, Ring: ring,
		Cursors:   &page.Cursors{Keys: func() [][]byte { return [][]byte{ring.Current(keyring.Cursor).Secret()} }},
		Tokens:    &token.Issuer{Keys: ring, Name: issuer, Audience: "cobuild", Now: w.clock},
		Verifier:  &token.Verifier{Keys: ring, Name: issuer, Audience: "cobuild", Now: w.clock},
		Audiences: []string{issuer},
		Address:   func(ctx context.Context) string { s, _ := ctx.Value(addressKey{}).(string); return s },
		Organisation: func(_ context.Context, o id.Organisation) (organisation.Facts, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.facts[o], nil
		},
	})
	must(t, err)
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

// as is a context in which somebody with a role acts.
func (w *world) as(role authz.Role, in id.Organisation) context.Context {
	who := id.Derived[id.Person](id.KindPerson, string(role), string(in))
	return authz.With(w.t.Context(), authz.Actor{Person: who, Holdings: []authz.Holding{{Role: role, Organisation: in}}})
}

func (w *world) admin() context.Context { return w.as(authz.Administrator, "") }

// from is a context of nobody at an address.
func (w *world) from(address string) context.Context {
	return context.WithValue(w.t.Context(), addressKey{}, address)
}

// account is an account of the unit that acts as its liaison.
func (w *world) account(scopes ...authz.Scope) *serviceaccount.ServiceAccount {
	w.t.Helper()
	a, err := w.Create(w.as(authz.Liaison, unit), serviceaccount.CreateInput{
		Organisation: unit, Name: "ERP", Purpose: "reports what was done", Role: authz.Liaison, Scopes: scopes,
	})
	must(w.t, err)
	return a
}

func (w *world) key(of *serviceaccount.ServiceAccount) *serviceaccount.NewKey {
	w.t.Helper()
	k, err := w.CreateKey(w.as(authz.Liaison, unit), serviceaccount.CreateKeyInput{ServiceAccount: of.ID, Name: "server"})
	must(w.t, err)
	return k
}

func (w *world) secret(of *serviceaccount.ServiceAccount) string {
	w.t.Helper()
	c, err := w.Rotate(w.as(authz.Liaison, unit), serviceaccount.RotateInput{ServiceAccount: of.ID})
	must(w.t, err)
	return c.Text
}

func (w *world) today(of *serviceaccount.ServiceAccount) *serviceaccount.ServiceAccount {
	w.t.Helper()
	a, err := w.ServiceAccount(w.as(authz.Liaison, unit), of.ID)
	must(w.t, err)
	return a
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func wants(tb testing.TB, what string, err error, code fault.Code) {
	tb.Helper()
	switch {
	case code == "" && err != nil:
		tb.Errorf("%s: %v", what, err)
	case code != "" && !fault.Is(err, code):
		tb.Errorf("%s: got %v, want %s", what, err, code)
	}
}
