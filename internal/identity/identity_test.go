package identity_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/identity"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
	"github.com/cobuild/cobuild/internal/platform/throttle"
)

const (
	issuer = "https://id.example.org"
	li     = id.Person("per1_00000000000000000000000001")
	wang   = id.Person("per1_00000000000000000000000002")
	ghost  = id.Person("per1_00000000000000000000000003") // was to be, and never came
)

var verifier = strings.Repeat("v", 43)

type world struct {
	*identity.Service
	t         testing.TB
	at        time.Time
	people    []id.Person
	passwords []id.Person
	mu        sync.Mutex
	deeds     []identity.Deed
	states    int
}

func newWorld(t testing.TB) *world {
	t.Helper()
	db, err := boltstore.Open(filepath.Join(t.TempDir(), "cobuild.db"), boltstore.Options{Unsynced: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.WithoutCancel(t.Context())) })
	w := &world{t: t, at: time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC), people: []id.Person{li, wang}, passwords: []id.Person{li}}
	w.Service, err = identity.Open(t.Context(), db, identity.Service{
		Now: func() time.Time { return w.at }, Random: rand.Reader,
		Exists:      func(_ context.Context, p id.Person) (bool, error) { return slices.Contains(w.people, p), nil },
		HasPassword: func(_ context.Context, p id.Person) (bool, error) { return slices.Contains(w.passwords, p), nil },
		Noted: func(_ context.Context, d identity.Deed) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.deeds = append(w.deeds, d)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) as(p id.Person) context.Context {
	return authz.With(w.t.Context(), authz.Actor{Person: p, Name: "x"})
}

// arrives is the code of somebody who comes back from the issuer.
func (w *world) arrives(subject string) string {
	w.t.Helper()
	w.states++
	code, err := w.Arrive(w.t.Context(), w.arrival(w.states), func(context.Context) (string, error) { return subject, nil })
	if err != nil {
		w.t.Fatal(err)
	}
	return code
}

func (w *world) arrival(state int) identity.Arrival {
	sum := sha256.Sum256([]byte(verifier))
	return identity.Arrival{State: strings.Repeat("s", state), Issuer: issuer, Challenge: base64.RawURLEncoding.EncodeToString(sum[:])}
}

func (w *world) proof(subject string) identity.Proof {
	return identity.Proof{Code: w.arrives(subject), Verifier: verifier}
}

func (w *world) link(p id.Person, subject string) (*identity.Identity, error) {
	return w.Link(w.as(p), identity.LinkInput{Code: w.arrives(subject), Verifier: verifier})
}

func (w *world) linked(p id.Person, subject string) *identity.Identity {
	w.t.Helper()
	i, err := w.link(p, subject)
	if err != nil {
		w.t.Fatal(err)
	}
	return i
}

func (w *world) of(p id.Person) int {
	w.t.Helper()
	all, err := w.Of(w.as(p), []id.Person{p})
	if err != nil {
		w.t.Fatal(err)
	}
	return len(all[0])
}

func wants(t testing.TB, what string, err error, code fault.Code) {
	t.Helper()
	if !fault.Is(err, code) {
		t.Errorf("%s: got %v, want %s", what, err, code)
	}
}

func TestAnIdentityOpensTheAccountItWasLinkedWithAndNoOther(t *testing.T) {
	w := newWorld(t)
	first := w.proof("li at the issuer")
	_, err := w.Recognise(t.Context(), first)
	wants(t, "before it is linked", err, identity.CodeUnknown)
	i, err := w.Link(w.as(li), identity.LinkInput{Code: first.Code, Verifier: verifier}) // the code stayed good
	if err != nil || i.Person != li || i.Issuer != issuer {
		t.Fatalf("linked: %+v, %v", i, err)
	}
	got, err := w.Recognise(t.Context(), w.proof("li at the issuer"))
	if err != nil || got.Person != li || got.Identity != i.ID || got.Issuer != issuer {
		t.Errorf("recognised: %+v, %v", got, err)
	}
	_, err = w.Recognise(t.Context(), w.proof("wang at the issuer"))
	wants(t, "somebody else there", err, identity.CodeUnknown)
	_, err = w.link(wang, "li at the issuer")
	wants(t, "linked by somebody else", err, identity.CodeTaken)
	if again := w.linked(li, "li at the issuer"); again.ID != i.ID || w.of(li) != 1 {
		t.Errorf("linked again: %+v, %d", again, w.of(li))
	}
	all, err := w.Of(w.as(wang), []id.Person{li, wang})
	if err != nil || len(all[0]) != 0 || len(all[1]) != 0 {
		t.Errorf("somebody else sees %v, %v", all, err)
	}
	if len(w.deeds) != 1 || w.deeds[0] != (identity.Deed{Person: li, Linked: true}) {
		t.Errorf("told: %+v", w.deeds)
	}
	_, err = w.Link(t.Context(), identity.LinkInput{Code: w.arrives("x"), Verifier: verifier})
	wants(t, "linked by nobody", err, fault.CodeUnauthenticated)
}

func TestACodeIsGoodForOnce(t *testing.T) {
	w := newWorld(t)
	w.linked(li, "li")
	p := w.proof("li")
	if _, err := w.Recognise(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	_, err := w.Recognise(t.Context(), p)
	wants(t, "twice", err, identity.CodeCode)
	_, err = w.Link(w.as(li), identity.LinkInput{Code: p.Code, Verifier: verifier})
	wants(t, "for something else", err, identity.CodeCode)

	p = w.proof("li")
	once := store.NewOnce("", "a", []byte("x"))
	ctx := store.WithOnce(t.Context(), once)
	if _, err := w.Recognise(ctx, p); err != nil {
		t.Fatal(err)
	}
	_, err = w.Recognise(ctx, p)
	wants(t, "the same mutation again", err, fault.CodeAlreadyDone)

	late := w.proof("li")
	w.at = w.at.Add(identity.CodeLife)
	_, err = w.Recognise(t.Context(), late)
	wants(t, "too late", err, identity.CodeCode)
}

func TestACodeThatWasCarriedOffIsWorthNothingToAnybody(t *testing.T) {
	w := newWorld(t)
	w.linked(li, "li")
	p := w.proof("li")
	_, err := w.Recognise(t.Context(), identity.Proof{Code: p.Code, Verifier: strings.Repeat("w", 43)})
	wants(t, "with another verifier", err, identity.CodeCode)
	_, err = w.Recognise(t.Context(), p)
	wants(t, "afterwards", err, identity.CodeCode)
	for name, bad := range map[string]identity.Proof{
		"empty": {Verifier: verifier}, "no code": {Code: "cbi_x_y", Verifier: verifier}, "an invented one": {Code: p.Code[:40] + strings.Repeat("A", len(p.Code)-40), Verifier: verifier},
		"endless": {Code: strings.Repeat("x", 1<<20), Verifier: verifier},
	} {
		_, err := w.Recognise(t.Context(), bad)
		wants(t, name, err, identity.CodeCode)
	}
	_, err = w.Recognise(t.Context(), identity.Proof{Code: w.arrives("li"), Verifier: "short"})
	wants(t, "a verifier that is none", err, fault.CodeMalformed)
}

func TestASignInArrivesOnceWhateverCameOfIt(t *testing.T) {
	w := newWorld(t)
	asked := 0
	failing := func(context.Context) (string, error) { asked++; return "", errors.New("the issuer is away") }
	if _, err := w.Arrive(t.Context(), w.arrival(7), failing); err == nil {
		t.Fatal("there is a code")
	}
	_, err := w.Arrive(t.Context(), w.arrival(7), failing)
	wants(t, "again", err, identity.CodeArrived)
	var all sync.WaitGroup
	var mu sync.Mutex
	good := 0
	for range 16 {
		all.Go(func() {
			_, err := w.Arrive(t.Context(), w.arrival(9), func(context.Context) (string, error) { return "li", nil })
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				good++
			}
		})
	}
	all.Wait()
	if asked != 1 || good != 1 {
		t.Errorf("the issuer was asked %d times; of sixteen at once %d arrived", asked, good)
	}
}

func TestWhoKeepsComingBackWithWhatDoesNotHoldHasToWait(t *testing.T) {
	w := newWorld(t)
	asked := 0
	for n := range 20 {
		_, err := w.Arrive(t.Context(), w.arrival(100+n), func(context.Context) (string, error) {
			asked++
			return "", fault.New(fault.Refused, "SIGN_IN_NOT_PROVEN")
		})
		if n > 5 {
			wants(t, "once more", err, throttle.CodeGuesses)
		}
	}
	if asked > 6 {
		t.Errorf("the issuer was asked %d times", asked)
	}
	w.at = w.at.Add(time.Hour)
	w.arrives("li")
}

func TestTheLastWayToSignInStays(t *testing.T) {
	w := newWorld(t)
	one, two := w.linked(wang, "one"), w.linked(wang, "two")
	for _, i := range []*identity.Identity{one, two} {
		_, err := w.Unlink(w.as(li), identity.UnlinkInput{ID: i.ID})
		wants(t, "by somebody else", err, fault.CodeNotFound)
	}
	var all sync.WaitGroup
	errs := make([]error, 2)
	for n, i := range []*identity.Identity{one, two} {
		all.Go(func() { _, errs[n] = w.Unlink(w.as(wang), identity.UnlinkInput{ID: i.ID}) })
	}
	all.Wait()
	if w.of(wang) != 1 || (errs[0] == nil) == (errs[1] == nil) {
		t.Errorf("both at once: %v, and %d are left", errs, w.of(wang))
	}
	for _, err := range errs {
		if err != nil {
			wants(t, "the last", err, identity.CodeLast)
		}
	}
	i := w.linked(li, "li") // who has a password
	if _, err := w.Unlink(w.as(li), identity.UnlinkInput{ID: i.ID}); err != nil || w.of(li) != 0 {
		t.Errorf("of somebody with a password: %v", err)
	}
	_, err := w.Recognise(t.Context(), w.proof("li"))
	wants(t, "afterwards", err, identity.CodeUnknown)
	if again := w.linked(li, "li"); again.ID != i.ID {
		t.Errorf("linked anew it is %s", again.ID)
	}
}

func TestAnAccountHasAFewIdentities(t *testing.T) {
	w := newWorld(t)
	for n := range identity.Most {
		w.linked(li, "subject "+strings.Repeat("x", n))
	}
	_, err := w.link(li, "one more")
	wants(t, "one more", err, fault.CodeTooMany)
	w.linked(li, "subject ")
}

func TestANewcomerIsVouchedForByAnIdentityOfTheirOwn(t *testing.T) {
	w := newWorld(t)
	w.linked(li, "li")
	wants(t, "somebody else's", w.Vouch(t.Context(), w.proof("li"), ghost), identity.CodeTaken)
	p := w.proof("new")
	if err := errors.Join(w.Vouch(t.Context(), p, ghost), w.Bind(t.Context(), p, ghost)); err != nil {
		t.Fatal(err)
	}
	if err := w.Bind(t.Context(), w.proof("new"), ghost); err != nil {
		t.Errorf("the rest was cut short, and they come again: %v", err)
	}
	_, err := w.Recognise(t.Context(), w.proof("new"))
	wants(t, "before they are there", err, identity.CodeUnknown)
	_, err = w.link(wang, "new")
	wants(t, "while they are coming to be", err, identity.CodeTaken)
	w.at = w.at.Add(2 * time.Hour)
	if i := w.linked(wang, "new"); i.Person != wang {
		t.Errorf("who never came keeps it: %+v", i)
	}
}

func TestOfSixteenWhoLinkOneIdentityAtOnceOneGetsIt(t *testing.T) {
	w := newWorld(t)
	codes := make([]string, 16)
	for n := range codes {
		codes[n] = w.arrives("the same")
		w.people = append(w.people, id.Derived[id.Person](id.KindPerson, codes[n]))
	}
	var all sync.WaitGroup
	errs := make([]error, len(codes))
	for n, code := range codes {
		who := id.Derived[id.Person](id.KindPerson, code)
		all.Go(func() { _, errs[n] = w.Link(w.as(who), identity.LinkInput{Code: code, Verifier: verifier}) })
	}
	all.Wait()
	good := 0
	for _, err := range errs {
		if err == nil {
			good++
			continue
		}
		wants(t, "too late", err, identity.CodeTaken)
	}
	if good != 1 {
		t.Errorf("%d have it", good)
	}
}

func TestWhoIsForgottenHasNoIdentities(t *testing.T) {
	w := newWorld(t)
	w.linked(li, "one")
	w.linked(li, "two")
	w.linked(wang, "three")
	if err := errors.Join(w.Forget(t.Context(), li), w.Forget(t.Context(), li)); err != nil {
		t.Fatal(err)
	}
	if w.of(li) != 0 || w.of(wang) != 1 {
		t.Errorf("%d and %d are left", w.of(li), w.of(wang))
	}
	w.linked(wang, "one")
}

func TestArrivalsAreSweptAway(t *testing.T) {
	w := newWorld(t)
	for range 3 {
		w.arrives("li")
	}
	w.at = w.at.Add(time.Hour)
	if n, err := w.Tick(t.Context(), w.at); n != 3 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

// However identities are linked and unlinked, each opens the account it was last linked with, and nobody without a password
// is ever without one.
func TestWhateverIsLinkedAndUnlinkedNobodyIsLockedOutOrLetInElsewhere(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := newWorld(t)
		owner := map[string]id.Person{}
		known := map[string]id.Identity{}
		for range rapid.IntRange(1, 10).Draw(r, "steps") {
			p := rapid.SampledFrom([]id.Person{li, wang}).Draw(r, "person")
			subject := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(r, "subject")
			if rapid.Bool().Draw(r, "link") {
				if i, err := w.link(p, subject); err == nil {
					owner[subject], known[subject] = p, i.ID
				}
			} else if i := known[subject]; i != "" {
				if _, err := w.Unlink(w.as(p), identity.UnlinkInput{ID: i}); err == nil {
					delete(owner, subject)
				}
			}
			had := w.of(wang)
			for s, who := range owner {
				got, err := w.Recognise(t.Context(), w.proof(s))
				if err != nil || got.Person != who {
					r.Fatalf("%s opens %s, %v", s, got.Person, err)
				}
			}
			theirs := 0
			for _, who := range owner {
				if who == wang {
					theirs++
				}
			}
			if had != theirs {
				r.Fatalf("%d identities, %d known", had, theirs)
			}
		}
	})
}
