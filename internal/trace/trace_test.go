package trace_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/trace"
)

// world is the room beside rooms in memory. What is hidden is there, and the caller may not see it.
type world struct {
	*trace.Service
	t        *testing.T
	hidden   map[string]bool
	names    map[string]string
	deeds    map[id.Contract]*trace.Deed
	dones    []*trace.Done
	judged   []*trace.Judged
	projects map[string]id.Contract
	reads    int // pages of what was done that were read
}

const (
	kindNeed    id.Kind = "ned"
	kindProject id.Kind = "prj"
)

func open(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, hidden: map[string]bool{}, names: map[string]string{}, deeds: map[id.Contract]*trace.Deed{}, projects: map[string]id.Contract{}}
	w.Service = trace.Open(trace.Config{
		Cursors: &page.Cursors{Keys: func() [][]byte { return [][]byte{make([]byte, 32)} }},
		Deeds: func(_ context.Context, ids []id.Contract) ([]*trace.Deed, error) {
			out := make([]*trace.Deed, len(ids))
			for i, c := range ids {
				if d := w.deeds[c]; !w.hidden[string(c)] && d != nil {
					kept := *d
					out[i] = &kept
				}
			}
			return out, nil
		},
		Dones: func(_ context.Context, ids []id.Fulfilment) ([]*trace.Done, error) {
			return pick(ids, w.dones, w.hidden, func(d *trace.Done) id.Fulfilment { return d.ID }), nil
		},
		Judgements: func(_ context.Context, ids []id.Appraisal) ([]*trace.Judged, error) {
			return pick(ids, w.judged, w.hidden, func(j *trace.Judged) id.Appraisal { return j.ID }), nil
		},
		DonesOf: func(_ context.Context, of id.Commitment, q store.Query) (store.List[*trace.Done], error) {
			w.reads++
			return some(w.dones, w.hidden, q, func(d *trace.Done) (string, bool) { return string(d.ID), d.Commitment == of }), nil
		},
		JudgementsOf: func(_ context.Context, of id.Contract, q store.Query) (store.List[*trace.Judged], error) {
			return some(w.judged, w.hidden, q, func(j *trace.Judged) (string, bool) { return string(j.ID), j.Contract == of }), nil
		},
		Origins: []trace.Origin{{
			Stage: trace.Need, Of: kindNeed,
			Many: func(_ context.Context, ids []string) ([]any, error) {
				out := make([]any, len(ids))
				for i, n := range ids {
					if w.names[n] != "" && !w.hidden[n] {
						out[i] = n
					}
				}
				return out, nil
			},
			Contracts: func(_ context.Context, of string, _ int) ([]id.Contract, error) {
				var out []id.Contract
				for c, d := range w.deeds {
					if slices.ContainsFunc(d.Promises, func(p trace.Promise) bool { return slices.Contains(p.Of, of) }) {
						out = append(out, c)
					}
				}
				slices.Sort(out)
				return out, nil
			},
		}},
		Branches: []trace.Branch{{
			Stage: trace.Project, Of: kindProject,
			Contract: func(_ context.Context, thing string) (id.Contract, any, bool, error) {
				c, ok := w.projects[thing]
				return c, thing, ok && !w.hidden[thing], nil
			},
			List: func(_ context.Context, of id.Contract, q store.Query) (store.List[*trace.Step], error) {
				var all []*trace.Step
				for p, c := range w.projects {
					if c == of {
						all = append(all, &trace.Step{Stage: trace.Project, ID: p, Object: p, From: []string{string(c)}})
					}
				}
				slices.SortFunc(all, func(a, b *trace.Step) int { return cmp.Compare(a.ID, b.ID) })
				return some(all, w.hidden, q, func(s *trace.Step) (string, bool) { return s.ID, true }), nil
			},
		}},
	})
	return w
}

func pick[I ~string, T any](ids []I, all []*T, hidden map[string]bool, of func(*T) I) []*T {
	out := make([]*T, len(ids))
	for i, want := range ids {
		at := slices.IndexFunc(all, func(x *T) bool { return of(x) == want })
		if at >= 0 && !hidden[string(want)] {
			out[i] = all[at]
		}
	}
	return out
}

// some is a page of things in their order, at most two at a time, so that pages of pages are met.
func some[T any](all []*T, hidden map[string]bool, q store.Query, of func(*T) (string, bool)) store.List[*T] {
	var got store.List[*T]
	for _, x := range all {
		key, ours := of(x)
		if !ours || hidden[key] || q.After != nil && key <= q.After.Values[0].(string) || q.Before != nil && key >= q.Before.Values[0].(string) {
			continue
		}
		got.Items, got.Positions = append(got.Items, x), append(got.Positions, store.Position{Values: []any{key}, ID: key})
	}
	most := min(q.Limit, 2)
	if len(got.Items) > most {
		from, to := 0, most
		if q.Last {
			from, to = len(got.Items)-most, len(got.Items)
		}
		got = store.List[*T]{Items: got.Items[from:to], Positions: got.Positions[from:to], HasMore: true}
		got.Reached = &got.Positions[most-1]
		if q.Last {
			got.Reached = &got.Positions[0]
		}
	}
	return got
}

