package playbook

import (
	"context"
	"errors"
	"maps"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
)

func old(more ApplyInput) ApplyInput {
	more.Community, more.Type = estate, "OLD_ESTATE"
	return more
}

func TestAPlaybookIsMadeOnceHoweverOftenAndByWhomeverItIsApplied(t *testing.T) {
	h := newHouse(t)
	first := h.applied(h.secretary(), old(ApplyInput{}))
	p := first.Playbook
	want := len(p.Needs) + len(p.ContractTemplates) + len(p.ProjectTemplates)
	if n := counted(first); n[WasMade] != want || len(first.Outcomes) != want || len(h.made) != want {
		t.Fatalf("%v of %d, %d objects", n, want, len(h.made))
	}
	other := authz.With(h.t.Context(), authz.Actor{Person: "per1_00000000000000000000000002", Holdings: []authz.Holding{{Role: authz.Secretary, Organisation: estate}}})
	again := h.applied(other, old(ApplyInput{}))
	if n := counted(again); n[MadeEarly] != want || len(h.made) != want {
		t.Errorf("again: %v, %d objects", n, len(h.made))
	}
	for i, o := range again.Outcomes {
		if o.Object == "" || o.Object != first.Outcomes[i].Object {
			t.Errorf("%s is %q, and was %q", o.Part.Key, o.Object, first.Outcomes[i].Object)
		}
	}
	a := again.Application
	if len(a.Made) != want || len(a.Rounds) != 1 || a.Rounds[0].Role != authz.Secretary || a.Rounds[0].Made != want || a.PlaybookVersion() != p.Version {
		t.Errorf("%d made in %d rounds: %+v", len(a.Made), len(a.Rounds), a.Rounds[0])
	}
}

func TestOnlyWhatIsChosenIsMade(t *testing.T) {
	h := newHouse(t)
	kinds := h.applied(h.secretary(), old(ApplyInput{Kinds: []PartKind{PartProject}}))
	if n := counted(kinds); n[WasMade] != len(kinds.Playbook.ProjectTemplates) {
		t.Errorf("by kind: %v", n)
	}
	both := h.applied(h.secretary(), old(ApplyInput{Kinds: []PartKind{PartProject}, Parts: []string{"haircuts", "contract-six-roles"}}))
	if n := counted(both); n[WasMade] != 2 || n[MadeEarly] != len(kinds.Outcomes) {
		t.Errorf("by kind and key: %v", n)
	}
}

func TestADryRunSaysWhatWouldBeMadeAndWritesNothing(t *testing.T) {
	h := newHouse(t)
	h.fails["gate"] = fault.New(fault.Refused, "CATEGORY_RETIRED").At("category")
	dry := h.applied(h.secretary(), old(ApplyInput{Kinds: []PartKind{PartNeed}, DryRun: true}))
	n := counted(dry)
	if n[NotMade] != 1 || n[WouldMake] != len(dry.Playbook.Needs)-1 || dry.Application != nil || len(h.made) != 0 {
		t.Errorf("%v, %+v, %d objects", n, dry.Application, len(h.made))
	}
	if all, err := h.Applications(h.secretary(), estate, page.Args{}); err != nil || len(all.Edges) != 0 {
		t.Errorf("%d applications, %v", len(all.Edges), err)
	}
	h.applied(h.secretary(), old(ApplyInput{Parts: []string{"haircuts"}}))
	after := h.applied(h.secretary(), old(ApplyInput{Parts: []string{"haircuts", "groceries"}, DryRun: true}))
	if n := counted(after); n[MadeEarly] != 1 || n[WouldMake] != 1 || after.Application == nil || len(after.Application.Made) != 1 {
		t.Errorf("after: %v, %+v", n, after.Application)
	}
	trial := h.applied(store.WithTrial(h.secretary(), store.NewTrial()), old(ApplyInput{Parts: []string{"groceries"}}))
	if n := counted(trial); n[WouldMake] != 1 || len(h.made) != 1 {
		t.Errorf("within the trial of somebody else: %v, %d objects", n, len(h.made))
	}
}

