package id_test

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/id"
)

func TestAnIdentifierSaysWhatItNames(t *testing.T) {
	at := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	a, b := id.New[id.Contract](id.KindContract, at, rand.Reader), id.New[id.Contract](id.KindContract, at.Add(time.Millisecond), rand.Reader)
	if !id.Is(string(a), id.KindContract) || id.Is(string(a), id.KindUnit) {
		t.Errorf("%s is not known as a contract's", a)
	}
	if a == b || a > b {
		t.Errorf("%s, made later, is not behind %s", b, a)
	}
}

func TestTheSameWordsMakeTheSameIdentifier(t *testing.T) {
	one := id.Derived[id.Contract](id.KindContract, "actor", "request-1")
	if one != id.Derived[id.Contract](id.KindContract, "actor", "request-1") {
		t.Error("the same words made two identifiers")
	}
	for _, other := range []id.Contract{
		id.Derived[id.Contract](id.KindContract, "actor", "request-2"),
		id.Derived[id.Contract](id.KindContract, "actorrequest-1"),
		id.Derived[id.Contract](id.KindContract, "actor", "request", "1"),
	} {
		if other == one {
			t.Error("other words made the same identifier")
		}
	}
	if !id.Is(string(one), id.KindContract) {
		t.Errorf("%s is no contract's identifier", one)
	}
}

func TestAPartLeadsBackToItsWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole := id.Derived[id.Contract](id.KindContract, rapid.String().Draw(t, "words"))
		key := rapid.StringMatching(`[a-z0-9][a-z0-9.-]{0,40}`).Draw(t, "key")
		part := id.Within[id.Commitment](id.KindCommitment, string(whole), key)
		back, k, ok := id.Whole[id.Contract](string(part), id.KindContract)
		if !ok || back != whole || k != key || !id.Is(string(part), id.KindCommitment) {
			t.Fatalf("%s led to %s, %q, %v", part, back, k, ok)
		}
	})
}

func FuzzWhatIsNoIdentifierIsKnownAsNone(f *testing.F) {
	for _, s := range []string{"", "ctr1_", "ctr1_01k9x3c7m2h0v5t8w4qg6znbyd", "ctr2_01k9x3c7m2h0v5t8w4qg6znbyd", "CTR1_01k9x3c7m2h0v5t8w4qg6znbyd", "ctr1_01k9x3c7m2h0v5t8w4qg6znbyd.c1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		k, ok := id.KindOf(s)
		if ok && (len(k) != 3 || !strings.HasPrefix(s, string(k)+"1_") || len(s) > 96) {
			t.Fatalf("%q is taken for a %s", s, k)
		}
	})
}
