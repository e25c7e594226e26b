package graph_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/graph/graphtest"
	"github.com/cobuild/cobuild/internal/id"
)

const (
	hearEvents = `subscription($after: Long, $f: EventFilter) { it: eventsPublished(after: $after, filter: $f) { seq type subjectId } }`
	readEvents = `query($first: Int, $after: String, $f: EventFilter) { it: events(first: $first, after: $after, filter: $f) {
		edges { cursor node { id seq type subjectId subjectVersion at data subject { __typename id } actor { __typename id } } }
		nodes { seq type } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`
)

// happened is everything of a filter that somebody is shown, as "seq type", read in pages of a size.
func happened(t *testing.T, w *graphtest.Town, who string, size int, filter m) []string {
	t.Helper()
	var all []string
	var after any
	for {
		a := w.Ask(t, who, readEvents, "first", size, "after", after, "f", filter).Fine()
		for i := range a.Len("it.nodes") {
			at := fmt.Sprintf("it.nodes.%d.", i)
			all = append(all, a.Str(at+"seq")+" "+a.Str(at+"type"))
		}
		if a.Get("it.pageInfo.hasNextPage") != true {
			return all
		}
		if a.Get("it.pageInfo.endCursor") == after {
			t.Fatalf("%s is led nowhere: %s", who, a.Text)
		}
		after = a.Get("it.pageInfo.endCursor")
	}
}