func TestWhatIsWrongWithOnePartHoldsUpNoOther(t *testing.T) {
	h := newHouse(t)
	h.fails["gate"] = fault.New(fault.Refused, "CATEGORY_RETIRED").At("category")
	a := h.applied(h.secretary(), old(ApplyInput{Parts: []string{"haircuts", "gate", "groceries"}}))
	if n := counted(a); n[WasMade] != 2 || n[NotMade] != 1 || a.Application.Rounds[0].Failed != 1 || a.Application.Rounds[0].Made != 2 {
		t.Fatalf("%v, %+v", n, a.Application.Rounds[0])
	}
	for _, o := range a.Outcomes {
		if (o.State == NotMade) != (o.Part.Key == "gate") || (o.Err != nil) != (o.State == NotMade) {
			t.Errorf("%s: %s, %v", o.Part.Key, o.State, o.Err)
		}
	}
	delete(h.fails, "gate")
	b := h.applied(h.secretary(), old(ApplyInput{Parts: []string{"haircuts", "gate", "groceries"}}))
	if n := counted(b); n[WasMade] != 1 || n[MadeEarly] != 2 || len(b.Application.Rounds) != 2 {
		t.Errorf("mended: %v, %d rounds", n, len(b.Application.Rounds))
	}
}

// The store goes away in the middle: the caller is told that it is not over, and asks again.
func TestWhatWasMadeBeforeAFailureIsFoundAgain(t *testing.T) {
	h := newHouse(t)
	h.fails["phone-help"] = fault.New(fault.Unavailable, fault.CodeUnavailable)
	_, err := h.Apply(h.secretary(), old(ApplyInput{Kinds: []PartKind{PartNeed}}))
	if !fault.Is(err, fault.CodeUnavailable) {
		t.Fatalf("got %v", err)
	}
	before := len(h.made)
	delete(h.fails, "phone-help")
	a := h.applied(h.secretary(), old(ApplyInput{Kinds: []PartKind{PartNeed}}))
	if n := counted(a); n[MadeEarly] != before || n[WasMade] != len(a.Outcomes)-before || len(h.made) != len(a.Outcomes) || len(a.Application.Made) != len(a.Outcomes) {
		t.Errorf("%v after %d, %d objects, %d noted", n, before, len(h.made), len(a.Application.Made))
	}
}

// Killed after the making, before it was noted: the objects are found by their names, and noted then.
func TestWhatWasMadeAndNeverNotedIsNotMadeAgain(t *testing.T) {
	h := newHouse(t)
	alone := *h.Service
	alone.applications = newHouse(t).applications // another room's book: this one never hears of it
	if _, err := alone.Apply(h.secretary(), old(ApplyInput{Parts: []string{"haircuts"}})); err != nil {
		t.Fatal(err)
	}
	a := h.applied(h.secretary(), old(ApplyInput{Parts: []string{"haircuts"}}))
	if n := counted(a); n[MadeEarly] != 1 || len(a.Application.Made) != 1 || len(h.made) != 1 {
		t.Errorf("%v, %d noted, %d objects", n, len(a.Application.Made), len(h.made))
	}
}

