package match

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/id"
)

func TestTitlesAreAlikeByWhatTheyShare(t *testing.T) {
	for _, tt := range []struct {
		a, b   string
		shared []string
		value  int64
	}{
		{"老人送餐", "送餐上门", []string{"送餐"}, 333},
		{"Free clinic", "CLINIC for elders", []string{"clinic"}, 408},
		{"B超检查", "B超", []string{"b"}, 408},
		{"", "送餐", nil, 0},
		{"送餐", "送餐", []string{"送餐"}, 1000},
	} {
		shared, value := gramsIn(tt.a).alike(gramsIn(tt.b))
		if !slices.Equal(shared, tt.shared) || value != tt.value {
			t.Errorf("%q and %q share %v, %d", tt.a, tt.b, shared, value)
		}
	}
}

func TestTheTreeSaysHowCategoriesStand(t *testing.T) {
	w, err := OwnWeights()
	if err != nil {
		t.Fatal(err)
	}
	tr := treeOf(append(categories(), Filed{"LOOP_A", "LOOP_B", "", ""}, Filed{"LOOP_B", "LOOP_A", "", ""}))
	for _, tt := range []struct {
		need, resource string
		how            kinship
	}{
		{"ELDERS_MEALS", "ELDERS_MEALS", same},
		{"ELDERS_MEALS", "ELDERS", wider},
		{"ELDERS", "ELDERS_MEALS", closer},
		{"ELDERS_MEALS", "ELDERS_HOME", sibling},
		{"ELDERS_MEALS", "MEANS_ROOMS", serving},
		{"ELDERS_MEALS", "RURAL", apart},
		{"ELDERS", "RURAL", apart},
		{"LOOP_A", "ELDERS", apart},
	} {
		if got := tr.kin(&w.Category, tt.need, tt.resource); got.how != tt.how {
			t.Errorf("%s and %s: %s", tt.need, tt.resource, got.how)
		}
	}
	near := tr.relatives(&w.Category, NeedSide, "ELDERS_MEALS")
	if near[0].code != "ELDERS_MEALS" || !slices.IsSortedFunc(near, func(a, b related) int { return int(b.value - a.value) }) {
		t.Errorf("relatives %v", near)
	}
}

func TestWhatIsNearLiesInASquareThatIsLookedIn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Point{rapid.Float64Range(-179, 179).Draw(t, "lon"), rapid.Float64Range(-60, 60).Draw(t, "lat")}
		q := Point{p.Lon + rapid.Float64Range(-0.0199, 0.0199).Draw(t, "east"), p.Lat + rapid.Float64Range(-0.0199, 0.0199).Draw(t, "north")}
		if !slices.Contains(fine().around(p), fine().square(q)) || !slices.Contains(coarse().around(p), coarse().square(q)) {
			t.Fatalf("%v is not found around %v", q, p)
		}
		if a, b := p.metres(q), q.metres(p); a != b || a < 0 {
			t.Fatalf("there %d, back %d", a, b)
		}
	})
	wuxi, shanghai := Point{120.3119, 31.4912}, Point{121.4737, 31.2304}
	if d := wuxi.metres(shanghai); math.Abs(float64(d)-114_000) > 2000 {
		t.Errorf("%d metres from Wuxi to Shanghai", d)
	}
}

func TestEveryScoreLiesBetweenNothingAndTheWhole(t *testing.T) {
	w, err := OwnWeights()
	if err != nil {
		t.Fatal(err)
	}
	j := judgeBy(w, treeOf(categories()), "2026-03-02")
	left := rapid.Ptr(rapid.Int64Range(0, 1<<53-1), true)
	item := rapid.Custom(func(t *rapid.T) *Item {
		i := &Item{
			Type: rapid.SampledFrom(append(communityTypes(), "")).Draw(t, "type"), Kind: rapid.SampledFrom(organisationKinds()).Draw(t, "kind"),
			Category: rapid.SampledFrom(append(categories(), Filed{Code: "GONE"})).Draw(t, "category").Code,
			Title:    rapid.String().Draw(t, "title"), Left: left.Draw(t, "left"), Unit: rapid.SampledFrom([]string{"", "份"}).Draw(t, "unit"),
			Standing: rapid.SampledFrom([]Standing{Free, Taken}).Draw(t, "standing"),
		}
		if rapid.Bool().Draw(t, "placed") {
			i.Place = &Point{rapid.Float64Range(-180, 180).Draw(t, "lon"), rapid.Float64Range(-90, 90).Draw(t, "lat")}
		}
		if rapid.Bool().Draw(t, "timed") {
			i.Windows = []Window{{Recurrence: rapid.SampledFrom([]string{"", "FREQ=WEEKLY;BYDAY=TU", "FREQ=DAILY;INTERVAL=9"}).Draw(t, "rule")}}
		}
		return i
	})
	rapid.Check(t, func(t *rapid.T) {
		p := &pair{need: item.Draw(t, "need"), resource: item.Draw(t, "resource")}
		p.promises = Promises{Contracts: rapid.IntRange(0, 5).Draw(t, "contracts"), Due: rapid.Int64Range(0, 1000).Draw(t, "due"), Open: rapid.IntRange(0, 50).Draw(t, "open")}
		p.promises.Kept = rapid.Int64Range(0, p.promises.Due).Draw(t, "kept")
		m := j.match(p)
		for _, f := range m.Factors {
			if f.value < 0 || f.value > one {
				t.Fatalf("%s is worth %d", f.Name, f.value)
			}
		}
		if m.Score() < 0 || m.Score() > 1 {
			t.Fatalf("the score is %v", m.Score())
		}
		if again := j.match(&pair{p.need, p.resource, p.promises}); again.score != m.score || len(again.WhyNot) != len(m.WhyNot) {
			t.Fatal("judged again it is another")
		}
	})
}

func TestABookSaysTheSumOfItsPages(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := &book{}
		now := map[string]leaf{}
		for range rapid.IntRange(0, 30).Draw(t, "writes") {
			about := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "about")
			open, due := rapid.IntRange(0, 3).Draw(t, "open"), rapid.Int64Range(0, 3).Draw(t, "due")
			b.write(about, func(l *leaf) { l.Open, l.Due, l.Kept = open, due, due/2 })
			now[about] = leaf{about, open, due, due / 2}
		}
		var sum leaf
		contracts := 0
		for _, l := range now {
			sum.Open, sum.Due, sum.Kept = sum.Open+l.Open, sum.Due+l.Due, sum.Kept+l.Kept
			if l.Due > 0 {
				contracts++
			}
		}
		if b.Open != sum.Open || b.Due != sum.Due || b.Kept != sum.Kept || b.Contracts != contracts {
			t.Fatalf("%+v, and not %+v in %d", b, sum, contracts)
		}
	})
}

func TestACardIsFoundByWhoSeesTheItemWhereItIs(t *testing.T) {
	i := cook()
	i.ID, i.Standing, i.Audience = id.Derived[string](id.KindResource, "x"), Free, []string{"a", "b"}
	c := cardOf(&i)
	for _, want := range []string{spot("a", string(hui())), spot("b", string(street())), spot("a", fine().square(*i.Place)), spot(everyone, everywhere)} {
		if !slices.Contains(c.Spots, want) {
			t.Errorf("not found by %q among %v", want, c.Spots)
		}
	}
	if len(c.Spots) != 3*5 {
		t.Errorf("%d spots", len(c.Spots))
	}
	i.Standing = Closed
	if cardOf(&i) != nil || cardOf(nil) != nil {
		t.Error("what has ended is found")
	}
}
