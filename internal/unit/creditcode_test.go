package unit

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// published is the example that the standard itself prints.
const published = "91350100M000100Y43"

func TestACreditCodeIsReadAsItsAuthorityWroteIt(t *testing.T) {
	for in, want := range map[string]string{
		published:                          published,
		strings.ToLower(published):         published,
		"  " + published + "\t":            published,
		ExampleCode(0):                     ExampleCode(0),
		strings.ToLower(ExampleCode(4711)): ExampleCode(4711),
	} {
		if got, err := ParseCreditCode(in); err != nil || got != want {
			t.Errorf("%q became %q, %v", in, got, err)
		}
	}
}

func TestACreditCodeIsRefusedForWhatIsWrongWithIt(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     fault.Code
	}{
		{"nothing", "", CodeCreditLength},
		{"one character short", published[:17], CodeCreditLength},
		{"one too long", published + "0", CodeCreditLength},
		{"a letter that is read as a digit", "9135010OM000100Y43", CodeCreditCharacter},
		{"each of the five letters left out", "91350100MSIVZO0Y43", CodeCreditCharacter},
		{"a sign", "91350100M-00100Y43", CodeCreditCharacter},
		{"digits of full width", "９1350100M000100Y43", CodeCreditCharacter},
		{"a dotless i", "91350100Mı00100Y43", CodeCreditCharacter},
		{"bytes that are no text", "91350100M\xff00100Y43", CodeCreditCharacter},
		{"an authority that registers nothing", "01350100M000100Y43", CodeCreditAuthority},
		{"a category the authority does not have", "94350100M000100Y43", CodeCreditAuthority},
		{"a region with a letter", "9135010AM000100Y43", CodeCreditRegion},
		{"another check character", "91350100M000100Y44", CodeCreditCheck},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := ParseCreditCode(tt.in); !fault.Is(err, tt.want) {
				t.Fatalf("%q became %q, %v; want %s", tt.in, got, err, tt.want)
			}
		})
	}
}

func anyCode(t *rapid.T) string {
	prefix := rapid.SampledFrom(strings.Fields(creditCategories)).Draw(t, "authority and category")
	region := rapid.StringMatching(`[0-9]{6}`).Draw(t, "region")
	own := rapid.StringMatching(`[`+creditLetters+`]{9}`).Draw(t, "own")
	first := prefix + region + own
	return first + string(creditCheck(first))
}

func TestEveryWellFormedCodeIsAccepted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		code := anyCode(t)
		if got, err := ParseCreditCode(code); err != nil || got != code {
			t.Fatalf("%s became %q, %v", code, got, err)
		}
	})
}

func TestOneWrongCharacterIsAlwaysFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		code := anyCode(t)
		at := rapid.IntRange(0, 17).Draw(t, "at")
		wrong := creditLetters[rapid.IntRange(0, 30).Draw(t, "wrong")]
		if code[at] == wrong {
			t.Skip("not wrong")
		}
		bad := code[:at] + string(wrong) + code[at+1:]
		if got, err := ParseCreditCode(bad); err == nil {
			t.Fatalf("%s was taken for %s (%s)", bad, code, got)
		}
	})
}

func TestTwoNeighboursChangedAboutAreAlwaysFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		code := anyCode(t)
		at := rapid.IntRange(0, 16).Draw(t, "at")
		if code[at] == code[at+1] {
			t.Skip("the same")
		}
		bad := code[:at] + string(code[at+1]) + string(code[at]) + code[at+2:]
		if got, err := ParseCreditCode(bad); err == nil {
			t.Fatalf("%s was taken for %s (%s)", bad, code, got)
		}
	})
}

func TestExampleCodesAreOfNoRegionAndEachItsOwn(t *testing.T) {
	seen := map[string]int{}
	for seq := range 5000 {
		code := ExampleCode(seq)
		if before, twice := seen[code]; twice {
			t.Fatalf("%d and %d share %s", before, seq, code)
		}
		seen[code] = seq
		if _, err := ParseCreditCode(code); err != nil || code[2:8] != "000000" {
			t.Fatalf("%d: %s, %v", seq, code, err)
		}
	}
}

func FuzzACodeThatIsReadIsReadTheSameAgain(f *testing.F) {
	for _, s := range []string{published, "", "91350100M000100Y4", "91350100m000100y43", "\xff", strings.Repeat("九", 18)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ParseCreditCode(s)
		if err != nil {
			return
		}
		if again, err := ParseCreditCode(got); err != nil || again != got || len(got) != creditLength {
			t.Fatalf("%q became %q, then %q, %v", s, got, again, err)
		}
	})
}
