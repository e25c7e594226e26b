package signingkey_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/keyring"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/signing"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
	"github.com/cobuild/cobuild/internal/signingkey"
)

// house is the room on a store of its own, with a clock that stands still until it is moved.
type house struct {
	*signingkey.Service
	ring *keyring.Keyring
	mu   sync.Mutex
	at   time.Time
}

func open(t *testing.T) *house {
	t.Helper()
	h := &house{at: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}
	db, err := boltstore.Open(filepath.Join(t.TempDir(), "keys.bolt"), boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	if h.ring, err = keyring.Create(filepath.Join(t.TempDir(), "keyring"), h.at, rand.Reader); err != nil {
		t.Fatal(err)
	}
	h.Service, err = signingkey.Open(t.Context(), db, signingkey.Service{
		Now: h.now, Random: rand.Reader, Ring: h.ring,
		Cursors: &page.Cursors{Keys: func() [][]byte { return [][]byte{h.ring.Current(keyring.Cursor).Secret()} }},
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *house) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = h.at.Add(time.Second)
	return h.at
}

func school() id.Organisation { return id.Derived[id.Organisation](id.KindUnit, "school") }
func bank() id.Organisation   { return id.Derived[id.Organisation](id.KindUnit, "bank") }

// as is a context in which a person with the signing right of organisations acts.
func as(ctx context.Context, name string, signs ...id.Organisation) context.Context {
	a := authz.Actor{Person: id.Derived[id.Person](id.KindPerson, name), Name: name}
	for _, o := range signs {
		a.Holdings = append(a.Holdings, authz.Holding{Role: authz.Liaison, Organisation: o, Signing: true})
	}
	return authz.With(ctx, a)
}

func pair(t *testing.T) (string, ed25519.PrivateKey) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(public), private
}

func saying(o id.Organisation) signing.Statement {
	return signing.Statement{
		Contract: id.Derived[id.Contract](id.KindContract, "c"), Version: 1, Party: o,
		Purpose: signing.PurposeSign, TextHash: signing.Hash([]byte("{}")),
	}
}

// register has Wang, who signs for the organisation, register a key.
func (h *house) register(t *testing.T, o id.Organisation, public *string) *signingkey.SigningKey {
	t.Helper()
	k, err := h.Register(as(t.Context(), "Wang", o), signingkey.RegisterInput{Organisation: o, PublicKey: public})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func (h *house) revoke(ctx context.Context, k *signingkey.SigningKey) (*signingkey.SigningKey, error) {
	return h.Revoke(ctx, signingkey.RevokeInput{
		ID: k.ID, Change: command.Change{ExpectedVersion: k.Version}, Reason: "the card was lost",
	})
}

func TestAHeldKeySignsForWhoeverHasTheSigningRight(t *testing.T) {
	h := open(t)
	ctx := as(t.Context(), "Wang", school())
	k := h.register(t, school(), nil)
	if !k.Held || k.Sealed != nil || k.RegisteredBy == nil {
		t.Fatalf("got %+v", k)
	}
	jws, kid, err := h.SignAs(ctx, school(), saying(school()))
	if err != nil || kid != k.Kid {
		t.Fatalf("signed with %s, %v", kid, err)
	}
	if got, err := h.CheckSignature(ctx, school(), jws, saying(school())); err != nil || got != kid {
		t.Fatalf("checked as %s, %v", got, err)
	}
	without := authz.With(t.Context(), authz.Actor{Person: "p", Holdings: []authz.Holding{{Role: authz.Liaison, Organisation: school()}}})
	for name, ctx := range map[string]context.Context{"another's": as(t.Context(), "Li", bank()), "no right": without, "nobody": t.Context()} {
		if _, _, err := h.SignAs(ctx, school(), saying(school())); !fault.Is(err, fault.CodeForbidden) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, _, err := h.SignAs(as(t.Context(), "Li", bank()), bank(), saying(bank())); !fault.Is(err, signingkey.CodeNoneHeld) {
		t.Errorf("without a key: got %v", err)
	}
}

func TestAnOrganisationHasOneHeldKeyAtATimeAndSeveralOfItsOwn(t *testing.T) {
	h := open(t)
	ctx := as(t.Context(), "Wang", school(), bank())
	first := h.register(t, school(), nil)
	if _, err := h.Register(ctx, signingkey.RegisterInput{Organisation: school()}); !fault.Is(err, signingkey.CodeHeldAlready) {
		t.Errorf("a second held key: got %v", err)
	}
	h.register(t, bank(), nil)
	one, _ := pair(t)
	two, _ := pair(t)
	h.register(t, school(), &one)
	h.register(t, school(), &two)
	if _, err := h.revoke(ctx, first); err != nil {
		t.Fatal(err)
	}
	second := h.register(t, school(), nil)
	if _, kid, err := h.SignAs(ctx, school(), saying(school())); err != nil || kid != second.Kid {
		t.Errorf("signs with %s, %v", kid, err)
	}
	all, err := h.SigningKeys(t.Context(), school(), page.Args{})
	if err != nil || len(all.Nodes()) != 4 || all.Nodes()[0].ID != first.ID || all.Nodes()[0].RevokedAt == nil {
		t.Errorf("keys: %v, %v", all, err)
	}
}

func TestAKeyBelongsToOneOrganisation(t *testing.T) {
	h := open(t)
	ctx := as(t.Context(), "Wang", school(), bank())
	public, private := pair(t)
	k := h.register(t, school(), &public)
	for _, o := range []id.Organisation{bank(), school()} {
		if _, err := h.Register(ctx, signingkey.RegisterInput{Organisation: o, PublicKey: &public}); !fault.Is(err, signingkey.CodeKeyTaken) {
			t.Errorf("registered again: got %v", err)
		}
	}
	jws, err := signing.Sign(private, k.Kid, saying(bank()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.CheckSignature(ctx, bank(), jws, saying(bank())); !fault.Is(err, signingkey.CodeUnknown) {
		t.Errorf("the bank signs with the school's key: got %v", err)
	}
}

func TestASignatureIsCheckedAgainstTheRegisteredKeys(t *testing.T) {
	h := open(t)
	ctx := as(t.Context(), "Wang", school())
	public, private := pair(t)
	k := h.register(t, school(), &public)
	jws, err := signing.Sign(private, k.Kid, saying(school()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.CheckSignature(t.Context(), school(), jws, saying(school())); err != nil {
		t.Errorf("its own: %v", err)
	}
	other := saying(school())
	other.Version++
	if _, err := h.CheckSignature(t.Context(), school(), jws, other); !fault.Is(err, signing.SignatureInvalid) {
		t.Errorf("another text: got %v", err)
	}
	if _, err := h.CheckSignature(t.Context(), school(), "nonsense", saying(school())); !fault.Is(err, signing.SignatureInvalid) {
		t.Errorf("nonsense: got %v", err)
	}
	_, stranger := pair(t)
	unknown, err := signing.Sign(stranger, signing.Fingerprint(stranger.Public().(ed25519.PublicKey)), saying(school()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.CheckSignature(t.Context(), school(), unknown, saying(school())); !fault.Is(err, signingkey.CodeUnknown) {
		t.Errorf("an unknown key: got %v", err)
	}
	if _, err := h.revoke(ctx, k); err != nil {
		t.Fatal(err)
	}
	if _, err := h.CheckSignature(t.Context(), school(), jws, saying(school())); !fault.Is(err, signingkey.CodeRevoked) {
		t.Errorf("a revoked key: got %v", err)
	}
}

func TestARevokedKeyStaysToBeSeen(t *testing.T) {
	h := open(t)
	ctx := as(t.Context(), "Wang", school())
	k := h.register(t, school(), nil)
	if _, err := h.Revoke(ctx, signingkey.RevokeInput{ID: k.ID, Change: command.Change{ExpectedVersion: 7}, Reason: "x"}); !fault.Is(err, fault.CodeConflict) {
		t.Errorf("a stale version: got %v", err)
	}
	if _, err := h.Revoke(ctx, signingkey.RevokeInput{ID: k.ID, Change: command.Change{ExpectedVersion: 1}, Reason: " "}); !fault.Is(err, fault.CodeRequired) {
		t.Errorf("without a reason: got %v", err)
	}
	if _, err := h.revoke(as(t.Context(), "Li", bank()), k); !fault.Is(err, fault.CodeForbidden) {
		t.Errorf("by another: got %v", err)
	}
	k, err := h.revoke(ctx, k)
	if err != nil || k.RevokedAt == nil || *k.Reason != "the card was lost" || k.RevokedBy == nil {
		t.Fatalf("got %+v, %v", k, err)
	}
	if _, err := h.revoke(ctx, k); !fault.Is(err, signingkey.CodeRevoked) {
		t.Errorf("revoked twice: got %v", err)
	}
	if _, _, err := h.SignAs(ctx, school(), saying(school())); !fault.Is(err, signingkey.CodeNoneHeld) {
		t.Errorf("signs with it: %v", err)
	}
	found, err := h.KeysOf(t.Context(), []string{"none", k.Kid})
	if err != nil || found[0] != nil || found[1] == nil || found[1].Exported().RevokedAt == nil {
		t.Errorf("found %v, %v", found, err)
	}
}

func TestOutsidersSeeAKeyButNotItsPeople(t *testing.T) {
	h := open(t)
	k := h.register(t, school(), nil)
	for name, tt := range map[string]struct {
		ctx  context.Context
		sees bool
	}{
		"its people":    {as(t.Context(), "Li", school()), true},
		"another's":     {as(t.Context(), "Li", bank()), false},
		"nobody":        {t.Context(), false},
		"administrator": {authz.With(t.Context(), authz.Actor{Person: "p", Holdings: []authz.Holding{{Role: authz.Administrator}}}), true},
	} {
		got, err := h.SigningKey(tt.ctx, k.ID)
		if err != nil || (got.RegisteredBy != nil) != tt.sees || got.Kid != k.Kid || got.Sealed != nil {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

func TestWhoMayNotRegisterIsRefused(t *testing.T) {
	h := open(t)
	for name, ctx := range map[string]context.Context{
		"another's":                   as(t.Context(), "Li", bank()),
		"a liaison without the right": authz.With(t.Context(), authz.Actor{Person: "p", Holdings: []authz.Holding{{Role: authz.Liaison, Organisation: school()}}}),
	} {
		if _, err := h.Register(ctx, signingkey.RegisterInput{Organisation: school()}); !fault.Is(err, fault.CodeForbidden) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := h.Register(t.Context(), signingkey.RegisterInput{Organisation: school()}); !fault.Is(err, fault.CodeUnauthenticated) {
		t.Errorf("nobody: got %v", err)
	}
	bad := "no key"
	_, err := h.Register(as(t.Context(), "Wang", school()), signingkey.RegisterInput{Organisation: school(), PublicKey: &bad})
	if !fault.Is(err, signing.KeyMalformed) || fault.Of(err).Path[0] != "publicKey" {
		t.Errorf("no key: got %v", err)
	}
}

func TestRegisteringTwiceUnderOneNameRegistersOnce(t *testing.T) {
	h := open(t)
	public, _ := pair(t)
	for name, given := range map[string]*string{"held": nil, "given": &public} {
		once := func() (*signingkey.SigningKey, bool, error) {
			o := store.NewOnce("wang", name, []byte(name))
			k, err := h.Register(store.WithOnce(as(t.Context(), "Wang", school()), o), signingkey.RegisterInput{Organisation: school(), PublicKey: given})
			return k, o.Replayed, err
		}
		first, replayed, err := once()
		if err != nil || replayed {
			t.Fatalf("%s: %v", name, err)
		}
		again, replayed, err := once()
		if err != nil || !replayed || again.ID != first.ID || again.Kid != first.Kid {
			t.Errorf("%s again: %v, %v, %v", name, again, replayed, err)
		}
	}
}

func TestRotatingTheMasterKeyLeavesHeldKeysGood(t *testing.T) {
	h := open(t)
	ctx := as(t.Context(), "Wang", school(), bank())
	k := h.register(t, school(), nil)
	if n, err := h.Rewrap(t.Context()); n != 0 || err != nil {
		t.Errorf("before: %d, %v", n, err)
	}
	if _, err := h.ring.Rotate(keyring.Master, h.now(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	h.register(t, bank(), nil)
	if n, err := h.Rewrap(t.Context()); n != 1 || err != nil {
		t.Errorf("after: %d, %v", n, err)
	}
	if n, err := h.Rewrap(t.Context()); n != 0 || err != nil {
		t.Errorf("again: %d, %v", n, err)
	}
	inside, err := h.SigningKey(authz.AsSystem(t.Context()), k.ID)
	if err != nil || inside.SealedWith != h.ring.Current(keyring.Master).ID {
		t.Errorf("sealed with %s, %v", inside.SealedWith, err)
	}
	if _, _, err := h.SignAs(ctx, school(), saying(school())); err != nil {
		t.Error(err)
	}
}

func TestASealedKeyOpensForItselfAlone(t *testing.T) {
	h := open(t)
	k := h.register(t, school(), nil)
	inside, err := h.SigningKey(authz.AsSystem(t.Context()), k.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.ring.Unseal(keyring.Master, inside.Sealed, []byte("another")); err == nil {
		t.Error("it opens for another key")
	}
	if _, err := h.ring.Unseal(keyring.Master, inside.Sealed, []byte(k.ID)); err != nil {
		t.Error(err)
	}
}

func TestTwoWhoRegisterAHeldKeyAtOnceMakeOne(t *testing.T) {
	h := open(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	made := 0
	for range 8 {
		wg.Go(func() {
			_, err := h.Register(as(t.Context(), "Wang", school()), signingkey.RegisterInput{Organisation: school()})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				made++
			} else if !fault.Is(err, signingkey.CodeHeldAlready) {
				t.Errorf("got %v", err)
			}
		})
	}
	wg.Wait()
	if made != 1 {
		t.Errorf("%d were made", made)
	}
}