// name gives a thing an identifier that tests can read.
func (w *world) name(k id.Kind, name string) string {
	i := id.Derived[string](k, name)
	w.names[i] = name
	return i
}

// contract makes a contract with promises: each its key, and the needs it came of.
func (w *world) contract(name string, promises map[string][]string) id.Contract {
	c := id.Contract(w.name(id.KindContract, name))
	d := &trace.Deed{ID: c, Object: string(c)}
	for key, of := range promises {
		m := id.Within[id.Commitment](id.KindCommitment, string(c), key)
		w.names[string(m)] = name + "." + key
		d.Promises = append(d.Promises, trace.Promise{ID: m, Object: string(m), Of: of})
	}
	slices.SortFunc(d.Promises, func(a, b trace.Promise) int { return cmp.Compare(a.ID, b.ID) })
	w.deeds[c] = d
	return c
}

// done makes n occurrences of a promise.
func (w *world) done(c id.Contract, key string, n int) {
	m := id.Within[id.Commitment](id.KindCommitment, string(c), key)
	for i := range n {
		f := fmt.Sprintf("ful1_%s.%s.%02d", strings.TrimPrefix(string(c), "ctr1_"), key, i)
		w.names[f] = fmt.Sprintf("%s.%s.%d", w.names[string(c)], key, i)
		w.dones = append(w.dones, &trace.Done{ID: id.Fulfilment(f), Commitment: m, Object: f})
	}
}

func (w *world) judge(c id.Contract, name string) string {
	a := w.name(id.KindAppraisal, name)
	w.judged = append(w.judged, &trace.Judged{ID: id.Appraisal(a), Contract: c, Object: a})
	slices.SortFunc(w.judged, func(a, b *trace.Judged) int { return cmp.Compare(a.ID, b.ID) })
	return a
}

// way is a page of a trace as words: each step's name, and in brackets those of the steps it follows from.
func (w *world) way(c *trace.Connection) []string {
	var out []string
	for _, s := range c.Nodes() {
		var from []string
		for _, f := range s.From {
			from = append(from, w.names[f])
		}
		out = append(out, fmt.Sprintf("%s %s%v", s.Stage, w.names[s.ID], from))
	}
	return out
}

func (w *world) whole(of string, stages ...trace.Stage) []string {
	w.t.Helper()
	c, err := w.Trace(w.t.Context(), of, stages, page.Args{First: new(100)})
	if err != nil {
		w.t.Fatal(err)
	}
	if c == nil {
		return nil
	}
	return w.way(c)
}

// town is a need and what came of it.
func town(t *testing.T) (w *world, c id.Contract, meal, verdict, project string) {
	t.Helper()
	w = open(t)
	meal, hair := w.name(kindNeed, "meal"), w.name(kindNeed, "hair")
	c = w.contract("deed", map[string][]string{"m1": {meal}, "m2": {hair}, "m3": nil})
	w.contract("other", map[string][]string{"m1": nil})
	w.done(c, "m1", 3)
	w.done(c, "m2", 1)
	verdict = w.judge(c, "verdict")
	project = w.name(kindProject, "project")
	w.projects[project] = c
	return w, c, meal, verdict, project
}

