package catalogue

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

func TestEveryCodeInTheProgramHasASentenceInEveryLanguage(t *testing.T) {
	c := load(t)
	codes := codesInSource(t, "../../../..")
	if len(codes) < 30 {
		t.Fatalf("found only %d codes in the source: does the search still work?", len(codes))
	}
	for i, tag := range c.tags {
		for code, where := range codes {
			if strings.TrimSpace(c.sentences[i][code]) == "" {
				t.Errorf("%s.json lacks %s (%s)", tag, code, where)
			}
		}
	}
}

func TestBothLanguagesNameTheSameParameters(t *testing.T) {
	c := load(t)
	for code, sentence := range c.sentences[0] {
		if a, b := placeholders(sentence), placeholders(c.sentences[1][code]); !slices.Equal(a, b) {
			t.Errorf("%s: %v in %s, %v in %s", code, a, c.tags[0], b, c.tags[1])
		}
	}
	for code := range c.sentences[1] {
		if _, ok := c.sentences[0][code]; !ok {
			t.Errorf("%s is in %s alone", code, c.tags[1])
		}
	}
}

func TestNoCodeDisappearsFromTheFrozenRegistry(t *testing.T) {
	c := load(t)
	raw, err := os.ReadFile("codes.txt")
	if err != nil {
		t.Fatal(err)
	}
	frozen := strings.Fields(string(raw))
	for _, code := range frozen {
		if _, ok := c.sentences[0][fault.Code(code)]; !ok {
			t.Errorf("%s is in codes.txt, but has no sentence any more: a code is never taken away", code)
		}
	}
	for code := range c.sentences[0] {
		if !slices.Contains(frozen, string(code)) {
			t.Errorf("%s has a sentence, but is not in codes.txt: add it there", code)
		}
	}
	if !slices.IsSorted(frozen) {
		t.Error("codes.txt is not sorted")
	}
}

func TestTheLanguageFollowsAcceptLanguage(t *testing.T) {
	c := load(t)
	for accept, want := range map[string]string{
		"":                       "en",
		"zh-CN":                  "zh-CN",
		"zh":                     "zh-CN",
		"zh-Hans-SG, en;q=0.5":   "zh-CN",
		"de, zh-CN;q=0.3":        "zh-CN",
		"en-GB,en;q=0.9,zh;q=.8": "en",
		"zh-CN;q=0.1, en;q=0.9":  "en",
		"fr":                     "en",
		"*":                      "en",
		";;;,,,q=1":              "en",
	} {
		if got := c.Voice(accept).Language(); got != want {
			t.Errorf("%q: got %s, want %s", accept, got, want)
		}
	}
}

func TestASentenceCarriesItsParameters(t *testing.T) {
	c := load(t)
	got := c.Voice("en").Say(fault.CodeOutOfRange, map[string]any{"min": 1, "max": "{min}"})
	if !strings.Contains(got, "1") || !strings.Contains(got, "{min}") {
		t.Errorf("got %q: a value must appear as it is, never be replaced again", got)
	}
	if got := c.Voice("zh-CN").Say("NEVER_HEARD_OF", nil); got != "NEVER_HEARD_OF" {
		t.Errorf("an unknown code: got %q", got)
	}
}

