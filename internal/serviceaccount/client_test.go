package serviceaccount_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/keyring"
	"github.com/cobuild/cobuild/internal/platform/throttle"
	"github.com/cobuild/cobuild/internal/platform/token"
	"github.com/cobuild/cobuild/internal/serviceaccount"
)

// come is who comes with an access token.
func (w *world) come(text string) (authz.Actor, error) {
	w.t.Helper()
	v := &token.Verifier{Keys: w.ring, Name: issuer, Audience: "cobuild", Now: w.clock}
	c, err := v.Verify(text)
	if err != nil {
		return authz.Actor{}, err
	}
	return w.ByToken(w.t.Context(), c)
}

func TestASecretIsExchangedForATokenOfSomeScopes(t *testing.T) {
	w := newWorld(t)
	a := w.account(authz.ScopeContractsRead, authz.ScopeContractsWrite)
	p := serviceaccount.Proof{ID: string(a.ID), Secret: w.secret(a)}
	for asked, want := range map[string][]string{
		"": {"CONTRACTS_READ", "CONTRACTS_WRITE"}, "CONTRACTS_READ": {"CONTRACTS_READ"}, "PUBLIC  CONTRACTS_WRITE": {"CONTRACTS_WRITE"},
		"PUBLIC": nil,
	} {
		g, err := w.Grant(t.Context(), p, asked)
		must(t, err)
		who, err := w.come(g.Token)
		if err != nil || who.Service != a.ID || !slices.Equal(who.Scopes, want) || !who.Holds(authz.Liaison, unit) {
			t.Errorf("%q: %+v, %v", asked, who, err)
		}
		if !g.ExpiresAt.Equal(noon.Add(10 * time.Minute)) {
			t.Errorf("good until %v", g.ExpiresAt)
		}
	}
	for _, asked := range []string{"PEOPLE_READ", "CONTRACTS_READ CONTRACTS_SIGN", "contracts_read", strings.Repeat("X", 5000)} {
		_, err := w.Grant(t.Context(), p, asked)
		wants(t, asked[:min(len(asked), 20)], err, serviceaccount.CodeNotGranted)
	}
}

func TestATokenEndsWithWhatItCameFromAndWithItsAccount(t *testing.T) {
	for name, end := range map[string]func(w *world, a *serviceaccount.ServiceAccount){
		"ten minutes": func(w *world, _ *serviceaccount.ServiceAccount) { w.pass(11 * time.Minute) },
		"the account is disabled": func(w *world, a *serviceaccount.ServiceAccount) {
			_, err := w.Disable(w.admin(), serviceaccount.StopInput{Change: command.Change{ExpectedVersion: w.today(a).Version}, ID: a.ID, Reason: "r"})
			must(w.t, err)
		},
		"the account was disabled and enabled": func(w *world, a *serviceaccount.ServiceAccount) {
			_, err := w.Disable(w.admin(), serviceaccount.StopInput{Change: command.Change{ExpectedVersion: w.today(a).Version}, ID: a.ID, Reason: "r"})
			must(w.t, err)
			_, err = w.Enable(w.admin(), serviceaccount.EnableInput{Change: command.Change{ExpectedVersion: w.today(a).Version}, ID: a.ID})
			must(w.t, err)
		},
		"the secret is replaced at once": func(w *world, a *serviceaccount.ServiceAccount) {
			_, err := w.Rotate(w.admin(), serviceaccount.RotateInput{ServiceAccount: a.ID, EndOthers: new(true)})
			must(w.t, err)
		},
		"the secret is replaced twice": func(w *world, a *serviceaccount.ServiceAccount) {
			w.secret(a)
			w.secret(a)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			a := w.account()
			g, err := w.Grant(t.Context(), serviceaccount.Proof{ID: string(a.ID), Secret: w.secret(a)}, "")
			must(t, err)
			_, err = w.come(g.Token)
			must(t, err)
			end(w, a)
			_, err = w.come(g.Token)
			wants(t, "afterwards", err, fault.CodeUnauthenticated)
		})
	}
}

func TestAReplacedSecretIsGoodForAnotherDay(t *testing.T) {
	w := newWorld(t)
	a := w.account()
	first := w.secret(a)
	second := w.secret(a)
	grant := func(secret string) error {
		_, err := w.Grant(t.Context(), serviceaccount.Proof{ID: string(a.ID), Secret: secret}, "")
		return err
	}
	wants(t, "the first", grant(first), "")
	wants(t, "the second", grant(second), "")
	w.pass(24 * time.Hour)
	wants(t, "the first, a day later", grant(first), serviceaccount.CodeClient)
	wants(t, "the second, a day later", grant(second), "")
}

