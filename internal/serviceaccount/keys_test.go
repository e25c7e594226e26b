package serviceaccount_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/keyring"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/throttle"
	"github.com/cobuild/cobuild/internal/serviceaccount"
)

func jwkOf(t *testing.T, key any, alg string) string {
	t.Helper()
	raw, err := json.Marshal(jose.JSONWebKey{Key: key, Algorithm: alg})
	must(t, err)
	return string(raw)
}

func newPublic(t *testing.T) string {
	t.Helper()
	public, _, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	return jwkOf(t, public, "")
}

func TestAKeyIsShownOnceAndSpeaksForItsAccount(t *testing.T) {
	w := newWorld(t)
	a := w.account(authz.ScopeContractsRead, authz.ScopeContractsWrite)
	k := w.key(a)
	if !regexp.MustCompile(`^cb_[0-9a-z]{34}_[0-9a-z]{59}$`).MatchString(k.Text) || !strings.HasPrefix(k.Text, k.Key.Hint) {
		t.Fatalf("the key is %s, its hint %s", k.Text, k.Key.Hint)
	}
	if !k.Key.ExpiresAt.Equal(noon.Add(90*24*time.Hour)) || k.Key.CreatedBy == nil {
		t.Errorf("the key is %+v", k.Key)
	}
	who, err := w.ByKey(t.Context(), k.Text)
	must(t, err)
	if who.Service != a.ID || who.Person != "" || !who.Known() || who.Name != "ERP" || !who.Holds(authz.Liaison, unit) ||
		who.Holds(authz.Signer, unit) || !who.Has("CONTRACTS_WRITE") || who.Has("PEOPLE_READ") {
		t.Errorf("it speaks for %+v", who)
	}
	kept := w.today(a)
	if kept.APIKeys[0].Print.Hash != nil || kept.APIKeys[0].Print.Pepper != "" {
		t.Errorf("what it is recognised by has left the room: %+v", kept.APIKeys[0])
	}
	this, err := w.This(authz.With(t.Context(), who))
	if err != nil || this == nil || this.ID != a.ID || this.APIKeys[0].Print.Hash != nil {
		t.Errorf("it sees itself as %+v, %v", this, err)
	}
	if none, err := w.This(w.admin()); err != nil || none != nil {
		t.Errorf("a person is the account %+v, %v", none, err)
	}
}

func TestEveryKeyThatDoesNotHoldIsRefusedAlike(t *testing.T) {
	w := newWorld(t)
	a := w.account()
	good, other := w.key(a), w.key(w.account())
	tail := good.Text[strings.LastIndex(good.Text, "_")+1:]
	revoked := w.key(a)
	_, err := w.RevokeKey(w.admin(), serviceaccount.RevokeKeyInput{ID: revoked.Key.ID})
	must(t, err)
	short, err := w.CreateKey(w.admin(), serviceaccount.CreateKeyInput{ServiceAccount: a.ID, Name: "s", ExpiresAt: new(noon.Add(time.Hour))})
	must(t, err)
	w.pass(time.Hour)
	for name, text := range map[string]string{
		"empty":                       "",
		"a prefix":                    "cb_",
		"no secret":                   good.Text[:strings.LastIndex(good.Text, "_")+1],
		"cut short":                   good.Text[:len(good.Text)-1],
		"longer":                      good.Text + "0",
		"in capitals":                 strings.ToUpper(good.Text),
		"mistyped":                    flip(good.Text, 50),
		"mistyped in its checksum":    flip(good.Text, len(good.Text)-1),
		"another's secret":            good.Text[:strings.LastIndex(good.Text, "_")+1] + other.Text[strings.LastIndex(other.Text, "_")+1:],
		"of another account":          other.Text[:strings.LastIndex(other.Text, "_")+1] + tail,
		"revoked":                     revoked.Text,
		"expired":                     short.Text,
		"a refresh token's beginning": "cbr_" + good.Text[3:],
		"a client secret's beginning": "cbs_" + good.Text[3:],
		"surrounded by spaces":        " " + good.Text,
		"with a line break":           good.Text + "\n",
	} {
		who, err := w.ByKey(w.from(name), text)
		f := fault.Of(err)
		if err == nil || f.Code != fault.CodeUnauthenticated || len(f.Params) > 0 || who.Known() {
			t.Errorf("%s: %+v, %v", name, who, err)
		}
	}
	_, err = w.ByKey(t.Context(), good.Text)
	wants(t, "the good one", err, "")
}

