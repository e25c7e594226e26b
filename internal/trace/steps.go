package trace

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Trace lists the steps of the way that leads over a thing, in the order of the way; nil where the caller sees no such
// thing.
func (s *Service) Trace(ctx context.Context, thing string, stages []Stage, a page.Args) (*Connection, error) {
	if stages != nil && len(stages) == 0 {
		return nil, fault.New(fault.Invalid, fault.CodeTooFew, "min", 1).At("stages")
	}
	for i, g := range stages {
		if slices.Contains(stages[:i], g) {
			return nil, fault.New(fault.Invalid, fault.CodeDuplicate, "value", g).At("stages", strconv.Itoa(i))
		}
	}
	t, found, err := s.thread(ctx, thing)
	if err != nil || !found {
		return nil, err
	}
	of := []string{"trace", thing}
	for _, g := range Stages() {
		if slices.Contains(stages, g) {
			of = append(of, string(g))
		}
	}
	links := slices.DeleteFunc(s.links(t), func(l link) bool { return stages != nil && !slices.Contains(stages, l.stage) })
	chain := make([]page.Link[*Step], len(links))
	for i, l := range links {
		chain[i] = l.Link
	}
	return page.Chained(ctx, s.Cursors, strings.Join(of, " "), chain, a)
}

// link is a part of the way, with its stage.
type link struct {
	page.Link[*Step]
	stage Stage
}

// key is a link's place on the way.
func key(g Stage, of string) string {
	return fmt.Sprintf("%02d %s", slices.Index(Stages(), g), of)
}

// links are the parts of the way, in their order: what is few at hand, and what is many to be read as far as it is asked for.
func (s *Service) links(t *thread) []link {
	var out []link
	few := func(g Stage, steps []*Step) {
		if len(steps) > 0 {
			out = append(out, link{page.LinkOf(key(g, ""), steps, idOf), g})
		}
	}
	for _, g := range Stages() {
		var some []*Step
		for _, o := range t.origins {
			if o.Stage == g {
				some = append(some, o)
			}
		}
		few(g, some)
	}
	few(Contract, t.contractSteps())
	few(Commitment, t.promiseSteps())
	out = append(out, s.doneLinks(t)...)
	out = append(out, s.branchLinks(t)...)
	out = append(out, s.judgedLinks(t)...)
	slices.SortStableFunc(out, func(a, b link) int { return strings.Compare(a.Key, b.Key) })
	return out
}

// contractSteps are the contracts on the way.
func (t *thread) contractSteps() []*Step {
	out := make([]*Step, len(t.deeds))
	for i, d := range t.deeds {
		var of []string
		for _, p := range d.Promises {
			of = append(of, p.Of...)
		}
		out[i] = &Step{Stage: Contract, ID: string(d.ID), Object: d.Object, From: t.origin(of)}
	}
	return out
}

// promiseSteps are the promises on the way.
func (t *thread) promiseSteps() []*Step {
	out := make([]*Step, len(t.promises))
	for i, p := range t.promises {
		in, _, _ := id.Whole[id.Contract](string(p.ID), id.KindContract)
		out[i] = &Step{Stage: Commitment, ID: string(p.ID), Object: p.Object, From: append([]string{string(in)}, t.origin(p.Of)...)}
	}
	return out
}

// origin are those of the things that are on the way, each once.
func (t *thread) origin(ids []string) []string {
	out := []string{}
	for _, o := range t.origins {
		if slices.Contains(ids, o.ID) {
			out = append(out, o.ID)
		}
	}
	return out
}

// doneLinks are what was done for each promise on the way.
func (s *Service) doneLinks(t *thread) []link {
	step := func(d *Done) *Step {
		from := []string{string(d.Commitment)}
		if !slices.ContainsFunc(t.promises, func(p Promise) bool { return p.ID == d.Commitment }) {
			in, _, _ := id.Whole[id.Contract](string(d.Commitment), id.KindContract)
			from = t.seen(in) // the text of today has no such promise
		}
		return &Step{Stage: Evidence, ID: string(d.ID), Object: d.Object, From: from}
	}
	if t.done != nil {
		return []link{{page.LinkOf(key(Evidence, ""), []*Step{step(t.done)}, idOf), Evidence}}
	}
	out := make([]link, len(t.promises))
	for i, p := range t.promises {
		out[i] = link{page.Link[*Step]{Key: key(Evidence, string(p.ID)), List: func(ctx context.Context, q store.Query) (store.List[*Step], error) {
			some, err := s.DonesOf(ctx, p.ID, q)
			return stepsOf(some, step), err
		}}, Evidence}
	}
	return out
}

// judgedLinks are how the parties of each contract on the way judged each other.
func (s *Service) judgedLinks(t *thread) []link {
	step := func(j *Judged) *Step {
		return &Step{Stage: Result, ID: string(j.ID), Object: j.Object, From: t.seen(j.Contract)}
	}
	if t.judged != nil {
		return []link{{page.LinkOf(key(Result, ""), []*Step{step(t.judged)}, idOf), Result}}
	}
	out := make([]link, len(t.deeds))
	for i, d := range t.deeds {
		out[i] = link{page.Link[*Step]{Key: key(Result, string(d.ID)), List: func(ctx context.Context, q store.Query) (store.List[*Step], error) {
			some, err := s.JudgementsOf(ctx, d.ID, q)
			return stepsOf(some, step), err
		}}, Result}
	}
	return out
}

// branchLinks are what came of each contract on the way beside its promises.
func (s *Service) branchLinks(t *thread) []link {
	if t.branch != nil {
		return []link{{page.LinkOf(key(t.branch.Stage, ""), []*Step{t.branch}, idOf), t.branch.Stage}}
	}
	var out []link
	for _, b := range s.Branches {
		for _, d := range t.deeds {
			out = append(out, link{page.Link[*Step]{Key: key(b.Stage, string(d.ID)), List: func(ctx context.Context, q store.Query) (store.List[*Step], error) {
				return b.List(ctx, d.ID, q)
			}}, b.Stage})
		}
	}
	return out
}

func idOf(s *Step) string { return s.ID }

// stepsOf makes steps of a page of things.
func stepsOf[T any](some store.List[T], step func(T) *Step) store.List[*Step] {
	out := store.List[*Step]{Positions: some.Positions, HasMore: some.HasMore, Reached: some.Reached}
	for _, t := range some.Items {
		out.Items = append(out.Items, step(t))
	}
	return out
}