// types are those of what happened, each once, in the order of the alphabet.
func types(happened []string) []string {
	var all []string
	for _, e := range happened {
		_, kind, _ := strings.Cut(e, " ")
		all = append(all, kind)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func TestEverybodyIsShownWhatConcernsThemAndNothingElse(t *testing.T) {
	w := graphtest.NewTown(t)
	c := w.Do(t, "secretary", "draftContract", draft(w), contractFields).Fine()
	c = step(t, w, "secretary", "proposeContract", c, nil).Fine()
	contract := c.Str("it.contract.id")
	w.Settle(t)
	of := m{"subject": contract}
	for _, who := range []string{"secretary", "liaison", "supervisor", "auditor"} {
		if got := types(happened(t, w, who, 100, of)); !slices.Equal(got, []string{"contract.drafted", "contract.proposed"}) {
			t.Errorf("%s is shown %v", who, got)
		}
	}
	for _, who := range []string{"", "outsider", "stranger", "admin"} {
		if got := happened(t, w, who, 100, of); len(got) > 0 {
			t.Errorf("%q is shown %v", who, got)
		}
	}
	public := types(happened(t, w, "", 100, nil))
	for _, kind := range []string{"community.registered", "district.registered", "subDistrict.registered", "unit.registered"} {
		if !slices.Contains(public, kind) {
			t.Errorf("nobody signed in is not shown %s, but %v", kind, public)
		}
	}
	if i := slices.IndexFunc(public, func(k string) bool {
		what, _, _ := strings.Cut(k, ".")
		return !slices.Contains([]string{"community", "district", "subDistrict", "unit", "key", "template", "library", "appraisal", "category"}, what)
	}); i >= 0 {
		t.Errorf("nobody signed in is shown %s", public[i])
	}
	if got := types(happened(t, w, "admin", 100, m{"types": []string{"role.*", "contract.*"}})); !slices.Equal(got, []string{"role.granted"}) {
		t.Errorf("an administrator is shown %v", got)
	}
	a := w.Ask(t, "secretary", readEvents, "first", 1, "f", of).Fine()
	if n := "it.edges.0.node."; a.Str(n+"type") != "contract.drafted" || a.Str(n+"subject.__typename") != "CoBuildingContract" || a.Str(n+"subject.id") != contract ||
		a.Int(n+"subjectVersion") != 1 || a.Str(n+"actor.__typename") != "Person" || a.Str(n+"data.status") != "DRAFT" || a.Str("it.edges.0.cursor") != a.Str(n+"seq") {
		t.Errorf("got %s", a.Text)
	}
}

func TestTheWholeOfItIsReadInPagesOfAnySize(t *testing.T) {
	w := graphtest.NewTown(t)
	for range 4 {
		w.Do(t, "secretary", "draftContract", draft(w), contractFields).Fine()
	}
	w.Settle(t)
	for _, who := range []string{"", "secretary", "supervisor", "admin"} {
		whole := happened(t, w, who, 100, nil)
		for _, size := range []int{1, 3, 7} {
			if got := happened(t, w, who, size, nil); !slices.Equal(got, whole) {
				t.Errorf("%q, %d at a time: %v, and at once %v", who, size, got, whole)
			}
		}
		var last int64
		for _, e := range whole {
			seq, _, _ := strings.Cut(e, " ")
			n, _ := strconv.ParseInt(seq, 10, 64)
			if n <= last {
				t.Errorf("%q: %s stands behind %d", who, e, last)
			}
			last = n
		}
	}
	const back = `query($before: String, $last: Int) { it: events(last: $last, before: $before) { nodes { seq type } pageInfo { hasPreviousPage startCursor endCursor } } }`
	var backward []string
	for before := any(nil); ; {
		a := w.Ask(t, "secretary", back, "last", 3, "before", before).Fine()
		var page []string
		for i := range a.Len("it.nodes") {
			at := fmt.Sprintf("it.nodes.%d.", i)
			page = append(page, a.Str(at+"seq")+" "+a.Str(at+"type"))
		}
		backward = append(page, backward...)
		if a.Get("it.pageInfo.hasPreviousPage") != true {
			break
		}
		before = a.Get("it.pageInfo.startCursor")
	}
	if whole := happened(t, w, "secretary", 100, nil); !slices.Equal(backward, whole) {
		t.Errorf("from the end: %v, and from the beginning %v", backward, whole)
	}
	w.Ask(t, "secretary", `{ events(first: 1, last: 1) { nodes { id } } }`).Is("BAD_PAGE")
	w.Ask(t, "secretary", `{ events(last: 1, before: "-1") { nodes { id } } }`).Is("BAD_CURSOR")
	if got := types(happened(t, w, "secretary", 2, m{"types": []string{"contract.*", "unit.registered"}})); !slices.Equal(got, []string{"contract.drafted", "unit.registered"}) {
		t.Errorf("by type: %v", got)
	}
	if got := happened(t, w, "secretary", 5, m{"types": []string{}}); len(got) > 0 {
		t.Errorf("of no type: %v", got)
	}
	end := w.Ask(t, "secretary", readEvents, "first", 100).Fine().Str("it.pageInfo.endCursor")
	if a := w.Ask(t, "secretary", readEvents, "after", end).Fine(); a.Len("it.edges") > 0 || a.Str("it.pageInfo.endCursor") != end || a.Get("it.pageInfo.hasNextPage") != false {
		t.Errorf("behind the end: %s", a.Text)
	}
	if a := w.Ask(t, "secretary", readEvents, "first", 0).Fine(); a.Len("it.edges") > 0 || a.Get("it.pageInfo.hasNextPage") != true || a.Get("it.pageInfo.endCursor") != nil {
		t.Errorf("none at all: %s", a.Text)
	}
}

func TestAPageOfEventsThatCannotBeIsRefused(t *testing.T) {
	w := graphtest.NewTown(t)
	many := make([]string, 101)
	for i := range many {
		many[i] = "contract.*"
	}
	for _, c := range []struct {
		first, after, filter any
		code, at             string
	}{
		{101, nil, nil, "BAD_PAGE", "first"},
		{-1, nil, nil, "BAD_PAGE", "first"},
		{1, "first", nil, "BAD_CURSOR", "after"},
		{1, "01", nil, "BAD_CURSOR", "after"},
		{1, "-1", nil, "BAD_CURSOR", "after"},
		{1, "999999", nil, "SEQ_NOT_REACHED", "after"},
		{1, nil, m{"types": many}, "TOO_MANY", "filter.types"},
		{1, nil, m{"types": []string{"contract.signed", "*"}}, "MALFORMED", "filter.types.1"},
		{1, nil, m{"types": []string{""}}, "MALFORMED", "filter.types.0"},
	} {
		a := w.Ask(t, "secretary", readEvents, "first", c.first, "after", c.after, "f", c.filter).Is(c.code)
		if at := `"inputPath":["` + strings.ReplaceAll(c.at, ".", `","`) + `"]`; !strings.Contains(a.Text, at) {
			t.Errorf("%s is not told at %s: %s", c.code, c.at, a.Text)
		}
	}
}

func TestAnEventIsFoundByItsIdentifierByWhomItConcerns(t *testing.T) {
	w := graphtest.NewTown(t)
	contract := w.Do(t, "secretary", "draftContract", draft(w), contractFields).Fine().Str("it.contract.id")
	w.Settle(t)
	e := w.Ask(t, "secretary", readEvents, "first", 1, "f", m{"subject": contract}).Fine().Str("it.edges.0.node.id")
	const find = `query($e: ID!) { it: node(id: $e) { __typename ... on Event { type seq } } }`
	if a := w.Ask(t, "liaison", find, "e", e).Fine(); a.Str("it.type") != "contract.drafted" {
		t.Errorf("got %s", a.Text)
	}
	for _, who := range []string{"", "outsider", "admin"} {
		if a := w.Ask(t, who, find, "e", e).Fine(); a.Get("it") != nil {
			t.Errorf("%q found %s", who, a.Text)
		}
	}
	if a := w.Ask(t, "secretary", find, "e", string(id.Placed(999_999))).Fine(); a.Get("it") != nil {
		t.Errorf("of what has not happened yet: %s", a.Text)
	}
}

func TestWhatIsPublishedIsWhatTheFeedShows(t *testing.T) {
	w := graphtest.NewTown(t)
	on := w.Serve(t)
	hear := map[string]*graphtest.Hearing{}
	for _, who := range []string{"", "secretary", "outsider", "admin"} {
		hear[who] = w.Hear(t, on, who, hearEvents, "after", "0")
	}
	c := w.Do(t, "secretary", "draftContract", draft(w), contractFields).Fine()
	step(t, w, "secretary", "proposeContract", c, nil).Fine()
	w.Do(t, "admin", "registerDistrict", m{"name": "梁溪区", "nameEn": "Liangxi", "code": "320213"}, "district { id }").Fine()
	w.Settle(t)
	for who, l := range hear {
		for _, want := range happened(t, w, who, 100, nil) {
			a := l.Next().Fine()
			if got := a.Str("it.seq") + " " + a.Str("it.type"); got != want {
				t.Fatalf("%q heard %s, and is shown %s", who, got, want)
			}
		}
	}
	only := w.Hear(t, on, "secretary", hearEvents, "after", "0", "f", m{"types": []string{"contract.proposed"}})
	if a := only.Next().Fine(); a.Str("it.type") != "contract.proposed" {
		t.Errorf("heard %s", a.Text)
	}
	w.Hear(t, on, "secretary", hearEvents, "f", m{"types": []string{"*"}}).Next().Is("MALFORMED")
}

func TestARightThatEndsTakesTheEventsWithIt(t *testing.T) {
	w := graphtest.NewTown(t)
	on := w.Serve(t)
	c := w.Do(t, "secretary", "draftContract", draft(w), contractFields).Fine()
	w.Settle(t)
	filter := m{"types": []string{"contract.*"}}
	if got := happened(t, w, "liaison", 100, filter); len(got) != 1 {
		t.Fatalf("a liaison is shown %v", got)
	}
	l := w.Hear(t, on, "liaison", hearEvents)
	role := w.Ask(t, "liaison", `{ viewer { roles { id } } }`).Fine().Str("viewer.roles.0.id")
	w.Do(t, "admin", "revokeRole", m{"role": role}, "person { id }").Fine()
	step(t, w, "secretary", "proposeContract", c, nil).Fine()
	w.Settle(t)
	if got := happened(t, w, "liaison", 100, filter); len(got) > 0 {
		t.Errorf("without the role: %v", got)
	}
	w.Do(t, "admin", "registerDistrict", m{"name": "梁溪区", "nameEn": "Liangxi", "code": "320213"}, "district { id }").Fine()
	for {
		a := l.Next().Fine()
		if kind := a.Str("it.type"); strings.HasPrefix(kind, "contract.") {
			t.Errorf("heard %s", a.Text)
		} else if kind == "district.registered" {
			return
		}
	}
}

func TestAProgramIsShownNoMoreThanItsScopesAllow(t *testing.T) {
	w := graphtest.NewTown(t)
	w.Do(t, "secretary", "draftContract", draft(w), contractFields).Fine()
	w.Settle(t)
	for name, scopes := range map[string][]string{"facts": {"ORGANISATIONS_READ"}, "contracts": {"ORGANISATIONS_READ", "CONTRACTS_READ"}} {
		accountOf(t, w, "liaison", "LIAISON", w.Unit, name, scopes...)
		got := types(happened(t, w, name, 100, m{"types": []string{"contract.*", "unit.*"}}))
		if slices.Contains(got, "contract.drafted") != (name == "contracts") || !slices.Contains(got, "unit.registered") {
			t.Errorf("with %v it is shown %v", scopes, got)
		}
	}
}