func flip(s string, at int) string {
	b := []byte(s)
	if b[at] == '0' {
		b[at] = '1'
	} else {
		b[at] = '0'
	}
	return string(b)
}

func TestNoTextButTheKeyItselfIsTaken(t *testing.T) {
	w := newWorld(t)
	k := w.key(w.account())
	rapid.Check(t, func(r *rapid.T) {
		at := rapid.IntRange(0, len(k.Text)-1).Draw(r, "at")
		c := rapid.ByteRange(1, 127).Draw(r, "c")
		text := k.Text[:at] + string(rune(c)) + k.Text[at+1:]
		_, err := w.ByKey(w.from(text), text)
		if (err == nil) != (text == k.Text) {
			r.Fatalf("%q: %v", text, err)
		}
	})
}

func TestWhateverIsTakenFromAnAccountIsGoneAtOnce(t *testing.T) {
	w := newWorld(t)
	a := w.account()
	k := w.key(a)
	stop := serviceaccount.StopInput{Change: command.Change{ExpectedVersion: w.today(a).Version}, ID: a.ID, Reason: "the laptop is lost"}
	stopped, err := w.Disable(w.admin(), stop)
	must(t, err)
	_, err = w.ByKey(t.Context(), k.Text)
	wants(t, "disabled", err, fault.CodeUnauthenticated)
	_, err = w.Enable(w.admin(), serviceaccount.EnableInput{Change: command.Change{ExpectedVersion: stopped.Version}, ID: a.ID})
	must(t, err)
	_, err = w.ByKey(t.Context(), k.Text)
	wants(t, "enabled", err, "")
	_, err = w.RevokeKey(w.admin(), serviceaccount.RevokeKeyInput{ID: k.Key.ID})
	must(t, err)
	_, err = w.ByKey(t.Context(), k.Text)
	wants(t, "revoked", err, fault.CodeUnauthenticated)
	before := *w.today(a).APIKeys[0].RevokedAt
	w.pass(time.Minute)
	_, err = w.RevokeKey(w.admin(), serviceaccount.RevokeKeyInput{ID: k.Key.ID})
	wants(t, "revoked again", err, "")
	if !w.today(a).APIKeys[0].RevokedAt.Equal(before) {
		t.Error("revoking again moves the moment")
	}
	_, err = w.RevokeKey(w.admin(), serviceaccount.RevokeKeyInput{ID: id.Within[id.APIKey](id.KindAPIKey, string(a.ID), "none")})
	wants(t, "no such key", err, fault.CodeNotFound)
	w.pass(300 * 24 * time.Hour)
	last := w.key(a)
	w.pass(66 * 24 * time.Hour)
	_, err = w.ByKey(t.Context(), last.Text)
	wants(t, "of an account whose time has run out", err, fault.CodeUnauthenticated)
}

func TestTwoKeysLiveAndTheOldAreForgotten(t *testing.T) {
	w := newWorld(t)
	a := w.account()
	w.key(a)
	second := w.key(a)
	_, err := w.CreateKey(w.admin(), serviceaccount.CreateKeyInput{ServiceAccount: a.ID, Name: "third"})
	wants(t, "a third", err, serviceaccount.CodeLiveKeys)
	for range 25 {
		_, err := w.RevokeKey(w.admin(), serviceaccount.RevokeKeyInput{ID: second.Key.ID})
		must(t, err)
		second = w.key(a)
	}
	keys := w.today(a).APIKeys
	if len(keys) != 20 || keys[0].RevokedAt != nil || keys[19].ID != second.Key.ID {
		t.Errorf("%d keys are kept", len(keys))
	}
}

