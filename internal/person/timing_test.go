package person

import (
	"testing"

	"github.com/alexedwards/argon2id"
)

// What an unknown account costs is counted, not timed: one hash, made with the very parameters of a known account's.
func TestAnUnknownAccountCostsTheSameHashAsAKnownOne(t *testing.T) {
	p := WithParams(argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
	stoodIn, nobody := 0, p.nobody
	p.nobody = func() string {
		stoodIn++
		return nobody()
	}
	known, err := p.hash(t.Context(), "a good long password")
	if err != nil {
		t.Fatal(err)
	}
	if ok, _, err := p.matches(t.Context(), "wrong", known); ok || err != nil || stoodIn != 0 {
		t.Errorf("a known account: %t, %v, %d stood in", ok, err, stoodIn)
	}
	for i, password := range []string{"wrong", "nobody has this password", ""} {
		if ok, _, err := p.matches(t.Context(), password, ""); ok || err != nil || stoodIn != i+1 {
			t.Errorf("%q at an unknown account: %t, %v, %d hashes", password, ok, err, stoodIn)
		}
	}
	a, saltA, keyA, err := argon2id.DecodeHash(string(known))
	if err != nil {
		t.Fatal(err)
	}
	b, saltB, keyB, err := argon2id.DecodeHash(nobody())
	if err != nil {
		t.Fatal(err)
	}
	if *a != *b || len(saltA) != len(saltB) || len(keyA) != len(keyB) {
		t.Errorf("the work differs: %+v and %+v", a, b)
	}
}
