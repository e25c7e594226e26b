package keyring_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/platform/keyring"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func create(t *testing.T) (string, *keyring.Keyring) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keyring.json")
	k, err := keyring.Create(path, noon, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return path, k
}

func TestANewKeyringHasOneKeyOfEachKindAndIsForItsOwnerAlone(t *testing.T) {
	path, made := create(t)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("its mode is %v, %v", info.Mode(), err)
	}
	read, err := keyring.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range keyring.Kinds() {
		if got := read.All(kind); len(got) != 1 || got[0].ID != made.Current(kind).ID || !got[0].CreatedAt.Equal(noon) {
			t.Errorf("%s holds %v", kind, got)
		}
	}
	if left, _ := filepath.Glob(path + ".*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestAKeyringIsNeverOverwrittenByANewOne(t *testing.T) {
	path, k := create(t)
	if _, err := keyring.Create(path, noon, rand.Reader); !errors.Is(err, fs.ErrExist) {
		t.Fatalf("a second one: %v", err)
	}
	again, err := keyring.Open(path)
	if err != nil || again.Current(keyring.Master).ID != k.Current(keyring.Master).ID {
		t.Fatalf("the first one is gone: %v", err)
	}
}

func TestAKeyringThatOthersCanReachIsRefused(t *testing.T) {
	path, k := create(t)
	for _, mode := range []fs.FileMode{0o604, 0o640, 0o660, 0o602, 0o610, 0o777} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := keyring.Open(path); !errors.Is(err, keyring.ErrExposed) {
			t.Errorf("%#o: %v", mode, err)
		}
		if err := k.Reload(); !errors.Is(err, keyring.ErrExposed) {
			t.Errorf("%#o on reload: %v", mode, err)
		}
	}
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	if _, err := keyring.Open(path); err != nil {
		t.Errorf("read-only for its owner: %v", err)
	}
}

