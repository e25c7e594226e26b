package match

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
)

func TestAMatchIsFoundFromEitherSideWithTheSameScore(t *testing.T) {
	w := open(t)
	n, r := w.put(t, meals()), w.put(t, cook())
	from, to := w.ask(as(t, estate()), t, ofNeed(n)), w.ask(as(t, kitchen()), t, ofResource(r))
	if len(from) != 1 || len(to) != 1 || from[0].Score() != to[0].Score() || from[0].ResourceID != id.Resource(r) || to[0].NeedID != id.Need(n) {
		t.Fatalf("from the need %+v, from the resource %+v", from, to)
	}
	if from[0].Version != w.Weights.Version || !from[0].Fits() {
		t.Errorf("got %+v", from[0])
	}
}

func TestAScoreIsTheSumOfItsExplainedParts(t *testing.T) {
	w := open(t)
	n := w.put(t, meals())
	w.put(t, cook())
	m := w.ask(as(t, estate()), t, ofNeed(n))[0]
	var sum, weights int64
	for i, f := range m.Factors {
		if f.Name != FactorNames()[i] {
			t.Errorf("factor %d is %s", i, f.Name)
		}
		sum, weights = sum+f.part(), weights+f.weight
		for _, chinese := range []bool{false, true} {
			said := w.words.in(f.said, chinese)
			if said == f.said.key || slices.ContainsFunc([]rune(said), func(r rune) bool { return r == '{' }) {
				t.Errorf("%s says %q", f.Name, said)
			}
		}
	}
	if sum != m.score || weights != one {
		t.Errorf("the parts add up to %d of %d, the weights to %d", sum, m.score, weights)
	}
}

func TestNearerSoonerAndMoreIsBetter(t *testing.T) {
	w := open(t)
	n := meals()
	n.Windows = []Window{{Recurrence: "FREQ=WEEKLY;BYDAY=TU"}}
	need := w.put(t, n)
	better := cook()
	better.Windows = []Window{{Recurrence: "FREQ=WEEKLY;BYDAY=MO,TU"}}
	best := w.put(t, better)
	for name, alter := range map[string]func(*Item){
		"farther": func(i *Item) { i.Place = &Point{120.34, 31.70} },
		"less":    func(i *Item) { i.Left = new(int64(5)) },
		"seldom then": func(i *Item) {
			i.Windows = []Window{{Recurrence: "FREQ=WEEKLY;BYDAY=WE;UNTIL=20260401"}, {Recurrence: "FREQ=MONTHLY;BYDAY=1TU"}}
		},
		"beside it":      func(i *Item) { i.Category = "ELDERS_HOME" },
		"filed wider":    func(i *Item) { i.Category = "ELDERS" },
		"other words":    func(i *Item) { i.Title = "社区食堂" },
		"another's kind": func(i *Item) { i.Kind = "BANK" },
	} {
		worse := better
		worse.ID, worse.Organisation = name, org(id.KindUnit, name)
		alter(&worse)
		w.put(t, worse)
		got := w.ask(as(t, estate()), t, ofNeed(need))
		if len(got) < 2 || got[0].ResourceID != id.Resource(best) {
			t.Errorf("%s: %d matches, the best is not the best", name, len(got))
		}
		worse.Standing = Closed
		w.put(t, worse)
	}
}

