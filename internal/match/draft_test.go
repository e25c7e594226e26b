package match

import (
	"slices"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// drafting is an input that nothing is wrong with.
func drafting(pairs ...[2]string) DraftInput {
	in := DraftInput{EffectiveOn: "2026-04-01", EndsOn: "2026-12-31"}
	for _, p := range pairs {
		in.Matches = append(in.Matches, ChoiceInput{Need: id.Need(p[0]), Resource: id.Resource(p[1])})
	}
	return in
}

func TestAChosenMatchBecomesAPromiseOfWhoeverOffers(t *testing.T) {
	w := open(t)
	n, r := meals(), cook()
	r.Windows = []Window{{Recurrence: "FREQ=WEEKLY;BYDAY=MO,TU", From: "2026-05-01", Until: "2026-10-31"}}
	need, res := w.put(t, n), w.put(t, r)
	got, err := w.Fill(as(t, estate()), drafting([2]string{need, res}))
	if err != nil {
		t.Fatal(err)
	}
	c := got.Commitments[0]
	if got.Host != estate() || !slices.Equal(got.Partners, []id.Organisation{kitchen()}) || c.Provider != kitchen() || c.Receiver != estate() ||
		*c.Quantity != 20 || c.Unit != "份" || *c.Recurrence != "FREQ=WEEKLY;UNTIL=20261031;BYDAY=MO,TU" || *c.StartsOn != "2026-05-01" || c.DueOn != nil ||
		!slices.Equal(c.Evidence, []string{"PHOTO"}) {
		t.Errorf("got %+v", c)
	}
	if got.Title != "老街社区与暖心助餐服务中心共建契约" || !strings.Contains(got.Purpose, n.Title) || !strings.Contains(c.Action, r.Title) {
		t.Errorf("says %q, %q, %q", got.Title, got.Purpose, c.Action)
	}
	m := w.ask(as(t, estate()), t, ofNeed(need))[0]
	if c.Need != m.NeedID || c.Resource != m.ResourceID || c.Score != m.score || c.Version != w.Weights.Version {
		t.Errorf("comes from %s, %s, %d, %s", c.Need, c.Resource, c.Score, c.Version)
	}
	in := drafting([2]string{need, res})
	in.Language, in.Title = new("en"), new("Meals")
	if got, err = w.Fill(as(t, estate()), in); err != nil || got.Title != "Meals" || !strings.HasPrefix(got.Purpose, "The parties") {
		t.Errorf("in English: %+v, %v", got, err)
	}
}

func TestAPromiseGoesFromTheCommunityToTheUnitWhereTheUnitLacks(t *testing.T) {
	w := open(t)
	hall := w.put(t, Item{ID: "hall", Side: ResourceSide, Organisation: estate(), Category: "MEANS_ROOMS", Title: "活动室"})
	choir := w.put(t, Item{ID: "choir", Side: NeedSide, Organisation: kitchen(), Category: "MEANS_ROOMS", Title: "排练场地"})
	got, err := w.Fill(as(t, estate()), drafting([2]string{choir, hall}))
	if err != nil {
		t.Fatal(err)
	}
	if c := got.Commitments[0]; got.Host != estate() || c.Provider != estate() || c.Receiver != kitchen() || c.Quantity != nil || c.Unit != "" || *c.DueOn != "2026-12-31" {
		t.Errorf("got %+v", c)
	}
}

func TestWhatIsOfferedOnceIsPromisedOnce(t *testing.T) {
	w := open(t)
	other := meals()
	other.ID, other.Left = "more meals", new(int64(25))
	r := cook()
	r.Left = new(int64(30))
	one, two, res := w.put(t, meals()), w.put(t, other), w.put(t, r)
	got, err := w.Fill(as(t, estate()), drafting([2]string{one, res}, [2]string{two, res}))
	if err != nil || *got.Commitments[0].Quantity != 20 || *got.Commitments[1].Quantity != 10 {
		t.Fatalf("got %+v, %v", got, err)
	}
	in := drafting([2]string{one, res}, [2]string{two, res})
	in.Matches[1].Quantity = new(int64(11))
	if _, err = w.Fill(as(t, estate()), in); !at(err, CodeTooMuch, "matches", "1", "quantity") || fault.Of(err).Params["left"] != int64(10) {
		t.Errorf("more than is left: %v", err)
	}
	in.Matches[0].Quantity, in.Matches[1].Quantity = new(int64(5)), new(int64(25))
	if got, err = w.Fill(as(t, estate()), in); err != nil || *got.Commitments[1].Quantity != 25 {
		t.Errorf("as chosen: %v", err)
	}
}

func TestWhatIsCountedInAnotherUnitIsPromisedInTheOffersOwn(t *testing.T) {
	w := open(t)
	r := cook()
	r.Unit, r.Left = "元", new(int64(5000))
	need, res := w.put(t, meals()), w.put(t, r)
	got, err := w.Fill(as(t, estate()), drafting([2]string{need, res}))
	if err != nil || *got.Commitments[0].Quantity != 5000 || got.Commitments[0].Unit != "元" || got.Commitments[0].Evidence[0] != "RECEIPT" {
		t.Fatalf("got %+v, %v", got, err)
	}
	r.Unit, r.Left = "", nil
	w.put(t, r)
	in := drafting([2]string{need, res})
	in.Matches[0].Quantity = new(int64(3))
	if got, err = w.Fill(as(t, estate()), in); err != nil || *got.Commitments[0].Quantity != 3 {
		t.Errorf("so many of what is not counted: %v", err)
	}
}

func TestAPromiseFallsWithinTheContract(t *testing.T) {
	for name, tt := range map[string]struct {
		offered, needed []Window
		rule            string
		from, due       scalar.Date
	}{
		"no time":                {nil, nil, "", "", "2026-12-31"},
		"from a day to a day":    {[]Window{{From: "2026-07-01", Until: "2026-08-31"}}, nil, "", "2026-07-01", "2026-08-31"},
		"beyond the contract":    {[]Window{{From: "2026-12-01", Until: "2027-08-31"}}, nil, "", "2026-12-01", "2026-12-31"},
		"over before it":         {[]Window{{From: "2026-01-01", Until: "2026-02-28"}}, []Window{{Recurrence: "FREQ=MONTHLY"}}, "FREQ=MONTHLY", "2026-04-01", ""},
		"a rule that never hits": {[]Window{{Recurrence: "FREQ=YEARLY;BYMONTH=2"}}, nil, "", "", "2026-12-31"},
		"always":                 {[]Window{{From: "2026-05-01"}}, nil, "", "", "2026-12-31"},
		"the offer's first":      {[]Window{{Recurrence: "FREQ=WEEKLY"}}, []Window{{Recurrence: "FREQ=DAILY"}}, "FREQ=WEEKLY", "2026-04-01", ""},
		"its own end":            {[]Window{{Recurrence: "FREQ=WEEKLY;COUNT=3", Until: "2026-08-31"}}, nil, "FREQ=WEEKLY;COUNT=3", "2026-04-01", ""},
	} {
		var c FilledCommitment
		c.when(&pair{need: &Item{Windows: tt.needed}, resource: &Item{Windows: tt.offered}}, "2026-04-01", "2026-12-31")
		if or(c.Recurrence, "") != tt.rule || or(c.StartsOn, "") != tt.from || or(c.DueOn, "") != tt.due {
			t.Errorf("%s: %q from %q, due %q", name, or(c.Recurrence, ""), or(c.StartsOn, ""), or(c.DueOn, ""))
		}
	}
	var c FilledCommitment
	if c.when(&pair{need: &Item{}, resource: &Item{}}, "soon", "2026-12-31"); c.DueOn != nil {
		t.Error("a day that is none begins something")
	}
}

func TestAChoiceThatCannotBeIsRefusedWhereItStands(t *testing.T) {
	w := open(t)
	need, res := w.put(t, meals()), w.put(t, cook())
	put := func(i Item, id string, alter func(*Item)) string {
		i.ID = id
		alter(&i)
		return w.put(t, i)
	}
	hidden := put(meals(), "hidden", func(i *Item) { i.Audience = []string{"another's"} })
	ended := put(meals(), "ended", func(i *Item) { i.Standing, i.Status = Closed, "WITHDRAWN" })
	taken := put(cook(), "taken", func(i *Item) { i.Standing = Taken })
	spent := put(cook(), "spent", func(i *Item) { i.Left = new(int64(0)) })
	far := put(meals(), "far", func(i *Item) { i.Organisation = village() })
	between := put(meals(), "unit's", func(i *Item) { i.Organisation = org(id.KindUnit, "school") })
	both := put(cook(), "community's", func(i *Item) { i.Organisation = village() })
	half := put(cook(), "half", func(i *Item) { i.Left = new(int64(15)) })
	for name, tt := range map[string]struct {
		pairs [][2]string
		code  fault.Code
		path  []string
	}{
		"nothing":             {nil, fault.CodeTooFew, []string{"matches"}},
		"too many":            {slices.Repeat([][2]string{{need, res}}, MostChosen+1), fault.CodeTooMany, []string{"matches"}},
		"the same twice":      {[][2]string{{need, res}, {need, res}}, fault.CodeDuplicate, []string{"matches", "1"}},
		"the wrong way round": {[][2]string{{res, need}}, fault.CodeWrongID, []string{"matches", "0", "need"}},
		"a hidden need":       {[][2]string{{need, res}, {hidden, res}}, fault.CodeNotFound, []string{"matches", "1", "need"}},
		"an unknown resource": {[][2]string{{need, id.Derived[string](id.KindResource, "none")}}, fault.CodeNotFound, []string{"matches", "0", "resource"}},
		"a withdrawn need":    {[][2]string{{ended, res}}, CodeNotOpen, []string{"matches", "0", "need"}},
		"a claimed resource":  {[][2]string{{need, taken}}, CodeNothingLeft, []string{"matches", "0", "resource"}},
		"an exhausted one":    {[][2]string{{need, spent}}, CodeNothingLeft, []string{"matches", "0", "resource"}},
		"exhausted by itself": {[][2]string{{need, half}, {put(meals(), "second", func(*Item) {}), half}}, CodeNothingLeft, []string{"matches", "1"}},
		"two communities":     {[][2]string{{need, res}, {far, res}}, CodeOtherCommunity, []string{"matches", "1"}},
		"two units":           {[][2]string{{between, res}}, CodeNotBetween, []string{"matches", "0"}},
		"communities alone":   {[][2]string{{need, both}}, CodeNotBetween, []string{"matches", "0"}},
	} {
		if _, err := w.Fill(as(t, estate()), drafting(tt.pairs...)); !at(err, tt.code, tt.path...) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	in := drafting([2]string{need, res})
	in.Matches[0].Quantity = new(int64(0))
	if _, err := w.Fill(as(t, estate()), in); !at(err, fault.CodeOutOfRange, "matches", "0", "quantity") {
		t.Errorf("none of it: %v", err)
	}
}

func at(err error, code fault.Code, path ...string) bool {
	return err != nil && slices.ContainsFunc(fault.All(err), func(f *fault.Fault) bool { return f.Code == code && slices.Equal(f.Path, path) })
}

// What one party may not read has no name in a text that all of them sign.
func TestADraftNamesNothingThatAPartyMayNotRead(t *testing.T) {
	w := open(t)
	clinic := org(id.KindUnit, "clinic")
	n := meals()
	n.Audience = []string{string(estate()), string(kitchen())}
	open, resource := w.put(t, n), w.put(t, cook())
	hidden := Item{
		ID: "check-ups", Side: ResourceSide, Organisation: clinic, Category: "HEALTH_CLINIC", Title: "内部体检名额", Left: new(int64(3)), Unit: "人",
		Audience: []string{string(estate()), string(clinic)},
	}
	wanted := Item{
		ID: "check-up", Side: NeedSide, Organisation: estate(), Category: "HEALTH", Title: "困难家庭体检", Left: new(int64(3)), Unit: "人",
	}
	both := drafting([2]string{open, resource}, [2]string{w.put(t, wanted), w.put(t, hidden)})
	for _, tt := range []struct {
		in                      DraftInput
		language, first, second string
	}{
		{drafting([2]string{open, resource}), "zh-CN", n.Title, ""},
		{both, "zh-CN", "满足需求“助餐”", "提供“义诊”，满足需求“困难家庭体检”"},
		{both, "en", "Provide “老人午餐送餐” for the need “Meals”", "Provide “Free clinics”"},
	} {
		tt.in.Language = &tt.language
		got, err := w.Fill(as(t, estate()), tt.in)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []string{tt.first, tt.second}[:len(got.Commitments)] {
			if !strings.Contains(got.Commitments[i].Action, want) {
				t.Errorf("it says %q, want %q", got.Commitments[i].Action, want)
			}
		}
		if all := got.Purpose + got.Commitments[0].Action; len(got.Partners) == 2 && strings.Contains(all, n.Title) {
			t.Errorf("it names a need that the clinic may not read: %q", all)
		}
	}
}
