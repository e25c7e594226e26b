package words_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/platform/words"
)

func texts(all []words.Word) []string {
	out := make([]string, len(all))
	for i, w := range all {
		out[i] = w.Text
	}
	return out
}

func TestChineseIsTakenApartByTwosAndEverythingElseByWords(t *testing.T) {
	for text, want := range map[string][]string{
		"垃圾分类":                {"垃圾", "圾分", "分类"},
		"垃圾 分类":               {"垃圾", "分类"},
		"幸福路社区，第3小学":          {"幸福", "福路", "路社", "社区", "第", "3", "小学"},
		"Sunshine Primary 学校": {"sunshine", "primary", "学校"},
		"湖":                   {"湖"},
		"ＡＢＣ１２３":              {"abc123"},
		"Café Zürich":         {"cafe", "zurich"},
		"it's 3.5 km":         {"it's", "3.5", "km"},
		"ﬁne ㈱":               {"fine", "株"},
		"!?、。…… ":             nil,
		"":                    nil,
		"𠮷野家":                 {"𠮷野", "野家"},
	} {
		if got := texts(words.Of(text)); !slices.Equal(got, want) {
			t.Errorf("%q is taken apart into %q, not %q", text, got, want)
		}
	}
}

func TestASingleCharacterIsAWordOfItsOwnWhereThatIsAskedFor(t *testing.T) {
	if got := texts(words.Characters("东湖 Lake 3 号")); !slices.Equal(got, []string{"东", "湖", "号"}) {
		t.Errorf("got %q", got)
	}
}

func TestAWordKnowsWhereItStands(t *testing.T) {
	const text = "《Ｃａｆé》在 東湖边"
	for _, w := range words.Of(text) {
		want := map[string]string{"cafe": "Ｃａｆé", "在": "在", "東湖": "東湖", "湖边": "湖边"}[w.Text]
		if got := text[w.Start:w.End]; got != want {
			t.Errorf("%q stands at %q, not %q", w.Text, got, want)
		}
	}
}

func TestALongWordCountsByItsBeginning(t *testing.T) {
	got := words.Of(strings.Repeat("y", 500))
	if len(got) != 1 || len(got[0].Text) != 32 || got[0].End != 500 {
		t.Errorf("got %+v", got)
	}
}

func TestAFoldedTextHasSingleSpacesBetweenItsWords(t *testing.T) {
	if got := words.Fold("  幸福路（Ａ区）,  Café  "); got != "幸福路 a 区 cafe" && got != "幸福路 a区 cafe" {
		t.Errorf("got %q", got)
	}
}

func TestAnyTextIsTakenApartWithinItsBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		for _, w := range slices.Concat(words.Of(text), words.Characters(text)) {
			if w.Start < 0 || w.Start >= w.End || w.End > len(text) || !utf8.ValidString(w.Text) || w.Text == "" {
				t.Fatalf("%+v of %q", w, text)
			}
		}
	})
}
