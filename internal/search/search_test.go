package search_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/search"
)

func TestThingsAreFoundByTheirWordsTheBestFirst(t *testing.T) {
	onBoth(t, func(t *testing.T, db store.Backend) {
		t.Helper()
		w := open(t, db)
		w.community("幸福路社区", "垃圾分类示范点")
		w.community("幸福社区", "")
		w.community("阳光社区", "离幸福路不远")
		w.community("Lakeside Gardens", "Café by the lake")
		w.build()
		w.finds(nobody(), "幸福", "幸福社区", "幸福路社区", "阳光社区")
		w.finds(nobody(), "幸福社区", "幸福社区", "幸福路社区", "阳光社区")
		w.finds(nobody(), "幸福路社区", "幸福路社区", "幸福社区", "阳光社区")
		w.finds(nobody(), "LAKE", "Lakeside Gardens")
		w.finds(nobody(), "cafe", "Lakeside Gardens")
		w.finds(nobody(), "ＬＡＫＥＳＩＤＥ", "Lakeside Gardens")
		w.finds(nobody(), "福", "幸福社区", "幸福路社区")
		w.finds(nobody(), "区", "幸福社区", "阳光社区", "幸福路社区")
		w.finds(nobody(), "类", []string{}...)
		w.finds(nobody(), "垃圾 阳光")
		w.finds(nobody(), "医院")
	})
}

func TestNobodyFindsCountsOrIsQuotedWhatIsNoneOfTheirs(t *testing.T) {
	onBoth(t, func(t *testing.T, db store.Backend) {
		t.Helper()
		w := open(t, db)
		w.community("养老服务社区", "")
		mine := w.contract("养老服务共建契约", "每月上门理发", street, school)
		w.contract("养老助餐共建契约", "每周送餐", quarter, bank)
		w.build()
		for name, c := range map[string]struct {
			who  authz.Actor
			want []string
		}{
			"nobody":                  {nobody(), []string{"养老服务社区"}},
			"the school":              {actor(authz.Liaison, school), []string{"养老服务社区", "养老服务共建契约"}},
			"the bank":                {actor(authz.Liaison, bank), []string{"养老服务社区", "养老助餐共建契约"}},
			"a member of it":          {actor(authz.Member, bank), []string{"养老服务社区"}},
			"the street":              {actor(authz.Supervisor, street), []string{"养老服务社区", "养老服务共建契约"}},
			"both sub-districts":      {actor(authz.Supervisor, street, quarter), []string{"养老服务社区", "养老助餐共建契约", "养老服务共建契约"}},
			"a street, as a liaison":  {actor(authz.Liaison, street), []string{"养老服务社区"}},
			"a program without scope": {authz.Actor{Service: "s", Holdings: []authz.Holding{{Role: authz.Liaison, Organisation: school}}}, []string{"养老服务社区"}},
		} {
			got := w.find(c.who, "养老")
			slices.Sort(got)
			slices.Sort(c.want)
			if !slices.Equal(got, c.want) {
				t.Errorf("%s finds %q, not %q", name, got, c.want)
			}
			n, err := w.ask(c.who, "养老", nil, page.Args{First: new(1)}).TotalCount(authz.With(t.Context(), c.who))
			must(t, err)
			if *n != len(c.want) {
				t.Errorf("%s counts %d, not %d", name, *n, len(c.want))
			}
		}
		if got := w.find(actor(authz.Liaison, school), "理发 送餐 养老"); !slices.Equal(got, []string{"养老服务共建契约"}) {
			t.Errorf("got %q", got)
		}
		w.contractLost(mine)
	})
}

// contractLost takes the school out of a contract without an event having been followed yet.
func (w *world) contractLost(of string) {
	w.t.Helper()
	w.all[of].parties = []id.Organisation{bank}
	w.all[of].rev++
	c := w.ask(actor(authz.Liaison, school), "养老服务", []search.Kind{search.Contract}, page.Args{First: new(5)})
	n, err := c.TotalCount(authz.With(w.t.Context(), actor(authz.Liaison, school)))
	must(w.t, err)
	if len(c.Edges) != 0 || *n != 0 {
		w.t.Errorf("who is a party no longer finds %+v and counts %d", c.Edges, *n)
	}
	w.finds(actor(authz.Liaison, bank), "理发")
	w.tell(of)
	w.finds(actor(authz.Liaison, bank), "理发", "养老服务共建契约")
}