func TestWhatKeepsThemApartIsToldOnlyToWhoAsksAndStandsBehindWhatFits(t *testing.T) {
	w := open(t)
	n := meals()
	n.Windows = []Window{{Recurrence: "FREQ=WEEKLY;BYDAY=TU"}}
	need := w.put(t, n)
	fits := w.put(t, cook())
	for want, alter := range map[ObstacleName]func(*Item){
		TooFar:         func(i *Item) { i.Place = &Point{120.6, 31.68} },
		TooLittle:      func(i *Item) { i.Left = new(int64(1)) },
		OtherTime:      func(i *Item) { i.Windows = []Window{{Recurrence: "FREQ=WEEKLY;BYDAY=SU"}} },
		ExpiresSoon:    func(i *Item) { i.ValidUntil = new(w.at.Add(48 * time.Hour)) },
		AlreadyClaimed: func(i *Item) { i.Standing, i.Left = Taken, new(int64(0)) },
	} {
		r := cook()
		r.ID, r.Organisation = string(want), org(id.KindUnit, string(want))
		alter(&r)
		misses := w.put(t, r)
		q := ofNeed(need)
		if got := w.ask(as(t, estate()), t, q); len(got) != 1 || got[0].ResourceID != id.Resource(fits) {
			t.Errorf("%s: without asking there are %d", want, len(got))
		}
		q.NearMisses = true
		got := w.ask(as(t, estate()), t, q)
		if len(got) != 2 || got[1].ResourceID != id.Resource(misses) || !slices.Equal(obstacleNames(got[1]), []ObstacleName{want}) {
			t.Errorf("%s: got %d, %v", want, len(got), obstacleNames(got[len(got)-1]))
			continue
		}
		for _, chinese := range []bool{false, true} {
			if o := got[1].WhyNot[0]; w.words.in(o.said, chinese) == o.said.key {
				t.Errorf("%s has no words", o.said.key)
			}
		}
		r.Standing = Closed
		w.put(t, r)
	}
}

func TestAMatchIsSeenOnlyByWhoMaySeeBothSides(t *testing.T) {
	w := open(t)
	n, r := meals(), cook()
	n.Audience = []string{string(estate()), string(kitchen()), string(village())}
	r.Audience = []string{string(estate()), string(kitchen())}
	need, res := w.put(t, n), w.put(t, r)
	for o, want := range map[id.Organisation]int{estate(): 1, kitchen(): 1, village(): 0} {
		if got := w.ask(as(t, o), t, ofNeed(need)); len(got) != want {
			t.Errorf("%s sees %d matches", o, len(got))
		}
	}
	if _, err := w.Matches(as(t, village()), ofResource(res), page.Args{}); !fault.Is(err, fault.CodeNotFound) || fault.Of(err).Path[0] != "resource" {
		t.Errorf("of a hidden resource: %v", err)
	}
	all := authz.With(t.Context(), authz.Actor{Person: "a", Holdings: []authz.Holding{{Role: authz.Administrator}}})
	if got := w.ask(all, t, ofNeed(need)); len(got) != 1 {
		t.Errorf("an administrator sees %d", len(got))
	}
	// The card still says otherwise when a right ends: the document decides.
	w.items[res].Audience = []string{string(kitchen())}
	if got := w.ask(as(t, estate()), t, ofNeed(need)); len(got) != 0 {
		t.Error("a right that ended still shows a match")
	}
}

func TestWhatHasEndedMatchesNothingEvenBeforeItsEventIsHeard(t *testing.T) {
	w := open(t)
	r := cook()
	r.ValidUntil = new(w.at.Add(30 * 24 * time.Hour))
	need, res := w.put(t, meals()), w.put(t, r)
	w.at = w.at.Add(31 * 24 * time.Hour)
	if got := w.ask(as(t, estate()), t, Question{Need: new(id.Need(need)), NearMisses: true}); len(got) != 0 {
		t.Errorf("an ended resource is matched: %d", len(got))
	}
	if _, err := w.Matches(as(t, kitchen()), ofResource(res), page.Args{}); !fault.Is(err, CodeNotOpen) || fault.Of(err).Path[0] != "resource" {
		t.Errorf("of an ended resource: %v", err)
	}
	w.items[need].Standing, w.items[need].Status = Closed, "WITHDRAWN"
	if _, err := w.Matches(as(t, estate()), ofNeed(need), page.Args{}); !fault.Is(err, CodeNotOpen) || fault.Of(err).Params["status"] != "WITHDRAWN" {
		t.Errorf("of a withdrawn need: %v", err)
	}
}

