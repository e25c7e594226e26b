package page_test

import (
	"strings"
	"testing"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
)

type nested struct {
	name *page.Choice[string]
	and  []*nested
	or   []*nested
	not  *nested
}

func (n *nested) where(depth int) (store.Filter, error) {
	own := []store.Filter{n.name.Filter(store.Field[string]("name"))}
	return page.Combine(own, n.and, n.or, n.not, depth, (*nested).where)
}

func TestFiltersReachTwoDeepAndNoFurther(t *testing.T) {
	two := &nested{and: []*nested{{not: &nested{}}}}
	if _, err := two.where(0); err != nil {
		t.Errorf("two deep: %v", err)
	}
	for name, tt := range map[string]struct {
		f    *nested
		code fault.Code
		path string
	}{
		"three deep":      {&nested{or: []*nested{{}, {not: &nested{and: []*nested{{}}}}}}, fault.CodeTooDeep, "or.1.not"},
		"too many beside": {&nested{and: make([]*nested, 11)}, fault.CodeTooMany, "and"},
		"too many values": {&nested{name: &page.Choice[string]{In: make([]string, 101)}}, fault.CodeTooMany, ""},
	} {
		_, err := tt.f.where(0)
		if f := fault.Of(err); err == nil || f.Code != tt.code || strings.Join(f.Path, ".") != tt.path {
			t.Errorf("%s: got %v, want %s at %q", name, err, tt.code, tt.path)
		}
	}
}