func TestEveryClientThatIsNotRecognisedIsRefusedAlike(t *testing.T) {
	w := newWorld(t)
	a, b := w.account(), w.account()
	mine, theirs := w.secret(a), w.secret(b)
	ended := w.account()
	gone := w.secret(ended)
	_, err := w.End(w.admin(), serviceaccount.StopInput{Change: command.Change{ExpectedVersion: w.today(ended).Version}, ID: ended.ID, Reason: "r"})
	must(t, err)
	for name, p := range map[string]serviceaccount.Proof{
		"nothing":            {},
		"no such client":     {ID: "sva1_00000000000000000000000000", Secret: mine},
		"no identifier":      {ID: "admin", Secret: mine},
		"no secret":          {ID: string(a.ID)},
		"another's secret":   {ID: string(a.ID), Secret: theirs},
		"an API key":         {ID: string(a.ID), Secret: w.key(a).Text},
		"an ended account":   {ID: string(ended.ID), Secret: gone},
		"an assertion: none": {ID: string(a.ID), Assertion: "a.b.c"},
	} {
		_, err := w.Grant(w.from(name), p, "")
		if f := fault.Of(err); err == nil || f.Code != serviceaccount.CodeClient || len(f.Params) > 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	for i := range 5 {
		_, err := w.Grant(w.from("evil"), serviceaccount.Proof{ID: string(a.ID), Secret: theirs}, "")
		wants(t, "guess "+strconv.Itoa(i), err, serviceaccount.CodeClient)
	}
	_, err = w.Grant(w.from("evil"), serviceaccount.Proof{ID: string(a.ID), Secret: mine}, "")
	wants(t, "one guess too many", err, throttle.CodeGuesses)
	_, err = w.Grant(w.from("home"), serviceaccount.Proof{ID: string(a.ID), Secret: mine}, "")
	wants(t, "the account itself, elsewhere", err, "")
}

func TestAnAssertionIsGoodForOnce(t *testing.T) {
	w := newWorld(t)
	a := w.account()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	added, err := w.AddClientKey(w.admin(), serviceaccount.AddClientKeyInput{ServiceAccount: a.ID, Name: "n", PublicKey: jwkOf(t, public, "")})
	must(t, err)
	sign := func(jti string) serviceaccount.Proof {
		made := jwt.NewWithClaims(jwt.SigningMethodEdDSA, jwt.MapClaims{
			"iss": string(a.ID), "sub": string(a.ID), "aud": issuer, "jti": jti, "exp": w.clock().Add(4 * time.Minute).Unix(),
		})
		made.Header["kid"] = added.ClientKeys[0].Kid
		text, err := made.SignedString(private)
		must(t, err)
		return serviceaccount.Proof{Assertion: text}
	}
	one := sign("one")
	g, err := w.Grant(t.Context(), one, "")
	must(t, err)
	_, err = w.Grant(t.Context(), one, "")
	wants(t, "the same again", err, serviceaccount.CodeClient)
	w.pass(time.Minute)
	again := sign("one")
	_, err = w.Grant(t.Context(), again, "")
	wants(t, "another of the same name", err, serviceaccount.CodeClient)
	other := sign("two")
	other.ID = string(w.account().ID)
	_, err = w.Grant(t.Context(), other, "")
	wants(t, "for another client's identifier", err, serviceaccount.CodeClient)
	if n, err := w.Tick(t.Context(), w.clock()); n != 0 || err != nil {
		t.Errorf("%d forgotten while it is good, %v", n, err)
	}
	if n, err := w.Tick(t.Context(), w.clock().Add(10*time.Minute)); n != 1 || err != nil {
		t.Errorf("%d forgotten when it is over, %v", n, err)
	}
	_, err = w.come(g.Token)
	wants(t, "its token", err, "")
	_, err = w.RemoveClientKey(w.admin(), serviceaccount.RemoveClientKeyInput{ID: added.ClientKeys[0].ID})
	must(t, err)
	_, err = w.come(g.Token)
	wants(t, "its token, without the key", err, fault.CodeUnauthenticated)
	_, err = w.Grant(t.Context(), sign("three"), "")
	wants(t, "an assertion by a key that was removed", err, serviceaccount.CodeClient)
	_, err = w.RemoveClientKey(w.admin(), serviceaccount.RemoveClientKeyInput{ID: added.ClientKeys[0].ID})
	wants(t, "removed twice", err, fault.CodeNotFound)
}

func TestAClientLooksAtItsOwnTokensAndGivesThemBack(t *testing.T) {
	w := newWorld(t)
	a, b := w.account(authz.ScopeContractsRead), w.account()
	mine := serviceaccount.Proof{ID: string(a.ID), Secret: w.secret(a)}
	theirs := serviceaccount.Proof{ID: string(b.ID), Secret: w.secret(b)}
	g, err := w.Grant(t.Context(), mine, "")
	must(t, err)
	key := w.key(a)
	for name, text := range map[string]string{"a token": g.Token, "a key": key.Text} {
		d, err := w.Introspect(t.Context(), mine, text)
		if err != nil || d == nil || d.Client != a.ID || !slices.Equal(d.Scopes, []authz.Scope{"CONTRACTS_READ"}) || d.Key != (text == key.Text) {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
		if d, err := w.Introspect(t.Context(), theirs, text); err != nil || d != nil {
			t.Errorf("%s, asked by another: %+v, %v", name, d, err)
		}
		must(t, w.Revoke(t.Context(), theirs, text))
		if d, err := w.Introspect(t.Context(), mine, text); err != nil || d == nil {
			t.Errorf("%s was taken back by another: %v", name, err)
		}
		must(t, w.Revoke(t.Context(), mine, text))
		must(t, w.Revoke(t.Context(), mine, text))
		if d, err := w.Introspect(t.Context(), mine, text); err != nil || d != nil {
			t.Errorf("%s still holds: %+v, %v", name, d, err)
		}
	}
	_, err = w.come(g.Token)
	wants(t, "a token that was given back", err, fault.CodeUnauthenticated)
	_, err = w.ByKey(t.Context(), key.Text)
	wants(t, "a key that was given back", err, fault.CodeUnauthenticated)
	for _, text := range []string{"", "nonsense", "cb_nonsense"} {
		wants(t, "giving back "+text, w.Revoke(t.Context(), mine, text), "")
		if d, err := w.Introspect(t.Context(), mine, text); err != nil || d != nil {
			t.Errorf("%q is %+v, %v", text, d, err)
		}
	}
	wants(t, "giving back as nobody", w.Revoke(t.Context(), serviceaccount.Proof{ID: string(a.ID)}, g.Token), serviceaccount.CodeClient)
}

func TestTakenBackTokensAreBounded(t *testing.T) {
	w := newWorld(t)
	a := w.account()
	p := serviceaccount.Proof{ID: string(a.ID), Secret: w.secret(a)}
	stays, err := w.Grant(t.Context(), p, "")
	must(t, err)
	for range 60 {
		g, err := w.Grant(t.Context(), p, "")
		must(t, err)
		must(t, w.Revoke(t.Context(), p, g.Token))
		_, err = w.come(g.Token)
		wants(t, "a token that was given back", err, fault.CodeUnauthenticated)
	}
	_, err = w.come(stays.Token)
	wants(t, "one from before so many", err, fault.CodeUnauthenticated)
	g, err := w.Grant(t.Context(), p, "")
	must(t, err)
	_, err = w.come(g.Token)
	wants(t, "a new one", err, "")
}

func TestTheAddressOfADocumentEndsWithTheKeyItWasAskedWith(t *testing.T) {
	w := newWorld(t)
	a := w.account(authz.ScopeContractsRead)
	k := w.key(a)
	who, err := w.ByKey(t.Context(), k.Text)
	must(t, err)
	again, err := w.Again(t.Context(), a.ID, string(who.Session))
	if err != nil || again.Service != a.ID || !again.Has("CONTRACTS_READ") {
		t.Errorf("got %+v, %v", again, err)
	}
	_, err = w.RevokeKey(w.admin(), serviceaccount.RevokeKeyInput{ID: k.Key.ID})
	must(t, err)
	_, err = w.Again(t.Context(), a.ID, string(who.Session))
	wants(t, "afterwards", err, fault.CodeUnauthenticated)
	_, err = w.Again(t.Context(), a.ID, "")
	wants(t, "with nothing", err, fault.CodeUnauthenticated)
}

func TestNothingOfASecretIsInTheStore(t *testing.T) {
	w := newWorld(t)
	a := w.account()
	k := w.key(a)
	if w.ring.Current(keyring.Master).Derived("a") == nil || w.ring.Current(keyring.Token).Derived("a") != nil {
		t.Error("keys are derived from the wrong kinds")
	}
	raw := serviceaccount.Stored(t.Context(), w.Service, a.ID)
	if strings.Contains(raw, k.Text[len(k.Text)-59:len(k.Text)-20]) || !strings.Contains(raw, string(k.Key.ID)) {
		t.Error("the key's secret is kept as it is")
	}
}