func TestAScoreTellsNothingOfWhatIsHidden(t *testing.T) {
	w := open(t, onFile(t))
	w.contract("社区理发", "", street, school)
	w.build()
	score := func() int {
		return w.ask(actor(authz.Liaison, school), "理发", nil, page.Args{First: new(1)}).Nodes()[0].Score
	}
	before := score()
	for i := range 50 {
		w.contract(fmt.Sprintf("上门理发 %d", i), "", quarter, bank)
	}
	if after := score(); before != after {
		t.Errorf("hidden contracts change a score from %d to %d", before, after)
	}
}

func TestAChangedThingIsFoundByWhatItSaysNowAndByNothingElse(t *testing.T) {
	onBoth(t, func(t *testing.T, db store.Backend) {
		t.Helper()
		w := open(t, db)
		c := w.community("幸福社区", "垃圾分类")
		w.finds(nobody(), "垃圾", "幸福社区")
		changed := *w.all[c]
		changed.name, changed.text = "阳光社区", "智慧养老"
		w.put(&changed)
		w.tell(c)
		w.finds(nobody(), "垃圾")
		w.finds(nobody(), "幸福")
		w.finds(nobody(), "养老", "阳光社区")
		delete(w.all, c)
		w.finds(nobody(), "养老")
		w.tell(c)
		w.tell(c)
		if n := w.cards(); n != 0 {
			t.Errorf("%d cards are left", n)
		}
	})
}

// cards counts what is kept.
func (w *world) cards() int {
	w.t.Helper()
	n, err := w.db.Count(w.t.Context(), store.Scan{Collection: "postings", Branches: [][]any{{}}}, 1<<20)
	must(w.t, err)
	return n
}

func TestAHitSaysByWhichWordsAndShowsWhere(t *testing.T) {
	w := open(t, onFile(t))
	long := strings.Repeat("这里说的是别的事情。", 30)
	w.community("幸福社区", long+"每周六上午在 Ｃａｆé 开展垃圾分类宣传。"+long)
	w.build()
	c := w.ask(nobody(), "垃圾分类 CAFE 医院", nil, page.Args{First: new(1)})
	h := c.Nodes()[0]
	if !slices.Equal(h.Words, []string{"垃圾分类", "CAFE"}) || h.Kind != search.Community {
		t.Errorf("got %+v", h)
	}
	got := marked(h.Snippet)
	if h.Snippet.Of != "text" || !strings.Contains(got, "在 [Ｃａｆé] 开展[垃圾分类]宣传") || len(got) > 300 || !strings.HasPrefix(got, "…") || !strings.HasSuffix(got, "…") {
		t.Errorf("%s: %s", h.Snippet.Of, got)
	}
	if s := w.ask(nobody(), "福", nil, page.Args{}).Nodes()[0].Snippet; s.Of != "name" || marked(s) != "幸[福]社区" {
		t.Errorf("got %s: %s", s.Of, marked(s))
	}
}

func TestPagesOfAnySizeAndDirectionMakeTheWhole(t *testing.T) {
	onBoth(t, func(t *testing.T, db store.Backend) {
		t.Helper()
		w := open(t, db)
		who := actor(authz.Supervisor, street)
		for i := range 45 {
			w.contract(fmt.Sprintf("%s养老服务 %d 号", strings.Repeat("长", i%7), i), "", []id.Organisation{street, quarter}[i%2], school)
		}
		w.build()
		whole := w.find(who, "养老服务")
		if len(whole) != 23 {
			t.Fatalf("finds %d", len(whole))
		}
		if !slices.Equal(whole, w.find(who, "养老服务")) {
			t.Error("another order the second time")
		}
		for _, size := range []int{1, 4, 22, 23, 100} {
			if got := w.forth(who, "养老服务", size); !slices.Equal(got, whole) {
				t.Errorf("%d at a time: %q, not %q", size, got, whole)
			}
			if got := w.back(who, "养老服务", size); !slices.Equal(got, whole) {
				t.Errorf("%d at a time from the end: %q, not %q", size, got, whole)
			}
		}
	})
}

