package text_test

import (
	"testing"

	"github.com/cobuild/cobuild/internal/platform/text"
)

func TestTheNearestWordIsOneThatWasMeant(t *testing.T) {
	words := []string{"name", "kind", "contract.signed", "类别"}
	for asked, want := range map[string]string{
		"nome": "name", "KIND": "kind", "contract.sined": "contract.signed", "类型": "类别", "something else": "", "": "",
	} {
		if got := text.Nearest(asked, words); got != want {
			t.Errorf("%q is nearest to %q, not %q", asked, got, want)
		}
	}
}

func TestALongWordIsClippedAtALetter(t *testing.T) {
	for s, want := range map[string]string{"short": "short", "longer": "longe…", "社区社区": "社…", "a\xffb": "ab"} {
		if got := text.Clip(s, 5); got != want {
			t.Errorf("%q becomes %q, not %q", s, got, want)
		}
	}
}