func TestACommunitySeesTheMatchesOfAllThatItLacksAndOffers(t *testing.T) {
	w := open(t)
	w.put(t, meals())
	w.put(t, cook())
	hall := Item{ID: "hall", Side: ResourceSide, Organisation: estate(), Kind: "COMMUNITY", Above: []id.Organisation{street(), hui()}, Category: "MEANS_ROOMS", Title: "活动室"}
	w.put(t, hall)
	choir := Item{ID: "choir", Side: NeedSide, Organisation: kitchen(), Kind: "SOCIAL_ORGANISATION", Above: []id.Organisation{street(), hui()}, Category: "MEANS_ROOMS", Title: "排练场地"}
	w.put(t, choir)
	got := w.ask(as(t, estate()), t, Question{Community: new(estate())})
	if len(got) != 2 || got[0].score < got[1].score {
		t.Errorf("got %d", len(got))
	}
	if got := w.ask(as(t, village()), t, Question{Community: new(village())}); len(got) != 0 {
		t.Errorf("a community with nothing has %d", len(got))
	}
}

func TestNobodyIsMatchedWithThemselves(t *testing.T) {
	w := open(t)
	n, r := meals(), cook()
	r.Organisation = estate()
	need := w.put(t, n)
	w.put(t, r)
	if got := w.ask(as(t, estate()), t, Question{Need: new(id.Need(need)), NearMisses: true}); len(got) != 0 {
		t.Error("an organisation is matched with itself")
	}
}