func (w *world) forth(who authz.Actor, text string, size int) (out []string) {
	w.t.Helper()
	for a := (page.Args{First: &size}); ; {
		c := w.ask(who, text, nil, a)
		for _, h := range c.Nodes() {
			out = append(out, h.Object.(*thing).name)
		}
		if !c.PageInfo.HasNextPage {
			return out
		}
		a.After = c.PageInfo.EndCursor
	}
}

func (w *world) back(who authz.Actor, text string, size int) (out []string) {
	w.t.Helper()
	for a := (page.Args{Last: &size}); ; {
		c := w.ask(who, text, nil, a)
		var some []string
		for _, h := range c.Nodes() {
			some = append(some, h.Object.(*thing).name)
		}
		out = append(some, out...)
		if !c.PageInfo.HasPreviousPage {
			return out
		}
		a.Before = c.PageInfo.StartCursor
	}
}

func TestWhatCannotBeLookedForIsRefusedAndSaysWhy(t *testing.T) {
	w := open(t, onFile(t))
	w.community("幸福社区", "")
	w.community("幸福路社区", "")
	w.build()
	one := w.ask(nobody(), "幸福", nil, page.Args{First: new(1)}).PageInfo.EndCursor
	for _, c := range []struct {
		text  string
		kinds []search.Kind
		args  page.Args
		code  fault.Code
		at    []string
	}{
		{text: "", code: fault.CodeRequired, at: []string{"text"}},
		{text: " \u3000 ", code: fault.CodeRequired, at: []string{"text"}},
		{text: "，。!?《》", code: search.CodeNoWords, at: []string{"text"}},
		{text: strings.Repeat("长", 201), code: fault.CodeTooLong, at: []string{"text"}},
		{text: "a\x00b", code: fault.CodeControl, at: []string{"text"}},
		{text: "a\xff", code: fault.CodeNotUTF8, at: []string{"text"}},
		{text: "幸福", kinds: []search.Kind{}, code: fault.CodeTooFew, at: []string{"types"}},
		{text: "幸福", kinds: []search.Kind{search.Community, search.Community}, code: fault.CodeDuplicate, at: []string{"types", "1"}},
		{text: "幸福", kinds: []search.Kind{search.Contract, "PERSON"}, code: fault.CodeMalformed, at: []string{"types", "1"}},
		{text: "幸福", args: page.Args{First: new(101)}, code: fault.CodeBadPage, at: []string{"first"}},
		{text: "幸福", args: page.Args{First: new(1), Last: new(1)}, code: fault.CodeBadPage, at: []string{"last"}},
		{text: "幸福", args: page.Args{After: new("x")}, code: fault.CodeBadCursor, at: []string{"after"}},
		{text: "社区", args: page.Args{After: one}, code: fault.CodeBadCursor, at: []string{"after"}},
		{text: "幸福", kinds: []search.Kind{search.Community}, args: page.Args{Before: one}, code: fault.CodeBadCursor, at: []string{"before"}},
	} {
		_, err := w.Search(t.Context(), c.text, c.kinds, c.args)
		if f := fault.Of(err); !fault.Is(err, c.code) || !slices.Equal(f.Path, c.at) {
			t.Errorf("%+v: %v at %v", c, err, f.Path)
		}
	}
}