func TestATraceLeadsFromWhateverIsOnTheWayToBothEnds(t *testing.T) {
	w, c, meal, verdict, project := town(t)
	first := []string{"NEED meal[]", "CONTRACT deed[meal]", "COMMITMENT deed.m1[deed meal]"}
	last := []string{"PROJECT project[deed]", "RESULT verdict[deed]"}
	done := []string{"EVIDENCE deed.m1.0[deed.m1]", "EVIDENCE deed.m1.1[deed.m1]", "EVIDENCE deed.m1.2[deed.m1]"}
	needs := []string{"NEED hair[]", "NEED meal[]"}
	if w.name(kindNeed, "meal") < w.name(kindNeed, "hair") {
		slices.Reverse(needs)
	}
	both := strings.Fields(strings.ReplaceAll(strings.ReplaceAll(strings.Join(needs, " "), "NEED ", ""), "[]", ""))
	all := slices.Concat(needs, []string{
		fmt.Sprintf("CONTRACT deed%v", both), "COMMITMENT deed.m1[deed meal]", "COMMITMENT deed.m2[deed hair]", "COMMITMENT deed.m3[deed]",
	}, done, []string{"EVIDENCE deed.m2.0[deed.m2]"}, last)
	m1 := string(id.Within[id.Commitment](id.KindCommitment, string(c), "m1"))
	for of, want := range map[string][]string{
		meal:                  slices.Concat(first, done, last),
		string(c):             all,
		m1:                    slices.Concat(first, done, last),
		string(w.dones[1].ID): slices.Concat(first, done[1:2], last),
		verdict:               all,
		project:               slices.Concat(needs, []string{fmt.Sprintf("CONTRACT deed%v", both)}, last),
	} {
		if got := w.whole(of); !slices.Equal(got, want) {
			t.Errorf("from %s:\n%s\nnot\n%s", w.names[of], strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	if got := w.whole(string(c), trace.Evidence, trace.Need); len(got) != 6 {
		t.Errorf("two stages are %q", got)
	}
}

func TestWhatIsHiddenIsLeftOutAndNothingIsLookedForBehindIt(t *testing.T) {
	w, c, meal, verdict, _ := town(t)
	w.hidden[meal] = true
	m1 := string(id.Within[id.Commitment](id.KindCommitment, string(c), "m1"))
	if got := w.whole(m1); got[0] != "CONTRACT deed[]" || got[1] != "COMMITMENT deed.m1[deed]" {
		t.Errorf("a hidden need: %q", got)
	}
	if got := w.whole(meal); got != nil {
		t.Errorf("from a hidden need: %q", got)
	}
	w.hidden = map[string]bool{string(c): true}
	if got := w.whole(meal); !slices.Equal(got, []string{"NEED meal[]"}) {
		t.Errorf("behind a hidden contract: %q", got)
	}
	if got := w.whole(verdict); !slices.Equal(got, []string{"RESULT verdict[]"}) {
		t.Errorf("before a hidden contract: %q", got)
	}
	if got := w.whole(m1); got != nil {
		t.Errorf("from a promise of a hidden contract: %q", got)
	}
	w.hidden = map[string]bool{string(w.dones[0].ID): true}
	if got := w.whole(m1, trace.Evidence); len(got) != 2 {
		t.Errorf("beside hidden evidence: %q", got)
	}
}

func TestPagesOfAnySizeAndDirectionMakeTheWholeWay(t *testing.T) {
	w, c, _, _, _ := town(t)
	w.done(c, "m3", 7)
	whole := w.whole(string(c))
	for size := 1; size <= len(whole)+1; size++ {
		var forth, back []string
		for a := (page.Args{First: &size}); ; {
			p, err := w.Trace(t.Context(), string(c), nil, a)
			if err != nil {
				t.Fatal(err)
			}
			forth = append(forth, w.way(p)...)
			if !p.PageInfo.HasNextPage {
				break
			}
			a.After = p.PageInfo.EndCursor
		}
		for a := (page.Args{Last: &size}); ; {
			p, err := w.Trace(t.Context(), string(c), nil, a)
			if err != nil {
				t.Fatal(err)
			}
			back = append(w.way(p), back...)
			if !p.PageInfo.HasPreviousPage {
				break
			}
			a.Before = p.PageInfo.StartCursor
		}
		if !slices.Equal(forth, whole) || !slices.Equal(back, whole) {
			t.Errorf("%d at a time:\n%q\n%q\nnot\n%q", size, forth, back, whole)
		}
	}
	w.reads = 0
	if _, err := w.Trace(t.Context(), string(c), nil, page.Args{First: new(3)}); err != nil || w.reads != 0 {
		t.Errorf("the first three steps read %d pages of what was done: %v", w.reads, err)
	}
}

func TestWhatCannotBeTracedIsRefusedAndSaysWhy(t *testing.T) {
	w, c, meal, _, _ := town(t)
	p, err := w.Trace(t.Context(), string(c), nil, page.Args{First: new(1)})
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		of     string
		stages []trace.Stage
		args   page.Args
		code   fault.Code
		at     string
	}{
		{of: "per1_" + strings.Repeat("0", 26), code: trace.CodeNoStep, at: "id"},
		{of: "nonsense", code: trace.CodeNoStep, at: "id"},
		{of: string(c), stages: []trace.Stage{}, code: fault.CodeTooFew, at: "stages"},
		{of: string(c), stages: []trace.Stage{trace.Need, trace.Need}, code: fault.CodeDuplicate, at: "stages.1"},
		{of: string(c), args: page.Args{First: new(101)}, code: fault.CodeBadPage, at: "first"},
		{of: meal, args: page.Args{After: p.PageInfo.EndCursor}, code: fault.CodeBadCursor, at: "after"},
		{of: string(c), stages: []trace.Stage{trace.Need}, args: page.Args{Before: p.PageInfo.EndCursor}, code: fault.CodeBadCursor, at: "before"},
	} {
		_, err := w.Trace(t.Context(), x.of, x.stages, x.args)
		if f := fault.Of(err); !fault.Is(err, x.code) || strings.Join(f.Path, ".") != x.at {
			t.Errorf("%+v: %v", x, err)
		}
	}
	if p, err := w.Trace(t.Context(), string(id.Derived[id.Contract](id.KindContract, "none")), nil, page.Args{}); p != nil || err != nil {
		t.Errorf("of no contract at all: %v, %v", p, err)
	}
}
