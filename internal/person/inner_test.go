package person

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

func TestPasswordsAreHashedAFewAtATime(t *testing.T) {
	p := WithParams(argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
	for range cap(p.slots) {
		p.slots <- struct{}{}
	}
	for range cap(p.queue) {
		p.queue <- struct{}{}
	}
	if _, err := p.hash(t.Context(), "x"); !fault.Is(err, fault.CodeUnavailable) {
		t.Errorf("with a full queue: %v", err)
	}
	<-p.queue
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, _, err := p.matches(ctx, "x", ""); !fault.Is(err, fault.CodeUnavailable) {
		t.Errorf("with no turn in time: %v", err)
	}
}

func TestTheHashIsWhatOWASPRecommendsAndIsRenewed(t *testing.T) {
	today, before := NewPasswords(), WithParams(argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
	h, err := today.hash(t.Context(), "a password")
	if err != nil || !strings.HasPrefix(string(h), "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("got %s, %v", string(h), err)
	}
	if ok, stale, err := today.matches(t.Context(), "a password", h); !ok || stale || err != nil {
		t.Errorf("today's: %v, %v, %v", ok, stale, err)
	}
	old, err := before.hash(t.Context(), "a password")
	if err != nil {
		t.Fatal(err)
	}
	if ok, stale, err := today.matches(t.Context(), "a password", old); !ok || !stale || err != nil {
		t.Errorf("an older one: %v, %v, %v", ok, stale, err)
	}
	if ok, _, err := today.matches(t.Context(), "nobody has this password", ""); ok || err != nil {
		t.Errorf("no account: %v, %v", ok, err)
	}
}

func TestThereIsAListOfCommonPasswords(t *testing.T) {
	n := 0
	for line := range strings.Lines(common) {
		if word := strings.TrimSpace(line); word != folded(word) {
			t.Errorf("%q is not as it is compared", word)
		}
		n++
	}
	if n < 150 {
		t.Errorf("only %d", n)
	}
}

func TestFoldingTwiceIsFoldingOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := folded(rapid.String().Draw(t, "s"))
		if again := folded(s); again != s {
			t.Fatalf("%q becomes %q", s, again)
		}
	})
}

func TestEveryCodeReadsBack(t *testing.T) {
	for range 1000 {
		selector, secret, err := newCode(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		a, b, ok := readCode(shown(selector, secret))
		if !ok || a != selector || b != secret {
			t.Fatalf("%s reads as %s %s", shown(selector, secret), a, b)
		}
	}
}

func FuzzCode(f *testing.F) {
	f.Add("ABCDE-FGHJK-MNPQR-STVWX")
	f.Add("oooooiiiiilllll00000")
	f.Add("\xff\xfe")
	f.Fuzz(func(t *testing.T, s string) {
		a, b, ok := readCode(s)
		if !ok {
			return
		}
		if c, d, ok := readCode(shown(a, b)); !ok || c != a || d != b {
			t.Fatalf("%q reads as %s %s and that as %s %s", s, a, b, c, d)
		}
	})
}
