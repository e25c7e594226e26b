package category_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/category"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
)

func database(t testing.TB) store.Backend {
	t.Helper()
	db, err := boltstore.Open(filepath.Join(t.TempDir(), "categories.db"), boltstore.Options{Unsynced: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	return db
}

func on(t testing.TB, db store.Backend) *category.Service {
	t.Helper()
	s, err := category.Open(t.Context(), db, &category.Service{
		Now:     func() time.Time { return time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC) },
		Cursors: &page.Cursors{Keys: func() [][]byte { return [][]byte{[]byte("a secret of sixteen bytes or more")} }},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func open(t testing.TB) *category.Service {
	t.Helper()
	return on(t, database(t))
}

func admin(t testing.TB) context.Context {
	t.Helper()
	return authz.With(t.Context(), authz.Actor{Person: "per1_admin", Holdings: []authz.Holding{{Role: authz.Administrator}}})
}

func must[T any](t testing.TB) func(T, error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func refused(t testing.TB, err error, code fault.Code, at string) {
	t.Helper()
	if f := fault.Of(err); err == nil || f.Code != code || strings.Join(f.Path, ".") != at {
		t.Errorf("got %v, want %s at %q", err, code, at)
	}
}

func TestTheShippedTreeIsPlantedOnceAndStaysWhatAdministratorsMakeOfIt(t *testing.T) {
	db := database(t)
	s := on(t, db)
	tree := must[*category.Tree](t)(s.Tree(t.Context()))
	if len(tree.Categories) < 70 || tree.Find("ELDERS_MEALS") == nil {
		t.Fatalf("%d categories", len(tree.Categories))
	}
	for _, c := range tree.Categories {
		if c.Depth() < 1 || c.Depth() > category.MaxDepth || c.Name == "" || c.NameEn == "" {
			t.Errorf("%+v", c)
		}
	}
	must[*category.Category](t)(s.Rename(admin(t), category.RenameInput{Change: command.Change{ExpectedVersion: 1}, Code: "ELDERS_MEALS", Name: new("长者助餐")}))
	again := on(t, db)
	if c := must[*category.Category](t)(again.Category(t.Context(), "ELDERS_MEALS")); c.Name != "长者助餐" || c.Version != 2 {
		t.Errorf("after starting again it is %+v", c)
	}
}

func TestACategoryIsAddedBelowAnotherAndFoundByCodeAndIdentifier(t *testing.T) {
	s := open(t)
	c := must[*category.Category](t)(s.Add(admin(t), category.AddInput{
		Code: "ELDERS_MEALS_DELIVERY", Name: "送餐上门", NameEn: "Meals delivered", Synonyms: []string{"外送"}, Parent: new("ELDERS_MEALS"),
	}))
	if !slices.Equal(c.Path, []string{"ELDERS", "ELDERS_MEALS", "ELDERS_MEALS_DELIVERY"}) || c.Depth() != 3 {
		t.Errorf("its path is %v", c.Path)
	}
	if got := must[[]*category.Category](t)(s.Many(t.Context(), []id.Category{"cat1_other", c.ID()})); got[0] != nil || got[1] == nil || got[1].Code != c.Code {
		t.Errorf("by identifiers: %v", got)
	}
	if below := must[[]string](t)(s.Below(t.Context(), []string{"ELDERS_MEALS", "ELDERS_MEALS_DELIVERY"})); len(below) != 2 {
		t.Errorf("below lie %v", below)
	}
}

func TestOnlyAdministratorsExtendTheTree(t *testing.T) {
	s := open(t)
	secretary := authz.With(t.Context(), authz.Actor{Person: "per1_s", Holdings: []authz.Holding{{Role: authz.Secretary, Organisation: "com1_x"}}})
	in := category.AddInput{Code: "NEW_ONE", Name: "新", NameEn: "New"}
	_, err := s.Add(secretary, in)
	refused(t, err, fault.CodeForbidden, "")
	_, err = s.Add(authz.With(t.Context(), authz.Actor{}), in)
	refused(t, err, fault.CodeUnauthenticated, "")
}

func TestWhatNoCategoryCanBeIsRefusedAtItsField(t *testing.T) {
	s := open(t)
	ctx := admin(t)
	must[*category.Category](t)(s.Add(ctx, category.AddInput{Code: "A_3", Name: "三", NameEn: "Three", Parent: new("ELDERS_MEALS")}))
	must[*category.Category](t)(s.Add(ctx, category.AddInput{Code: "A_4", Name: "四", NameEn: "Four", Parent: new("A_3")}))
	must[*category.Category](t)(s.Retire(ctx, category.RetireInput{Change: command.Change{ExpectedVersion: 1}, Code: "HEALTH"}))
	add := func(change func(*category.AddInput)) error {
		in := category.AddInput{Code: "NEW_ONE", Name: "新", NameEn: "New"}
		change(&in)
		_, err := s.Add(ctx, in)
		return err
	}
	for name, tt := range map[string]struct {
		err  error
		code fault.Code
		at   string
	}{
		"a small letter":        {add(func(in *category.AddInput) { in.Code = "new" }), fault.CodeMalformed, "code"},
		"two underscores":       {add(func(in *category.AddInput) { in.Code = "NEW__ONE" }), fault.CodeMalformed, "code"},
		"a code that there is":  {add(func(in *category.AddInput) { in.Code = "ELDERS" }), category.CodeTaken, "code"},
		"a name beside":         {add(func(in *category.AddInput) { in.Name = "养老助老" }), category.CodeName, "name"},
		"no name":               {add(func(in *category.AddInput) { in.NameEn = " " }), fault.CodeRequired, "nameEn"},
		"a synonym twice":       {add(func(in *category.AddInput) { in.Synonyms = []string{"a", "a"} }), fault.CodeDuplicate, "synonyms.1"},
		"below none":            {add(func(in *category.AddInput) { in.Parent = new("NONE") }), category.CodeUnknown, "parent"},
		"a fifth level":         {add(func(in *category.AddInput) { in.Parent = new("A_4") }), category.CodeDeep, "parent"},
		"below a retired one":   {add(func(in *category.AddInput) { in.Parent = new("HEALTH_CLINIC") }), category.CodeRetired, "parent"},
		"filed under a retired": {s.Takes(ctx, "HEALTH_CLINIC"), category.CodeRetired, ""},
		"filed under none":      {s.Takes(ctx, "NONE"), category.CodeUnknown, ""},
	} {
		t.Run(name, func(t *testing.T) { refused(t, tt.err, tt.code, tt.at) })
	}
	if err := s.Takes(ctx, "ELDERS_MEALS"); err != nil {
		t.Error(err)
	}
}

func TestACategoryIsNeverMovedUnderItselfNorBelowOneOfItsOwn(t *testing.T) {
	s := open(t)
	ctx := admin(t)
	move := func(code string, parent *string, version int) error {
		_, err := s.Move(ctx, category.MoveInput{Change: command.Change{ExpectedVersion: version}, Code: code, Parent: parent})
		return err
	}
	refused(t, move("ELDERS", new("ELDERS"), 1), category.CodeCycle, "parent")
	refused(t, move("ELDERS", new("ELDERS_MEALS"), 1), category.CodeCycle, "parent")
	refused(t, move("ELDERS", new("NONE"), 1), category.CodeUnknown, "parent")
	refused(t, move("NONE", nil, 1), fault.CodeNotFound, "code")
	refused(t, move("ELDERS", new("HEALTH"), 7), fault.CodeConflict, "expectedVersion")
	if err := move("ELDERS", new("HEALTH_HOME"), 1); err != nil {
		t.Fatal(err)
	}
	if c := must[*category.Category](t)(s.Category(ctx, "ELDERS_MEALS")); strings.Join(c.Path, " ") != "HEALTH HEALTH_HOME ELDERS ELDERS_MEALS" {
		t.Errorf("what lies below goes along: %v", c.Path)
	}
	refused(t, move("HEALTH", new("RURAL"), 1), category.CodeDeep, "parent")
	if err := move("ELDERS", nil, 2); err != nil {
		t.Fatal(err)
	}
}

func TestARetiredCategoryTakesNothingUntilItIsRestored(t *testing.T) {
	s := open(t)
	ctx := admin(t)
	in := category.RetireInput{Change: command.Change{ExpectedVersion: 1}, Code: "ELDERS_MEALS"}
	must[*category.Category](t)(s.Retire(ctx, in))
	in.ExpectedVersion = 2
	_, err := s.Retire(ctx, in)
	refused(t, err, category.CodeState, "code")
	seen := func(retired bool) bool {
		got := must[*category.Connection](t)(s.List(ctx, new("ELDERS"), false, retired, page.Args{}))
		return slices.ContainsFunc(got.Nodes(), func(c *category.Category) bool { return c.Code == "ELDERS_MEALS" })
	}
	if seen(false) || !seen(true) {
		t.Error("lists show retired ones only where asked to")
	}
	must[*category.Category](t)(s.Restore(ctx, category.RestoreInput{Change: command.Change{ExpectedVersion: 2}, Code: "ELDERS_MEALS"}))
	_, err = s.Restore(ctx, category.RestoreInput{Change: command.Change{ExpectedVersion: 3}, Code: "ELDERS_MEALS"})
	refused(t, err, category.CodeState, "code")
}

func TestCategoriesComeInPagesEachBehindTheOneAboveIt(t *testing.T) {
	s := open(t)
	var walked []string
	var after *string
	for {
		got := must[*category.Connection](t)(s.List(t.Context(), nil, true, false, page.Args{First: new(7), After: after}))
		for _, c := range got.Nodes() {
			walked = append(walked, c.Code)
		}
		if total := must[*int](t)(got.TotalCount(t.Context())); *total < 70 {
			t.Fatalf("%d in all", *total)
		}
		if !got.PageInfo.HasNextPage {
			break
		}
		after = got.PageInfo.EndCursor
	}
	tree := must[*category.Tree](t)(s.Tree(t.Context()))
	for i, code := range walked {
		if p := tree.Find(code).Parent; p != "" && !slices.Contains(walked[:i], p) {
			t.Errorf("%s comes before %s", code, p)
		}
	}
	if len(walked) != len(tree.Categories) {
		t.Errorf("walked %d of %d", len(walked), len(tree.Categories))
	}
	last := must[*category.Connection](t)(s.List(t.Context(), nil, false, false, page.Args{Last: new(2)}))
	if len(last.Edges) != 2 || last.Edges[1].Node.Code != "SUPPORT" || !last.PageInfo.HasPreviousPage {
		t.Errorf("the last two: %v", last.Nodes())
	}
	_, err := s.List(t.Context(), new("ELDERS"), false, false, page.Args{After: after})
	refused(t, err, fault.CodeBadCursor, "after")
	_, err = s.List(t.Context(), new("NONE"), false, false, page.Args{})
	refused(t, err, category.CodeUnknown, "parent")
}

// Two nodes move branches under each other at the same moment, again and again: one write decides.
func TestMovesAtOnceNeverTieAKnot(t *testing.T) {
	db := database(t)
	nodes := []*category.Service{on(t, db), on(t, db)}
	ctx := admin(t)
	for round := range 20 {
		tree := must[*category.Tree](t)(nodes[0].Tree(ctx))
		pairs := [][2]string{{"RURAL", "RIGHTS"}, {"RIGHTS", "RURAL"}}
		var wg sync.WaitGroup
		for i, p := range pairs {
			wg.Go(func() {
				in := category.MoveInput{Change: command.Change{ExpectedVersion: tree.Find(p[0]).Version}, Code: p[0], Parent: &p[1]}
				if _, err := nodes[i].Move(ctx, in); err != nil && fault.Of(err).Code != category.CodeCycle && fault.Of(err).Code != fault.CodeConflict {
					t.Error(round, err)
				}
			})
		}
		wg.Wait()
		fresh := must[*category.Tree](t)(on(t, db).Tree(ctx))
		whole(t, fresh)
		for _, code := range []string{"RURAL", "RIGHTS"} {
			if c := fresh.Find(code); c.Parent != "" {
				must[*category.Category](t)(nodes[0].Move(ctx, category.MoveInput{Change: command.Change{ExpectedVersion: c.Version}, Code: code}))
			}
		}
	}
}

// whole fails where a path does not lead from the top of the tree.
func whole(t interface{ Errorf(string, ...any) }, tree *category.Tree) {
	for _, c := range tree.Categories {
		if top := tree.Find(c.Path[0]); top.Parent != "" || c.Depth() > category.MaxDepth || c.Path[len(c.Path)-1] != c.Code {
			t.Errorf("%s lies at %v", c.Code, c.Path)
		}
	}
}

func TestWhateverIsMovedTheTreeStaysOne(t *testing.T) {
	s := open(t)
	ctx := admin(t)
	rapid.Check(t, func(rt *rapid.T) {
		tree, err := s.Tree(ctx)
		if err != nil {
			rt.Fatal(err)
		}
		codes := []string{}
		for _, c := range tree.Categories {
			codes = append(codes, c.Code)
		}
		c := tree.Find(rapid.SampledFrom(codes).Draw(rt, "moved"))
		var parent *string
		if to := rapid.SampledFrom(append(codes, "")).Draw(rt, "under"); to != "" {
			parent = &to
		}
		_, _ = s.Move(ctx, category.MoveInput{Change: command.Change{ExpectedVersion: c.Version}, Code: c.Code, Parent: parent})
		if tree, err = s.Tree(ctx); err != nil {
			rt.Fatal(err)
		}
		whole(rt, tree)
	})
}

func TestTheTreeHasItsBounds(t *testing.T) {
	s := open(t)
	ctx := admin(t)
	var err error
	for i := range category.MaxChildren + 1 {
		_, err = s.Add(ctx, category.AddInput{Code: fmt.Sprintf("X_%d", i), Name: fmt.Sprint("名", i), NameEn: fmt.Sprint("Name ", i), Parent: new("RURAL_SALES")})
		if err != nil {
			break
		}
	}
	refused(t, err, category.CodeFull, "parent")
}