func TestCommonWordsAreLookedThroughWithinABoundAndThatIsSaid(t *testing.T) {
	if testing.Short() {
		t.Skip("thousands of things")
	}
	w := open(t, onFile(t))
	w.form = 0
	for i := range search.MaxCards + 200 {
		name := fmt.Sprintf("共建社区 %d", i)
		th := &thing{id: id.Derived[string](id.KindCommunity, name), rev: 1, name: name}
		w.all[th.id] = th
	}
	w.build()
	c := w.ask(nobody(), "共建社区", nil, page.Args{First: new(3)})
	n, err := c.TotalCount(t.Context())
	must(t, err)
	if c.Complete || len(c.Edges) != 3 || n != nil {
		t.Errorf("%v, %d, %v", c.Complete, len(c.Edges), n)
	}
	if c := w.ask(nobody(), "共建 77", nil, page.Args{First: new(3)}); !c.Complete || c.Nodes()[0].Object.(*thing).name != "共建社区 77" {
		t.Errorf("a rare word beside a common one: %v, %+v", c.Complete, c.Nodes()[0].Object)
	}
	if got := w.find(nobody(), strings.TrimSpace(strings.Repeat("共建 社区 77 ", 20))); len(got) == 0 || got[0] != "共建社区 77" {
		t.Errorf("sixty words find %q", got)
	}
}

func TestTextsAreTakenUpAnewInTheBackgroundAndOldOnesServeMeanwhile(t *testing.T) {
	onBoth(t, func(t *testing.T, db store.Backend) {
		t.Helper()
		w := open(t, db)
		const many = 450
		for i := range many {
			name := fmt.Sprintf("共建社区 %d", i)
			th := &thing{id: id.Derived[string](id.KindCommunity, name), rev: 1, name: name}
			w.all[th.id] = th
		}
		indexed := func() int { return w.ask(nobody(), "共建社区 7", nil, page.Args{}).Indexed }
		if got := indexed(); got != 0 {
			t.Errorf("%d hundredths before the beginning", got)
		}
		w.build()
		if got := indexed(); got != 100 || w.cards() != many {
			t.Fatalf("%d hundredths, %d cards", got, w.cards())
		}
		ghost := w.community("别的社区", "")
		delete(w.all, ghost)
		w.form = 2
		w.again()
		if got := indexed(); got != 0 {
			t.Errorf("%d hundredths of the new form", got)
		}
		_, err := w.Tick(t.Context(), time.Time{})
		must(t, err)
		if got := indexed(); got < 10 || got > 99 {
			t.Errorf("%d hundredths after a step", got)
		}
		w.finds(nobody(), "449", "共建社区 449")
		w.again() // as after a kill: it goes on where it was
		steps := 0
		for {
			n, err := w.Tick(t.Context(), time.Time{})
			must(t, err)
			if n == 0 {
				break
			}
			steps++
		}
		if got := indexed(); got != 100 || steps > 3 || w.cards() != many {
			t.Errorf("%d hundredths after %d more steps, %d cards", got, steps, w.cards())
		}
		w.form = 1
		w.again() // an older program leaves it be
		if n, err := w.Tick(t.Context(), time.Time{}); n != 0 || err != nil || indexed() != 100 {
			t.Errorf("an older program takes up %d: %v", n, err)
		}
	})
}

func TestWhatChangesWhileItIsTakenUpAnewDoesNotStayOld(t *testing.T) {
	w := open(t, onFile(t))
	c := w.community("幸福社区", "垃圾分类")
	w.build()
	w.form = 2
	w.again()
	reads := 0
	w.read = func() {
		if reads++; reads != 2 { // after the things were read, and before what came of them is looked at again
			return
		}
		changed := *w.all[c]
		changed.rev++
		changed.text = "智慧养老"
		w.all[c] = &changed
	}
	w.build()
	w.finds(nobody(), "养老", "幸福社区")
	w.finds(nobody(), "垃圾")
}

func TestOnlyTheDifferenceIsWritten(t *testing.T) {
	w := open(t, onFile(t))
	c := w.community("幸福社区", "垃圾分类")
	was, err := w.db.Get(t.Context(), "postings", c)
	must(t, err)
	w.put(w.all[c])
	w.tell(c)
	is, err := w.db.Get(t.Context(), "postings", c)
	must(t, err)
	if !slices.Equal(was, is) {
		t.Error("what is alike was written again")
	}
}