func TestAWordOfTheApiIsSaidInTheReadersLanguage(t *testing.T) {
	c := load(t)
	for _, s := range []struct {
		code   fault.Code
		params map[string]any
		zh, en string
	}{
		{
			"CONTRACT_WRONG_STATE",
			map[string]any{"status": "DRAFT", "verb": fault.Code("REQUEST_CHANGES")},
			"契约当前状态为“草拟”，不能进行此操作：提出修改意见。", "The contract's state (draft) does not allow asking for changes.",
		},
		{"EVIDENCE_MISSING", map[string]any{"kinds": "PHOTO, ATTENDANCE_LIST"}, "照片、签到表。", "photo, attendance list."},
		{"SIGNATURE_INVALID", map[string]any{"reason": "ALGORITHM"}, "签名算法", "algorithm is not supported"},
		{"ROLE_HELD", map[string]any{"role": "GRID_STEWARD"}, "“网格员”", "the role of grid steward"},
		{"WRONG_ID", map[string]any{"want": "SubDistrict"}, "街道", "sub-district"},
		{"QUERY_TOO_COMPLEX", map[string]any{"what": "aliases", "max": 60}, "别名过多", "too many aliases"},
		{"DUPLICATE", map[string]any{"value": "OTHER"}, "“OTHER”", "“OTHER”"}, // the caller's own value
		{"MALFORMED", map[string]any{"want": "HOST, PARTNER, WITNESS"}, "HOST, PARTNER, WITNESS", "HOST, PARTNER, WITNESS"},
		{"NOT_A_PROPERTY_MANAGER", map[string]any{"kind": "NEVER_HEARD_OF"}, "NEVER_HEARD_OF", "NEVER_HEARD_OF"},
	} {
		for lang, want := range map[string]string{"zh-CN": s.zh, "en": s.en} {
			if got := c.Voice(lang).Say(s.code, s.params); !strings.Contains(got, want) {
				t.Errorf("%s: %q does not say %q", s.code, got, want)
			}
		}
	}
}

func TestBothGlossariesHaveTheSameWords(t *testing.T) {
	c := load(t)
	for i := range c.tags {
		for word := range c.words[i] {
			if strings.TrimSpace(c.words[1-i][word]) == "" {
				t.Errorf("%s is in the words of %s alone", word, c.tags[i])
			}
		}
	}
	for word, said := range c.words[1] {
		if strings.ContainsFunc(said, func(r rune) bool { return !unicode.Is(unicode.Han, r) }) {
			t.Errorf("%s is %q in Chinese", word, said)
		}
	}
}

func TestAPageMayBeEmptyAndSecondsNeedNoPlural(t *testing.T) {
	c := load(t)
	for lang, want := range map[string]string{"zh-CN": "0 到 100", "en": "from 0 to 100"} {
		if got := c.Voice(lang).Say(fault.CodeBadPage, map[string]any{"max": 100}); !strings.Contains(got, want) {
			t.Errorf("got %q", got)
		}
	}
	if got := c.Voice("en").Say("TOO_MANY_GUESSES", map[string]any{"seconds": 1}); strings.Contains(got, "1 seconds") {
		t.Errorf("got %q", got)
	}
}

func load(t *testing.T) *Catalogue {
	t.Helper()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var placeholder = regexp.MustCompile(`\{[^}]*\}`)

func placeholders(s string) []string {
	found := placeholder.FindAllString(s, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

// codesInSource finds every constant of type fault.Code below root, and where it stands.
func codesInSource(t *testing.T, root string) map[fault.Code]string {
	t.Helper()
	codes := map[fault.Code]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && d.Name() != ".." && path != root):
			return filepath.SkipDir
		case d.IsDir(), !strings.HasSuffix(path, ".go"), strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for code := range codesIn(file) {
			codes[code] = path
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return codes
}

func codesIn(file *ast.File) map[fault.Code]bool {
	codes := map[fault.Code]bool{}
	note := func(e ast.Expr) {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if s, err := strconv.Unquote(lit.Value); err == nil {
				codes[fault.Code(s)] = true
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.ValueSpec:
			if x.Type != nil && isCode(file, x.Type) {
				for _, v := range x.Values {
					note(v)
				}
			}
		case *ast.CallExpr:
			if isCode(file, x.Fun) && len(x.Args) == 1 {
				note(x.Args[0])
			}
		}
		return true
	})
	return codes
}

func isCode(file *ast.File, e ast.Expr) bool {
	switch x := e.(type) {
	case *ast.Ident:
		return x.Name == "Code" && file.Name.Name == "fault"
	case *ast.SelectorExpr:
		pkg, ok := x.X.(*ast.Ident)
		return ok && pkg.Name == "fault" && x.Sel.Name == "Code"
	}
	return false
}
