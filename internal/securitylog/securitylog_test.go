package securitylog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
)

const (
	li     = id.Person("per1_00000000000000000000000001")
	wang   = id.Person("per1_00000000000000000000000002")
	school = id.Organisation("unt1_00000000000000000000000001")
	bank   = id.Organisation("unt1_00000000000000000000000002")
)

// door is the room on a store of its own. Requests come from where its context says.
type door struct {
	*Service
	t    testing.TB
	at   time.Time
	said strings.Builder
	db   *failing
}

type fromKey struct{}

// from is a request from an address.
func (d *door) from(address string) context.Context {
	return context.WithValue(d.t.Context(), fromKey{}, address)
}

// as is a request of somebody with roles.
func (d *door) as(p id.Person, holdings ...authz.Holding) context.Context {
	return authz.With(d.t.Context(), authz.Actor{Person: p, Name: "x", Holdings: holdings})
}

func open(t testing.TB) *door {
	t.Helper()
	db, err := boltstore.Open(filepath.Join(t.TempDir(), "door.bolt"), boltstore.Options{Unsynced: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.WithoutCancel(t.Context())) })
	d := &door{t: t, at: time.Date(2026, 3, 2, 2, 10, 0, 0, time.UTC), db: &failing{Backend: db}}
	d.Service, err = Open(t.Context(), d.db, &Service{
		Now: func() time.Time { return d.at }, Cursors: &page.Cursors{Keys: func() [][]byte { return [][]byte{make([]byte, 32)} }},
		Log:     slog.New(slog.NewTextHandler(&d.said, nil)),
		Address: func(ctx context.Context) string { a, _ := ctx.Value(fromKey{}).(string); return a },
		Client:  func(context.Context) string { return "Firefox, Linux" },
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// failing is a back end that is away when it is told to be.
type failing struct {
	store.Backend
	away bool
}

func (f *failing) Insert(ctx context.Context, coll string, doc bson.Raw) error {
	if f.away {
		return store.ErrUnavailable
	}
	return f.Backend.Insert(ctx, coll, doc)
}

func (d *door) tick() {
	d.t.Helper()
	if _, err := d.Tick(d.t.Context(), d.at); err != nil {
		d.t.Fatal(err)
	}
}

func (d *door) list(ctx context.Context, f *Filter) []*Entry {
	d.t.Helper()
	l, err := d.List(ctx, f, page.Args{First: new(100)})
	if err != nil {
		d.t.Fatal(err)
	}
	return l.Nodes()
}

func TestAPersonReadsWhatHappenedToTheirAccountAndNobodyElseDoes(t *testing.T) {
	d := open(t)
	d.Note(d.from("192.0.2.17"), Deed{Kind: SignedIn, Person: li, Subject: "ses1_1"})
	d.Note(d.from("198.51.100.9"), Deed{Kind: SignInRefused, Person: li, Code: "CREDENTIALS_WRONG"})
	d.tick()
	mine := d.list(d.as(li), nil)
	if len(mine) != 2 {
		t.Fatalf("%d entries", len(mine))
	}
	for _, e := range mine {
		want := map[Kind]string{SignedIn: "192.0.2.0/24", SignInRefused: "198.51.100.0/24"}[e.Kind]
		if e.Network != want || e.Client != "Firefox, Linux" || e.Count != 1 {
			t.Errorf("%s: %+v", e.Kind, e)
		}
	}
	if got := d.list(d.as(wang, authz.Holding{Role: authz.Secretary, Organisation: school}), nil); len(got) != 0 {
		t.Errorf("somebody else reads %d entries", len(got))
	}
	if found, err := d.Many(d.as(wang), []id.SecurityEntry{mine[0].ID}); err != nil || found[0] != nil {
		t.Errorf("somebody else finds %v, %v", found[0], err)
	}
	if _, err := d.List(d.t.Context(), nil, page.Args{}); !fault.Is(err, fault.CodeUnauthenticated) {
		t.Errorf("nobody is answered %v", err)
	}
	if got := d.list(d.as(wang, authz.Holding{Role: authz.Administrator}), nil); len(got) != 2 {
		t.Errorf("who runs the platform reads %d entries", len(got))
	}
}

func TestWhoLeadsAnOrganisationReadsHowItsKeysWereUsed(t *testing.T) {
	d := open(t)
	d.Note(d.from("192.0.2.17"), Deed{Kind: KeyUsed, Person: li, Organisation: school, Subject: "key1_1"})
	d.Note(d.from("192.0.2.17"), Deed{Kind: KeyUsed, Person: li, Organisation: bank, Subject: "key1_2"})
	for role, want := range map[authz.Role]int{
		authz.Secretary: 1, authz.Liaison: 1, authz.Supervisor: 1, authz.GridSteward: 0, authz.Member: 0, authz.Auditor: 0,
	} {
		got := d.list(d.as(wang, authz.Holding{Role: role, Organisation: school}), nil)
		if len(got) != want || want == 1 && got[0].Subject != "key1_1" {
			t.Errorf("%s reads %v", role, got)
		}
	}
	both := authz.Holding{Role: authz.Liaison, Organisation: school}
	f := &Filter{Organisation: &page.Choice[id.Organisation]{Eq: new(bank)}}
	if got := d.list(d.as(wang, both), f); len(got) != 0 {
		t.Errorf("a filter finds %d entries of another organisation", len(got))
	}
	if got := d.list(d.as(li, both), &Filter{Kind: &KindChoice{Eq: new(KeyUsed)}}); len(got) != 2 {
		t.Errorf("who used both keys reads %d entries", len(got))
	}
}

func TestWhatIsAlikeWithinAnHourIsOneEntryThatCounts(t *testing.T) {
	d := open(t)
	began := d.at
	for range 3 {
		for range 5 {
			d.Note(d.from("192.0.2.17"), Deed{Kind: SignInRefused, Person: li, Code: "CREDENTIALS_WRONG"})
			d.Note(d.from("192.0.2.18"), Deed{Kind: SignedIn, Person: li, Subject: "ses1_" + strconv.Itoa(d.at.Minute())})
		}
		d.tick()
		d.at = d.at.Add(10 * time.Minute)
	}
	d.at = d.at.Add(time.Hour)
	d.Note(d.from("192.0.2.17"), Deed{Kind: SignInRefused, Person: li, Code: "CREDENTIALS_WRONG"})
	d.tick()
	got := d.list(d.as(li), nil)
	if len(got) != 3 || got[0].Count != 1 {
		t.Fatalf("%d entries, the latest counts %d", len(got), got[0].Count)
	}
	for _, e := range got[1:] {
		if e.Count != 15 || !e.At.Equal(began) || !e.LastAt.Equal(began.Add(20*time.Minute)) {
			t.Errorf("%s: %d times from %s to %s", e.Kind, e.Count, e.At, e.LastAt)
		}
		if e.Kind == SignedIn && e.Subject != "ses1_30" {
			t.Errorf("the latest session is %s", e.Subject)
		}
	}
	since := began.Add(time.Hour)
	if got := d.list(d.as(li), &Filter{Since: &since}); len(got) != 1 {
		t.Errorf("%d entries since", len(got))
	}
}

// However many come from wherever, an account has a fixed number of entries in an hour, and none of them is lost.
func TestAFloodOfRefusalsIsCountedInAFewEntries(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := open(t)
		n := rapid.IntRange(1, 400).Draw(r, "refusals")
		for i := range n {
			ctx := d.from(fmt.Sprintf("2001:db8:%x:%x::1", rapid.IntRange(0, 0xffff).Draw(r, "place"), i))
			d.Note(ctx, Deed{Kind: SignInRefused, Person: li, Code: "CREDENTIALS_WRONG"})
			if rapid.IntRange(0, 50).Draw(r, "round") == 0 {
				d.tick()
			}
		}
		d.tick()
		sum := 0
		got := d.list(d.as(li), nil)
		for _, e := range got {
			sum += e.Count
			if e.Count > 1 && e.Network != "" && len(got) > places {
				r.Errorf("%d from %s", e.Count, e.Network)
			}
		}
		if len(got) > places || sum != n {
			r.Errorf("%d refusals are %d in %d entries", n, sum, len(got))
		}
	})
}