func TestASecretIsNotShownASecondTime(t *testing.T) {
	w := newWorld(t)
	a := w.account()
	once := func() (ctx command.Once) { ctx.ClientMutationID = new("m1"); return ctx }
	ctx := store.WithOnce(w.as(authz.Liaison, unit), store.NewOnce("p", "m1", []byte("in")))
	in := serviceaccount.CreateKeyInput{Once: once(), ServiceAccount: a.ID, Name: "server"}
	_, err := w.CreateKey(ctx, in)
	must(t, err)
	_, err = w.CreateKey(store.WithOnce(ctx, store.NewOnce("p", "m1", []byte("in"))), in)
	wants(t, "the same again", err, fault.CodeAlreadyDone)
	if n := len(w.today(a).APIKeys); n != 1 {
		t.Errorf("%d keys", n)
	}
	ctx = store.WithOnce(ctx, store.NewOnce("p", "m2", []byte("in")))
	_, err = w.Rotate(ctx, serviceaccount.RotateInput{ServiceAccount: a.ID})
	must(t, err)
	_, err = w.Rotate(store.WithOnce(ctx, store.NewOnce("p", "m2", []byte("in"))), serviceaccount.RotateInput{ServiceAccount: a.ID})
	wants(t, "the same secret again", err, fault.CodeAlreadyDone)
}

func TestAUseIsNotedOnceAMinute(t *testing.T) {
	w := newWorld(t)
	a := w.account()
	k := w.key(a)
	use := func() (int64, time.Time, time.Time) {
		_, err := w.ByKey(t.Context(), k.Text)
		must(t, err)
		now := w.today(a)
		return now.Rev, *now.LastUsedAt, *now.APIKeys[0].LastUsedAt
	}
	version := w.today(a).Version
	rev, _, _ := use()
	w.pass(59 * time.Second)
	if again, account, key := use(); again != rev || !account.Equal(noon) || !key.Equal(noon) {
		t.Errorf("noted again after 59 seconds: %v, %v", account, key)
	}
	w.pass(time.Second)
	if _, account, key := use(); !account.Equal(noon.Add(time.Minute)) || !key.Equal(noon.Add(time.Minute)) {
		t.Errorf("not noted after a minute: %v, %v", account, key)
	}
	if w.today(a).Version != version {
		t.Error("a use counts as a change")
	}
}

func TestGuessersOfAKeyWaitAndItsHolderDoesNot(t *testing.T) {
	w := newWorld(t)
	a, b := w.account(), w.account()
	k, other := w.key(a), w.key(b)
	guess := serviceaccount.Forge(k.Key.ID)
	for range 5 {
		_, err := w.ByKey(w.from("evil"), guess)
		wants(t, "a guess", err, fault.CodeUnauthenticated)
	}
	_, err := w.ByKey(w.from("evil"), guess)
	wants(t, "one guess too many", err, throttle.CodeGuesses)
	_, err = w.ByKey(w.from("home"), k.Text)
	wants(t, "the holder elsewhere", err, "")
	_, err = w.ByKey(w.from("evil"), other.Text)
	wants(t, "another key from there", err, "")
}

func TestAKeyOutlivesARotationOfThePepper(t *testing.T) {
	w := newWorld(t)
	a := w.account()
	k, c := w.key(a), w.secret(a)
	_, err := w.ring.Rotate(keyring.Master, noon.Add(time.Hour), rand.Reader)
	must(t, err)
	_, err = w.ByKey(t.Context(), k.Text)
	wants(t, "a key from before", err, "")
	_, err = w.Grant(t.Context(), serviceaccount.Proof{ID: string(a.ID), Secret: c}, "")
	wants(t, "a secret from before", err, "")
	_, err = w.ByKey(t.Context(), w.key(a).Text)
	wants(t, "a key from after", err, "")
}