func TestADamagedKeyringIsRefusedAndTheOneHeldStays(t *testing.T) {
	path, k := create(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	was := k.Current(keyring.Token).ID
	material := base64.RawURLEncoding.EncodeToString(k.Current(keyring.Cursor).Secret())
	for name, text := range map[string]string{
		"empty":                ``,
		"cut short":            string(whole[:len(whole)/2]),
		"no JSON":              `hello`,
		"another form":         strings.Replace(string(whole), `"form": 1`, `"form": 2`, 1),
		"a kind is missing":    strings.Replace(string(whole), `"cursor"`, `"other"`, 1),
		"a byte has changed":   strings.Replace(string(whole), material, flip(material), 1),
		"the material is gone": strings.Replace(string(whole), material, "", 1),
		"a key stands twice":   twice(t, whole),
		"no key is in use":     strings.ReplaceAll(string(whole), `"createdAt"`, `"retiredAt": "2026-11-24T00:00:00Z", "createdAt"`),
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := keyring.Open(path); !errors.Is(err, keyring.ErrDamaged) || strings.Contains(err.Error(), material) {
			t.Errorf("%s: %v", name, err)
		}
		if err := k.Reload(); !errors.Is(err, keyring.ErrDamaged) || k.Current(keyring.Token).ID != was {
			t.Errorf("%s: reloaded, %v", name, err)
		}
	}
	if _, err := keyring.Open(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func flip(s string) string {
	if s[0] == 'A' {
		return "B" + s[1:]
	}
	return "A" + s[1:]
}

func twice(t *testing.T, whole []byte) string {
	t.Helper()
	var f struct {
		Form int              `json:"form"`
		Keys map[string][]any `json:"keys"`
	}
	if err := json.Unmarshal(whole, &f); err != nil {
		t.Fatal(err)
	}
	f.Keys["seal"] = append(f.Keys["seal"], f.Keys["seal"][0])
	raw, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestRotationAddsAKeyAndLosesNothing(t *testing.T) {
	path, k := create(t)
	other, err := keyring.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range keyring.Kinds() {
		old := k.Current(kind)
		fresh, err := k.Rotate(kind, noon.Add(time.Hour), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if k.Current(kind).ID != fresh.ID || fresh.ID == old.ID {
			t.Errorf("%s: the fresh key is not in use", kind)
		}
		was, err := k.Key(kind, old.ID)
		if err != nil || was.RetiredAt == nil || !was.RetiredAt.Equal(noon.Add(time.Hour)) {
			t.Errorf("%s: the old key is %v, %v", kind, was.RetiredAt, err)
		}
		if other.Current(kind).ID != old.ID {
			t.Errorf("%s: another node knows before it reads", kind)
		}
	}
	if err := other.Reload(); err != nil || other.Current(keyring.Token).ID != k.Current(keyring.Token).ID {
		t.Fatalf("another node does not learn of it: %v", err)
	}
	if _, err := k.Rotate("pepper", noon, rand.Reader); !errors.Is(err, keyring.ErrUnknown) {
		t.Errorf("a kind that is none: %v", err)
	}
}

func TestRotationsByTwoProcessesBothLast(t *testing.T) {
	path, a := create(t)
	b, err := keyring.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []*keyring.Keyring{a, b, a} {
		if _, err := k.Rotate(keyring.Data, noon, rand.Reader); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(a.All(keyring.Data)); n != 4 {
		t.Errorf("there are %d keys, want 4", n)
	}
	if err := os.WriteFile(path+".new", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Rotate(keyring.Data, noon, rand.Reader); !errors.Is(err, keyring.ErrBusy) {
		t.Errorf("while another is writing: %v", err)
	}
}

func TestReloadIsSafeWhileKeysAreInUse(t *testing.T) {
	_, k := create(t)
	sealed, err := k.Seal(keyring.Master, []byte("seed"), []byte("com1"))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 100 {
				if _, err := k.Unseal(keyring.Master, sealed, []byte("com1")); err != nil {
					t.Error(err)
				}
				if err := k.Reload(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Go(func() {
		for range 20 {
			if _, err := k.Rotate(keyring.Master, noon, rand.Reader); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	if n := len(k.All(keyring.Master)); n != 21 {
		t.Errorf("%d keys after 20 rotations", n)
	}
}

func TestWhatIsSealedOpensForItsOwnerOnly(t *testing.T) {
	_, k := create(t)
	sealed, err := k.Seal(keyring.Master, []byte("a private key"), []byte("com1_a"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Rotate(keyring.Master, noon, rand.Reader); err != nil {
		t.Fatal(err)
	}
	if plain, err := k.Unseal(keyring.Master, sealed, []byte("com1_a")); err != nil || string(plain) != "a private key" {
		t.Fatalf("after a rotation: %q, %v", plain, err)
	}
	if _, err := k.Unseal(keyring.Master, sealed, []byte("com1_b")); !errors.Is(err, keyring.ErrSealed) {
		t.Errorf("for another owner: %v", err)
	}
	if _, err := k.Unseal(keyring.Data, sealed, []byte("com1_a")); err == nil {
		t.Error("it opens with a key of another kind")
	}
	for i := range sealed {
		bad := bytes.Clone(sealed)
		bad[i] ^= 1
		if _, err := k.Unseal(keyring.Master, bad, []byte("com1_a")); err == nil {
			t.Errorf("byte %d changed, and it opens", i)
		}
		if _, err := k.Unseal(keyring.Master, sealed[:i], []byte("com1_a")); err == nil {
			t.Errorf("cut to %d bytes, and it opens", i)
		}
	}
	if again, _ := k.Seal(keyring.Master, []byte("a private key"), []byte("com1_a")); bytes.Equal(again, sealed) {
		t.Error("the same text seals to the same bytes")
	}
	for _, kind := range []keyring.Kind{keyring.Token, keyring.Cursor, keyring.Seal, "none"} {
		if _, err := k.Seal(kind, nil, nil); !errors.Is(err, keyring.ErrUnknown) {
			t.Errorf("%s encrypts: %v", kind, err)
		}
	}
}

func TestKeysAreOfOneUse(t *testing.T) {
	_, k := create(t)
	for _, kind := range []keyring.Kind{keyring.Token, keyring.Seal} {
		key := k.Current(kind)
		if key.Secret() != nil || !ed25519.Verify(key.Public(), []byte("x"), ed25519.Sign(key.Private(), []byte("x"))) {
			t.Errorf("%s is no signing key", kind)
		}
		if keyring.Thumbprint(key.Public()) != key.ID {
			t.Errorf("%s is not named by its thumbprint", kind)
		}
	}
	for _, kind := range []keyring.Kind{keyring.Cursor, keyring.Master, keyring.Data} {
		if key := k.Current(kind); len(key.Secret()) != 32 || key.Private() != nil || key.Public() != nil {
			t.Errorf("%s is no symmetric key", kind)
		}
	}
}

// The example of RFC 8037, appendix A.3.
func TestTheThumbprintIsThatOfTheRFC(t *testing.T) {
	x, err := base64.RawURLEncoding.DecodeString("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
	if err != nil {
		t.Fatal(err)
	}
	if got := keyring.Thumbprint(x); got != "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" {
		t.Errorf("got %s", got)
	}
}

func TestNoKeyIsEverPrinted(t *testing.T) {
	_, k := create(t)
	var out bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&out, nil))
	type nested struct{ key keyring.Key }
	for _, kind := range keyring.Kinds() {
		key := k.Current(kind)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%q"} {
			fmt.Fprintf(&out, verb+"\n", key)
			fmt.Fprintf(&out, verb+"\n", &key)
			fmt.Fprintf(&out, verb+"\n", k)
			fmt.Fprintf(&out, verb+"\n", nested{key})
		}
		log.Info("key", "key", key, "ring", k, "all", k.All(kind))
		if raw, err := json.Marshal(key); err == nil {
			out.Write(raw)
		}
	}
	for _, kind := range keyring.Kinds() {
		secret := k.Current(kind).Secret()
		if secret == nil {
			secret = k.Current(kind).Private().Seed()
		}
		for _, form := range []string{
			string(secret), hex.EncodeToString(secret), fmt.Sprintf("%d", secret), strings.Trim(fmt.Sprintf("%v", secret), "[]"),
			base64.RawURLEncoding.EncodeToString(secret), base64.StdEncoding.EncodeToString(secret),
			strings.Trim(fmt.Sprintf("%#v", secret), "[]byte{}"),
		} {
			if strings.Contains(out.String(), form) {
				t.Errorf("%s: the material is printed as %q", kind, form)
			}
		}
	}
}
