package page_test

import (
	"slices"
	"testing"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
)

func TestAChainIsReadAcrossItsLinksFromBothEnds(t *testing.T) {
	cursors := &page.Cursors{Keys: func() [][]byte { return [][]byte{make([]byte, 32)} }}
	same := func(s string) string { return s }
	links := []page.Link[string]{
		page.LinkOf("1", []string{"b", "a"}, same), page.LinkOf("2", nil, same), page.LinkOf("3", []string{"c", "e", "d"}, same), page.LinkOf("4", []string{"f"}, same),
	}
	whole := []string{"a", "b", "c", "d", "e", "f"}
	for size := 1; size <= 7; size++ {
		var forth, back []string
		for a := (page.Args{First: &size}); ; {
			c, err := page.Chained(t.Context(), cursors, "letters", links, a)
			if err != nil {
				t.Fatal(err)
			}
			if forth = append(forth, c.Nodes()...); !c.PageInfo.HasNextPage {
				break
			}
			a.After = c.PageInfo.EndCursor
		}
		for a := (page.Args{Last: &size}); ; {
			c, err := page.Chained(t.Context(), cursors, "letters", links, a)
			if err != nil {
				t.Fatal(err)
			}
			if back = append(c.Nodes(), back...); !c.PageInfo.HasPreviousPage {
				break
			}
			a.Before = c.PageInfo.StartCursor
		}
		if !slices.Equal(forth, whole) || !slices.Equal(back, whole) {
			t.Errorf("%d at a time: %v, %v", size, forth, back)
		}
	}
	c, err := page.Chained(t.Context(), cursors, "letters", links, page.Args{First: new(1)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := page.Chained(t.Context(), cursors, "others", links, page.Args{After: c.PageInfo.EndCursor}); !fault.Is(err, fault.CodeBadCursor) {
		t.Errorf("a cursor of another chain: %v", err)
	}
	between, err := page.Chained(t.Context(), cursors, "letters", links, page.Args{First: new(9), After: c.PageInfo.EndCursor, Before: last(t, cursors, links)})
	if err != nil || !slices.Equal(between.Nodes(), whole[1:5]) {
		t.Errorf("between two places: %v, %v", between, err)
	}
	if none, err := page.Chained(t.Context(), cursors, "letters", links, page.Args{First: new(0)}); err != nil || len(none.Edges) != 0 || !none.PageInfo.HasNextPage {
		t.Errorf("none of them: %+v, %v", none, err)
	}
}

func last(t *testing.T, cursors *page.Cursors, links []page.Link[string]) *string {
	t.Helper()
	c, err := page.Chained(t.Context(), cursors, "letters", links, page.Args{Last: new(1)})
	if err != nil {
		t.Fatal(err)
	}
	return c.PageInfo.StartCursor
}