func TestBeyondItsBoundMemoryHoldsNoMore(t *testing.T) {
	d := open(t)
	for i := range waiting + 500 {
		d.Note(d.from("192.0.2.17"), Deed{Kind: TokenRefused, Person: id.Person("per1_" + strconv.Itoa(i))})
	}
	if n := len(d.loud); n > waiting+places*len(Kinds()) {
		t.Errorf("%d wait", n)
	}
	sum := 0
	for _, e := range d.loud {
		sum += e.Count
	}
	if sum != waiting+500 {
		t.Errorf("%d of %d are counted", sum, waiting+500)
	}
}

func TestWhereTheStoreIsAwayRefusalsWaitAndRequestsGoOn(t *testing.T) {
	d := open(t)
	d.db.away = true
	d.Note(d.from("192.0.2.17"), Deed{Kind: SignInRefused, Person: li})
	d.Note(d.from("192.0.2.17"), Deed{Kind: SignedIn, Person: li})
	if !strings.Contains(d.said.String(), "the security log was not written") || strings.Contains(d.said.String(), string(li)) {
		t.Errorf("the program's log says %q", d.said.String())
	}
	if _, err := d.Tick(t.Context(), d.at); !errors.Is(err, store.ErrUnavailable) && fault.Of(err).Kind != fault.Unavailable {
		t.Errorf("the round ends with %v", err)
	}
	d.db.away = false
	d.Note(d.from("192.0.2.17"), Deed{Kind: SignInRefused, Person: li})
	if err := d.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := d.list(d.as(li), nil); len(got) != 1 || got[0].Count != 2 {
		t.Errorf("afterwards there are %d entries: %+v", len(got), got)
	}
}

func TestManyAtOnceAreAllCounted(t *testing.T) {
	d := open(t)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			for range 20 {
				d.Note(d.from("192.0.2.17"), Deed{Kind: ActionRefused, Person: li, Code: "FORBIDDEN", Operation: "mutation signContract"})
				d.Note(d.from("192.0.2.17"), Deed{Kind: SignedOut, Person: li})
			}
		})
		all.Go(func() { _, _ = d.Tick(t.Context(), d.at) })
	}
	all.Wait()
	d.tick()
	for _, e := range d.list(d.as(li), nil) {
		if e.Count != 400 {
			t.Errorf("%s was counted %d times", e.Kind, e.Count)
		}
	}
}

func TestAnAddressIsKeptAsThePlaceItIsIn(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.17": "192.0.2.0/24", "2001:db8:1:2:3::4": "2001:db8:1::/48", "::ffff:192.0.2.17": "192.0.2.0/24",
		"fe80::1%eth0": "fe80::/48", "": "", "<script>": "", "@": "",
	} {
		if got := network(in); got != want {
			t.Errorf("%q is in %q, not %q", in, got, want)
		}
	}
}
