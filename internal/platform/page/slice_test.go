package page_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
)

func inMemory() *page.Cursors {
	return &page.Cursors{Keys: func() [][]byte { return [][]byte{[]byte("a secret of sixteen bytes or more")} }}
}

// Page by page, forwards and backwards, everything comes once and in order.
func TestWhatIsInMemoryIsPagedAsListsAre(t *testing.T) {
	self := func(s string) string { return s }
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z]{1,3}`), 0, 20, self).Draw(t, "all")
		n := rapid.IntRange(1, 7).Draw(t, "size")
		sorted := slices.Sorted(slices.Values(all))
		var forwards, backwards []string
		a, b := page.Args{First: &n}, page.Args{Last: &n}
		for {
			p, err := page.Slice(all, self, inMemory(), "words", a)
			if err != nil {
				t.Fatal(err)
			}
			forwards = append(forwards, p.Nodes()...)
			if a.After = p.PageInfo.EndCursor; !p.PageInfo.HasNextPage {
				break
			}
		}
		for {
			p, err := page.Slice(all, self, inMemory(), "words", b)
			if err != nil {
				t.Fatal(err)
			}
			backwards = append(p.Nodes(), backwards...)
			if b.Before = p.PageInfo.StartCursor; !p.PageInfo.HasPreviousPage {
				break
			}
		}
		if fmt.Sprint(forwards) != fmt.Sprint(sorted) || fmt.Sprint(backwards) != fmt.Sprint(sorted) {
			t.Fatalf("forwards %v, backwards %v", forwards, backwards)
		}
	})
}

func TestACursorOfAnotherListInMemoryIsRefused(t *testing.T) {
	self := func(s string) string { return s }
	p, err := page.Slice([]string{"a", "b"}, self, inMemory(), "words", page.Args{First: new(1)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := page.Slice([]string{"a", "b"}, self, inMemory(), "names", page.Args{After: p.PageInfo.EndCursor}); !fault.Is(err, fault.CodeBadCursor) {
		t.Errorf("got %v", err)
	}
	if _, err := page.Slice([]string{"a"}, self, inMemory(), "words", page.Args{First: new(101)}); !fault.Is(err, fault.CodeBadPage) {
		t.Errorf("a hundred and one: %v", err)
	}
	if n, err := p.TotalCount(t.Context()); err != nil || *n != 2 {
		t.Errorf("counted %v, %v", n, err)
	}
}