func TestWhichPublicKeysAreTaken(t *testing.T) {
	w := newWorld(t)
	ed, edPrivate, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	must(t, err)
	large, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	must(t, err)
	pkix := func(key any) string {
		raw, err := x509.MarshalPKIXPublicKey(key)
		must(t, err)
		return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: raw}))
	}
	private, err := x509.MarshalPKCS8PrivateKey(edPrivate)
	must(t, err)
	for name, c := range map[string]struct{ text, algorithm string }{
		"Ed25519":                {jwkOf(t, ed, ""), "EdDSA"},
		"Ed25519 in PEM":         {pkix(ed), "EdDSA"},
		"P-256":                  {jwkOf(t, &p256.PublicKey, "ES256"), "ES256"},
		"RSA":                    {jwkOf(t, &large.PublicKey, ""), "RS256"},
		"RSA for PSS":            {jwkOf(t, &large.PublicKey, "PS256"), "PS256"},
		"RSA in PEM":             {"\n" + pkix(&large.PublicKey), "RS256"},
		"small RSA":              {jwkOf(t, &small.PublicKey, ""), ""},
		"P-384":                  {jwkOf(t, &p384.PublicKey, ""), ""},
		"another algorithm":      {jwkOf(t, ed, "ES256"), ""},
		"no algorithm at all":    {jwkOf(t, ed, "none"), ""},
		"HMAC":                   {jwkOf(t, []byte("a secret of thirty-two characters"), "HS256"), ""},
		"a private key":          {jwkOf(t, edPrivate, ""), ""},
		"a private key in PEM":   {string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})), ""},
		"for encrypting":         {`{"kty":"OKP","crv":"Ed25519","use":"enc","x":"` + strings.Repeat("A", 43) + `"}`, ""},
		"of small order":         {`{"kty":"OKP","crv":"Ed25519","x":"` + strings.Repeat("A", 43) + `"}`, ""},
		"with a kid that breaks": {strings.Replace(jwkOf(t, ed, ""), "{", `{"kid":"a\nb",`, 1), ""},
		"nonsense":               {"ssh-ed25519 AAAA", ""},
		"nothing":                {"", ""},
		"endless":                {"{" + strings.Repeat(" ", 9000) + "}", ""},
	} {
		a := w.account()
		got, err := w.AddClientKey(w.admin(), serviceaccount.AddClientKeyInput{ServiceAccount: a.ID, Name: "n", PublicKey: c.text})
		if c.algorithm == "" {
			wants(t, name, err, serviceaccount.CodeClientKey)
			continue
		}
		if err != nil || got.ClientKeys[0].Algorithm != c.algorithm || strings.Contains(got.ClientKeys[0].JWK, `"d"`) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	a := w.account()
	add := func(text string) error {
		_, err := w.AddClientKey(w.admin(), serviceaccount.AddClientKeyInput{ServiceAccount: a.ID, Name: "n", PublicKey: text})
		return err
	}
	must(t, add(pkix(ed)))
	wants(t, "the same key twice", add(jwkOf(t, ed, "")), serviceaccount.CodeKeyTwice)
	for range 4 {
		must(t, add(newPublic(t)))
	}
	wants(t, "a sixth key", add(newPublic(t)), fault.CodeTooMany)
}

func TestTheDemonstrationsKeyIsGivenAgainWhileItHolds(t *testing.T) {
	w := newWorld(t)
	in := serviceaccount.CreateInput{Organisation: unit, Name: "demo", Purpose: "p", Role: authz.Liaison, Scopes: []authz.Scope{authz.ScopeContractsRead}}
	first, err := w.DemoKey(t.Context(), in, "")
	must(t, err)
	again, err := w.DemoKey(t.Context(), in, first)
	if err != nil || again != first {
		t.Errorf("another key: %v", err)
	}
	w.pass(100 * 24 * time.Hour)
	next, err := w.DemoKey(t.Context(), in, first)
	if err != nil || next == first {
		t.Errorf("a key that has run out is handed out: %v", err)
	}
	lost, err := w.DemoKey(t.Context(), in, "")
	must(t, err)
	_, err = w.ByKey(t.Context(), next)
	wants(t, "the one that nobody has", err, fault.CodeUnauthenticated)
	_, err = w.ByKey(t.Context(), lost)
	wants(t, "the one of now", err, "")
}