func TestAQuestionIsAboutOneThing(t *testing.T) {
	w := open(t)
	n := w.put(t, meals())
	for name, tt := range map[string]struct {
		q    Question
		code fault.Code
		path string
	}{
		"nothing":          {Question{}, CodeOneQuestion, "need"},
		"two things":       {Question{Need: new(id.Need(n)), Community: new(estate())}, CodeOneQuestion, "community"},
		"another kind":     {Question{Resource: new(id.Resource(n))}, fault.CodeWrongID, "resource"},
		"a unit":           {Question{Community: new(kitchen())}, fault.CodeWrongID, "community"},
		"an unknown need":  {ofNeed(id.Derived[string](id.KindNeed, "none")), fault.CodeNotFound, "need"},
		"too good a score": {Question{Need: new(id.Need(n)), MinScore: new(1.5)}, fault.CodeOutOfRange, "minScore"},
	} {
		_, err := w.Matches(as(t, estate()), tt.q, page.Args{})
		if f := fault.Of(err); err == nil || f.Code != tt.code || len(f.Path) != 1 || f.Path[0] != tt.path {
			t.Errorf("%s: got %v", name, err)
		}
	}
	for name, ctx := range map[string]context.Context{
		"nobody": t.Context(), "a member": authz.With(t.Context(), authz.Actor{Person: "m", Holdings: []authz.Holding{{Role: authz.Member, Organisation: estate()}}}),
	} {
		if _, err := w.Matches(ctx, ofNeed(n), page.Args{}); !fault.Is(err, fault.CodeForbidden) && !fault.Is(err, fault.CodeUnauthenticated) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestAListIsReadPageByPageFromBothEndsWithoutARepeat(t *testing.T) {
	w := open(t)
	need := w.put(t, meals())
	for i := range 25 {
		r := cook()
		r.ID, r.Organisation = string(rune('a'+i)), org(id.KindUnit, string(rune('a'+i)))
		if i%2 == 0 {
			r.Place = nil // alike in score, so that identifiers decide
		}
		w.put(t, r)
	}
	ctx, q := as(t, estate()), ofNeed(need)
	whole := w.ask(ctx, t, q)
	var forth, back []*Match
	for a := (page.Args{First: new(4)}); ; {
		got, err := w.Matches(ctx, q, a)
		if err != nil {
			t.Fatal(err)
		}
		forth = append(forth, got.Nodes()...)
		if !got.PageInfo.HasNextPage {
			break
		}
		a.After = got.PageInfo.EndCursor
	}
	for a := (page.Args{Last: new(7)}); ; {
		got, err := w.Matches(ctx, q, a)
		if err != nil {
			t.Fatal(err)
		}
		back = append(got.Nodes(), back...)
		if !got.PageInfo.HasPreviousPage {
			break
		}
		a.Before = got.PageInfo.StartCursor
	}
	alike := func(a, b *Match) bool { return a.place() == b.place() }
	if len(whole) != 25 || !slices.EqualFunc(whole, forth, alike) || !slices.EqualFunc(whole, back, alike) {
		t.Errorf("%d, forth %d, back %d", len(whole), len(forth), len(back))
	}
	got, err := w.Matches(ctx, q, page.Args{First: new(4)})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := got.TotalCount(ctx); err != nil || *n != 25 {
		t.Errorf("counted %v, %v", n, err)
	}
	q.NearMisses = true
	if _, err := w.Matches(ctx, q, page.Args{After: got.PageInfo.EndCursor}); !fault.Is(err, fault.CodeBadCursor) {
		t.Errorf("a cursor of another question: %v", err)
	}
}

func TestPromisesAreKeptInBooksThatSayTheSameHoweverOftenTheyAreWritten(t *testing.T) {
	w := open(t)
	n := w.put(t, meals())
	w.put(t, cook())
	first, second := id.Derived[id.Contract](id.KindContract, "1"), id.Derived[id.Contract](id.KindContract, "2")
	record := func() (*Factor, *Factor) {
		m := w.ask(as(t, estate()), t, ofNeed(n))[0]
		return factor(t, m, Record), factor(t, m, Load)
	}
	if r, l := record(); r.Raw != nil || r.said.key != "RECORD.UNKNOWN" || l.said.key != "LOAD.FEW" {
		t.Errorf("of nobody's promises: %+v, %+v", r, l)
	}
	w.judged[kitchen()] = Judged{Mean: new(4.0)}
	if r, _ := record(); r.said.key != "RECORD.JUDGED" || r.value != 750 {
		t.Errorf("judged: %+v", r)
	}
	for _, c := range []id.Contract{first, second} {
		w.shares[Fulfilled{c, kitchen()}] = [2]int64{20, 19}
		w.promised[string(c)] = []Promised{{kitchen(), 12}}
		e := entry(string(c))
		e.Actor = string(kitchen())
		for range 2 {
			if err := w.FollowFulfilment(t.Context(), e); err != nil {
				t.Fatal(err)
			}
			if err := w.FollowPromises(t.Context(), e); err != nil {
				t.Fatal(err)
			}
		}
		if r, _ := record(); c == first && r.said.key == "RECORD.KEPT" {
			t.Error("one contract's rate shows through")
		}
	}
	if r, l := record(); r.said.key != "RECORD.KEPT" || *r.Raw != 95 || l.said.key != "LOAD.MANY" || *l.Raw != 20 {
		t.Errorf("kept: %+v, %v; open %+v", r, *r.Raw, l)
	}
	w.judged[kitchen()] = Judged{Hidden: true}
	if r, _ := record(); r.said.key != "RECORD.UNKNOWN" || r.value != w.Weights.Record.Unknown {
		t.Errorf("hidden: %+v", r)
	}
	w.promised[string(first)], w.promised[string(second)] = []Promised{{kitchen(), 0}}, []Promised{{kitchen(), 0}}
	for _, c := range []id.Contract{first, second} {
		if err := w.FollowPromises(t.Context(), entry(string(c))); err != nil {
			t.Fatal(err)
		}
	}
	if _, l := record(); l.said.key != "LOAD.FEW" {
		t.Errorf("ended: %+v", l)
	}
}

func TestACardFollowsItsItemWhereverItGoes(t *testing.T) {
	w := open(t)
	n, r := meals(), cook()
	need, res := w.put(t, n), w.put(t, r)
	moved := *w.items[res]
	moved.Above, moved.Place = []id.Organisation{org(id.KindDistrict, "other")}, nil
	w.items[res] = &moved
	w.heard(t, res)
	c, err := w.cards.Get(authz.AsSystem(t.Context()), res)
	if err != nil || slices.Contains(c.Spots, spot("public", string(hui()))) || !slices.Contains(c.Spots, spot("public", string(moved.Above[0]))) {
		t.Errorf("the card stayed: %v, %v", c, err)
	}
	if got := w.ask(as(t, estate()), t, Question{Need: new(id.Need(need)), NearMisses: true}); len(got) != 1 || obstacleNames(got[0])[0] != TooFar {
		t.Errorf("got %d", len(got))
	}
	for range 2 { // a second time there is nothing to remove
		moved.Standing = Closed
		w.heard(t, res)
	}
	if _, err := w.cards.Get(authz.AsSystem(t.Context()), res); !fault.Is(err, fault.CodeNotFound) {
		t.Errorf("an ended item keeps its card: %v", err)
	}
}

func TestARuleIsCountedFromItsOwnFirstDay(t *testing.T) {
	when := func(ws ...Window) *hours {
		return (&times{"2026-03-02", map[Window]*days{}}).of(&Item{Windows: ws})
	}
	h := when(Window{Recurrence: "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", From: "2026-02-23"})
	if d := h.all(); d[0]&1 != 0 || d[0]>>7&1 != 1 || d.count() != horizon/14 {
		t.Errorf("got %v", d)
	}
	for name, ws := range map[string][]Window{
		"none": nil, "past": {{Until: "2026-02-01"}}, "unreadable": {{Recurrence: "FREQ=NEVER"}}, "beyond": {{From: "2027-02-01"}},
	} {
		if got := when(ws...); got != nil {
			t.Errorf("%s: got %v", name, got)
		}
	}
	if got := when(Window{From: "2026-03-03", Until: "2026-03-04"}); got == nil || got.all()[0] != 0b110 {
		t.Errorf("from a day to a day: %v", got)
	}
}

func TestHoursMeetWithinTheSamePartOfTheDay(t *testing.T) {
	when := func(begins, ends string) *hours {
		return (&times{"2026-03-02", map[Window]*days{}}).of(&Item{Windows: []Window{{Begins: begins, Ends: ends, Until: "2026-03-04"}}})
	}
	for _, tt := range []struct {
		a, b [2]string
		days int
	}{
		{[2]string{"", ""}, [2]string{"09:00", "11:00"}, 3},
		{[2]string{"09:00", "12:00"}, [2]string{"14:00", "17:00"}, 0},
		{[2]string{"09:00", "14:00"}, [2]string{"13:00", "17:00"}, 3},
		{[2]string{"18:00", "20:00"}, [2]string{"13:00", "18:00"}, 0},
		{[2]string{"18:30", "20:00"}, [2]string{"13:00", "21:00"}, 3},
	} {
		if got := when(tt.a[0], tt.a[1]).with(when(tt.b[0], tt.b[1])).count(); got != tt.days {
			t.Errorf("%v and %v meet on %d days", tt.a, tt.b, got)
		}
	}
}

// What a community hides from somebody takes no place of what they may see, however much of it there is and however soon it
// ends.
func TestWhatIsHiddenFromSomebodyCrowdsOutNothingOfACommunity(t *testing.T) {
	w := open(t)
	lay := func(i Item, hours int, seen ...string) string {
		kind := id.KindNeed
		if i.Side == ResourceSide {
			kind = id.KindResource
		}
		i.ID, i.Standing, i.Audience, i.ValidUntil = id.Derived[string](kind, i.ID), Free, seen, new(begin().Add(time.Duration(hours)*time.Hour))
		w.items[i.ID] = &i
		return i.ID
	}
	lay(cook(), 9000, "public")
	for n := range 4*mostItems + 5 {
		i := meals()
		i.ID = fmt.Sprintf("hidden %d", n)
		lay(i, 1000+n, string(estate()))
	}
	late, soon := meals(), meals()
	late.ID, soon.ID = "late", "soon"
	need, first := lay(late, 5000, "public"), lay(soon, 4000, "public")
	w.file(t)
	q := Question{Community: new(estate())}
	var got []string
	for _, m := range w.ask(as(t, kitchen()), t, q) {
		got = append(got, string(m.NeedID))
	}
	slices.Sort(got)
	want := []string{need, first}
	if slices.Sort(want); !slices.Equal(got, want) {
		t.Errorf("an outsider is shown %v, want %v", got, want)
	}
	if got := w.ask(as(t, estate()), t, q); len(got) != mostItems {
		t.Errorf("its own people are shown %d", len(got))
	}
	found, err := w.published(as(t, kitchen()), estate())
	if err != nil || len(found) != 2 || found[0].ID != first {
		t.Errorf("what ends first does not come first: %v, %v", found, err)
	}
}