func TestManyWhoApplyAtOnceMakeEverythingOnce(t *testing.T) {
	h := newHouse(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := h.Apply(h.secretary(), old(ApplyInput{Kinds: []PartKind{PartNeed}})); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	a := h.applied(h.secretary(), old(ApplyInput{Kinds: []PartKind{PartNeed}}))
	if n := len(a.Outcomes); len(h.made) != n || len(a.Application.Made) != n {
		t.Errorf("%d parts, %d objects, %d noted", n, len(h.made), len(a.Application.Made))
	}
}

func TestAMutationThatTheClientNamedIsDoneOnce(t *testing.T) {
	h := newHouse(t)
	in := old(ApplyInput{Parts: []string{"haircuts"}})
	h.applied(named(h.secretary(), "one", "haircuts"), in)
	ctx := named(h.secretary(), "one", "haircuts")
	a := h.applied(ctx, in)
	if !store.OnceFrom(ctx).Replayed || counted(a)[MadeEarly] != 1 {
		t.Errorf("%v, replayed %v", counted(a), store.OnceFrom(ctx).Replayed)
	}
	_, err := h.Apply(named(h.secretary(), "one", "groceries"), old(ApplyInput{Parts: []string{"groceries"}}))
	refuses(t, err, fault.CodeMismatch, "clientMutationId")
	if len(h.made) != 1 {
		t.Errorf("%d objects", len(h.made))
	}
}

func TestOnlyTheSecretaryOfTheCommunityAppliesAPlaybook(t *testing.T) {
	h := newHouse(t)
	for name, who := range map[string]context.Context{
		"a grid steward": h.as(authz.GridSteward, estate), "a secretary elsewhere": h.as(authz.Secretary, village),
		"a supervisor": h.as(authz.Supervisor, street), "an administrator": h.as(authz.Administrator, ""), "a unit's liaison": h.as(authz.Liaison, school),
	} {
		for _, dry := range []bool{true, false} {
			if _, err := h.Apply(who, old(ApplyInput{DryRun: dry})); !fault.Is(err, fault.CodeForbidden) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if _, err := h.Apply(t.Context(), old(ApplyInput{})); !fault.Is(err, fault.CodeUnauthenticated) {
		t.Errorf("nobody: %v", err)
	}
	if len(h.made) != 0 {
		t.Errorf("%d objects", len(h.made))
	}
}

func TestWhatIsWrongWithTheChoiceIsToldAtItsField(t *testing.T) {
	h := newHouse(t)
	many := make([]string, MaxChosen+1)
	for name, tt := range map[string]struct {
		in   ApplyInput
		code fault.Code
		at   string
	}{
		"no such community":    {ApplyInput{Community: nobody, Type: "OLD_ESTATE"}, fault.CodeNotFound, "community"},
		"a unit":               {ApplyInput{Community: school, Type: "OLD_ESTATE"}, CodeNotCommunity, "community"},
		"another type":         {ApplyInput{Community: estate, Type: "RURAL"}, CodeOtherType, "type"},
		"no such version":      {old(ApplyInput{PlaybookVersion: new(99)}), CodeUnknownVersion, "playbookVersion"},
		"no such part":         {old(ApplyInput{Parts: []string{"haircuts", "moon"}}), CodeUnknownPart, "parts.1"},
		"a part of a long key": {old(ApplyInput{Parts: []string{strings.Repeat("长", 5000)}}), CodeUnknownPart, "parts.0"},
		"a part to be read":    {old(ApplyInput{Parts: []string{"post-barber"}}), CodeOnlyRead, "parts.0"},
		"a part twice":         {old(ApplyInput{Parts: []string{"gate", "gate"}}), fault.CodeDuplicate, "parts.1"},
		"a kind to be read":    {old(ApplyInput{Kinds: []PartKind{PartNeed, PartIndicator}}), CodeOnlyRead, "kinds.1"},
		"nothing":              {old(ApplyInput{Parts: []string{}}), fault.CodeTooFew, "parts"},
		"too much":             {old(ApplyInput{Parts: many}), fault.CodeTooMany, "parts"},
		"a third language":     {old(ApplyInput{Language: new("fr")}), CodeLanguage, "language"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.Apply(h.secretary(), tt.in)
			refuses(t, err, tt.code, tt.at)
			for _, f := range fault.All(err) {
				if part, _ := f.Params["part"].(string); len([]rune(part)) > 81 {
					t.Errorf("the answer repeats %d characters", len(part))
				}
			}
		})
	}
}

// A village is built over, and is an estate from then on.
func TestACommunityWhoseTypeChangesTakesFromTheOtherPlaybookAndKeepsWhatItHas(t *testing.T) {
	h := newHouse(t)
	of := h.as(authz.Secretary, village)
	h.applied(of, ApplyInput{Community: village, Type: "RURAL", Parts: []string{"coop-loan"}})
	h.types[village] = "RESETTLEMENT"
	_, err := h.Apply(of, ApplyInput{Community: village, Type: "RURAL"})
	refuses(t, err, CodeOtherType, "type")
	if f := fault.Of(err); f.Params["given"] != "RESETTLEMENT" || f.Params["type"] != CommunityType("RURAL") {
		t.Errorf("the way out: %v", f.Params)
	}
	h.applied(of, ApplyInput{Community: village, Type: "RESETTLEMENT", Parts: []string{"title-deeds"}})
	both, err := h.Applications(of, village, page.Args{First: new(5)})
	if err != nil || len(both.Edges) != 2 {
		t.Fatalf("%+v, %v", both.Nodes(), err)
	}
	for _, a := range both.Nodes() {
		if want := map[CommunityType]string{"RURAL": "coop-loan", "RESETTLEMENT": "title-deeds"}[a.Type]; len(a.Made) != 1 || a.Made[0].Key != want {
			t.Errorf("of %s: %+v", a.Type, a.Made)
		}
	}
}

func TestANewerVersionSaysWhatItAddsToWhatACommunityTook(t *testing.T) {
	h := newHouse(t, next(t, "OLD_ESTATE", func(file map[string]any) {
		needs := file["needs"].([]any)
		needs[0].(map[string]any)["text"].(map[string]any)["zh"] = "换了说法。"
		lift := maps.Clone(needs[0].(map[string]any))
		lift["key"] = "lift"
		file["needs"] = append(append([]any{needs[0]}, needs[2:]...), lift) // without haircuts
		first(file, "posts")["text"].(map[string]any)["zh"] = "换了说法。"
	}))
	one := h.applied(h.secretary(), old(ApplyInput{PlaybookVersion: new(1)}))
	d := h.Newer(one.Application)
	if d == nil || d.From != 1 || d.To.Version != 2 {
		t.Fatalf("%+v", d)
	}
	if len(d.Added) != 1 || d.Added[0].Key != "lift" || len(d.Changed) != 1 || d.Changed[0].Key != "stair-seats" || len(d.Dropped) != 1 || d.Dropped[0] != "haircuts" {
		t.Errorf("%+v", d)
	}
	whole := h.Since(h.Playbook("OLD_ESTATE", nil), 1)
	if whole == nil || len(whole.Changed) != 2 || len(whole.Added) != 1 {
		t.Errorf("between the versions: %+v", whole)
	}
	if h.Since(h.Playbook("OLD_ESTATE", nil), 2) != nil || h.Since(h.Playbook("OLD_ESTATE", nil), 7) != nil {
		t.Error("a difference from what is not older")
	}
	two := h.applied(h.secretary(), old(ApplyInput{}))
	if n := counted(two); n[WasMade] != 1 || two.Application.PlaybookVersion() != 2 || h.Newer(two.Application) != nil {
		t.Errorf("%v, %d", n, two.Application.PlaybookVersion())
	}
	if m := two.Application.made("stair-seats"); m.Version != 1 || two.Application.made("lift").Version != 2 {
		t.Errorf("made after another version than it was: %+v", m)
	}
}

func TestPlaybooksAreListedByTypeTheNewestFirst(t *testing.T) {
	h := newHouse(t, next(t, "RURAL", func(map[string]any) {}))
	var seen []*Playbook
	a := page.Args{First: new(2)}
	for {
		c, err := h.Playbooks(nil, a)
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, c.Nodes()...)
		if n, err := c.TotalCount(t.Context()); err != nil || *n != 5 {
			t.Errorf("%v, %v", n, err)
		}
		if !c.PageInfo.HasNextPage {
			break
		}
		a.After = c.PageInfo.EndCursor
	}
	if len(seen) != 5 || seen[0].Type != "RURAL" || seen[0].Version != 2 || seen[1].Version != 1 {
		t.Errorf("%d: %+v", len(seen), seen)
	}
	back, err := h.Playbooks(nil, page.Args{Last: new(2), Before: a.After})
	if err != nil || len(back.Edges) != 2 || back.Nodes()[1] != seen[2] && back.Nodes()[1] != seen[3] {
		t.Errorf("%+v, %v", back, err)
	}
	of, err := h.Playbooks(new(CommunityType("RURAL")), page.Args{})
	if err != nil || len(of.Edges) != 2 {
		t.Fatalf("%+v, %v", of, err)
	}
	_, err = h.Playbooks(nil, page.Args{After: of.PageInfo.EndCursor})
	refuses(t, err, fault.CodeBadCursor, "after")
	for _, p := range seen {
		if found, err := h.Many(t.Context(), []id.Playbook{p.ID, "pbk1_00000000000000000000000000"}); err != nil || found[0] != p || found[1] != nil {
			t.Errorf("%v, %v", found, err)
		}
	}
	if h.Playbook("RURAL", new(3)) != nil || h.Playbook("RURAL", nil).Version != 2 || h.Playbook("RURAL", new(1)).Version != 1 {
		t.Error("another version than was asked for")
	}
}

func TestAnApplicationIsReadByTheCommunitysPeopleAndTheBodiesAbove(t *testing.T) {
	h := newHouse(t)
	made := h.applied(h.secretary(), old(ApplyInput{Parts: []string{"haircuts"}})).Application
	for name, tt := range map[string]struct {
		who  context.Context
		sees bool
	}{
		"the secretary": {h.secretary(), true}, "a grid steward": {h.as(authz.GridSteward, estate), true}, "a supervisor": {h.as(authz.Supervisor, street), true},
		"the district's auditor": {h.as(authz.Auditor, district), true}, "an administrator": {h.as(authz.Administrator, ""), true},
		"a member": {h.as(authz.Member, estate), false}, "a secretary elsewhere": {h.as(authz.Secretary, village), false}, "a unit": {h.as(authz.Liaison, school), false},
	} {
		list, err := h.Applications(tt.who, estate, page.Args{})
		one, err2 := h.ManyApplications(tt.who, []id.PlaybookApplication{made.ID})
		if errors.Join(err, err2) != nil || (len(list.Edges) == 1) != tt.sees || (one[0] != nil) != tt.sees {
			t.Errorf("%s: %d, %v, %v %v", name, len(list.Edges), one[0], err, err2)
		}
	}
	if _, err := h.Applications(t.Context(), estate, page.Args{}); !fault.Is(err, fault.CodeUnauthenticated) {
		t.Errorf("nobody: %v", err)
	}
}

func TestAFileThatIsWrongIsNamed(t *testing.T) {
	for name, tt := range map[string]struct {
		file  string
		alter func(string) string
		says  string
	}{
		"another name":       {"village.json", func(s string) string { return s }, "rural.1.json"},
		"a field of its own": {"rural.1.json", func(s string) string { return strings.Replace(s, `"type"`, `"author": "x", "type"`, 1) }, "author"},
		"a key twice":        {"rural.1.json", func(s string) string { return strings.Replace(s, `"village-brand"`, `"produce-sales"`, 1) }, "produce-sales"},
		"no rule":            {"rural.1.json", func(s string) string { return strings.Replace(s, "FREQ=YEARLY", "FREQ=SOMETIMES", 1) }, "RECURRENCE_MALFORMED"},
		"no such party":      {"rural.1.json", func(s string) string { return strings.Replace(s, `"provider": "buyer"`, `"provider": "mayor"`, 1) }, "mayor"},
	} {
		_, err := Read(os.DirFS(folder(t, tt.file, tt.alter)))
		if err == nil || !strings.Contains(err.Error(), tt.says) || !strings.Contains(err.Error(), tt.file) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if s, err := Read(os.DirFS(folder(t, "rural.1.json", func(s string) string { return s }))); err != nil || len(s.all) != 1 {
		t.Errorf("a sound one: %v", err)
	}
}
