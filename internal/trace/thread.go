package trace

import (
	"context"
	"slices"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// MostContracts bounds the contracts of one trace.
const MostContracts = 50

// thread is the part of the way that leads over one thing.
type thread struct {
	deeds    []*Deed
	promises []Promise // of these contracts, those on the way
	done     *Done     // the only one of what was done that is on the way; nil for all
	judged   *Judged   // the only judgement on the way; nil for all
	branch   *Step     // the only thing beside the promises that is on the way; nil for all
	origins  []*Step   // what it came of
}

// thread finds the way over a thing. Found is false where the caller sees no such thing, or it is none that can be a step.
func (s *Service) thread(ctx context.Context, thing string) (t *thread, found bool, err error) {
	kind, _ := id.KindOf(thing)
	switch kind {
	case id.KindContract:
		t, err = s.deeds(ctx, id.Contract(thing))
	case id.KindCommitment:
		t, err = s.ofPromise(ctx, id.Commitment(thing))
	case id.KindFulfilment:
		t, err = s.ofDone(ctx, id.Fulfilment(thing))
	case id.KindAppraisal:
		t, err = s.ofJudged(ctx, id.Appraisal(thing))
	default:
		t, err = s.ofOther(ctx, kind, thing)
	}
	if err != nil || t == nil {
		return nil, false, err
	}
	if err := s.upwards(ctx, t); err != nil {
		return nil, false, err
	}
	if t.branch != nil {
		t.promises = nil // they stand beside what came of the contract, not before it
	}
	return t, true, nil
}

// deeds is the way over contracts and all that they promise; nil where the caller sees none of them.
func (s *Service) deeds(ctx context.Context, of ...id.Contract) (*thread, error) {
	found, err := s.Deeds(ctx, of)
	if err != nil {
		return nil, err
	}
	t := &thread{}
	for _, d := range found {
		if d != nil {
			t.deeds, t.promises = append(t.deeds, d), append(t.promises, d.Promises...)
		}
	}
	if len(t.deeds) == 0 {
		return nil, nil //nolint:nilnil // not seeing a thing is no error
	}
	return t, nil
}

// only leaves those promises on the way that are meant.
func (t *thread) only(meant func(Promise) bool) {
	t.promises = slices.DeleteFunc(t.promises, func(p Promise) bool { return !meant(p) })
}

func (s *Service) ofPromise(ctx context.Context, of id.Commitment) (*thread, error) {
	c, _, _ := id.Whole[id.Contract](string(of), id.KindContract)
	t, err := s.deeds(ctx, c)
	if err != nil || t == nil {
		return nil, err
	}
	t.only(func(p Promise) bool { return p.ID == of })
	if len(t.promises) == 0 {
		return nil, nil //nolint:nilnil // the text of today has no such promise
	}
	return t, nil
}

// ofDone leads over what was done once. Where the promise has left the text, the way goes on at the contract.
func (s *Service) ofDone(ctx context.Context, of id.Fulfilment) (*thread, error) {
	found, err := s.Dones(ctx, []id.Fulfilment{of})
	if err != nil || found[0] == nil {
		return nil, err
	}
	c, _, _ := id.Whole[id.Contract](string(found[0].Commitment), id.KindContract)
	t, err := s.deeds(ctx, c)
	if err != nil {
		return nil, err
	}
	if t == nil {
		t = &thread{}
	}
	t.done = found[0]
	t.only(func(p Promise) bool { return p.ID == t.done.Commitment })
	return t, nil
}

func (s *Service) ofJudged(ctx context.Context, of id.Appraisal) (*thread, error) {
	found, err := s.Judgements(ctx, []id.Appraisal{of})
	if err != nil || found[0] == nil {
		return nil, err
	}
	t, err := s.deeds(ctx, found[0].Contract)
	if err != nil {
		return nil, err
	}
	if t == nil { // who has left the contract still sees how they were judged
		t = &thread{}
	}
	t.judged = found[0]
	return t, nil
}

// ofOther leads over what contracts come of, or what comes of them beside their promises.
func (s *Service) ofOther(ctx context.Context, kind id.Kind, thing string) (*thread, error) {
	for _, o := range s.Origins {
		if o.Of == kind {
			return s.ofOrigin(ctx, o, thing)
		}
	}
	for _, b := range s.Branches {
		if b.Of == kind {
			return s.ofBranch(ctx, b, thing)
		}
	}
	return nil, fault.New(fault.Invalid, CodeNoStep).At("id")
}

func (s *Service) ofOrigin(ctx context.Context, o Origin, thing string) (*thread, error) {
	found, err := o.Many(ctx, []string{thing})
	if err != nil || found[0] == nil {
		return nil, err
	}
	contracts, err := o.Contracts(ctx, thing, MostContracts)
	if err != nil {
		return nil, err
	}
	t, err := s.deeds(ctx, contracts...)
	if err != nil {
		return nil, err
	}
	if t == nil {
		t = &thread{}
	}
	t.only(func(p Promise) bool { return slices.Contains(p.Of, thing) })
	t.origins = []*Step{{Stage: o.Stage, ID: thing, Object: found[0]}}
	return t, nil
}

func (s *Service) ofBranch(ctx context.Context, b Branch, thing string) (*thread, error) {
	from, object, found, err := b.Contract(ctx, thing)
	if err != nil || !found {
		return nil, err
	}
	t := &thread{}
	if from != "" {
		if t, err = s.deeds(ctx, from); err != nil {
			return nil, err
		}
		if t == nil {
			t = &thread{}
		}
	}
	t.branch = &Step{Stage: b.Stage, ID: thing, Object: object, From: t.seen(from)}
	return t, nil
}

// upwards finds what the promises on the way came of.
func (s *Service) upwards(ctx context.Context, t *thread) error {
	for _, o := range s.Origins {
		var ids []string
		for _, p := range t.promises {
			for _, of := range p.Of {
				known := slices.Contains(ids, of) || slices.ContainsFunc(t.origins, func(s *Step) bool { return s.ID == of })
				if id.Is(of, o.Of) && !known {
					ids = append(ids, of)
				}
			}
		}
		if len(ids) == 0 {
			continue
		}
		found, err := o.Many(ctx, ids)
		if err != nil {
			return err
		}
		for i, object := range found {
			if object != nil {
				t.origins = append(t.origins, &Step{Stage: o.Stage, ID: ids[i], Object: object})
			}
		}
	}
	return nil
}

// seen are those of the steps that are on the way: what is hidden stands nowhere.
func (t *thread) seen(ids ...id.Contract) []string {
	out := []string{}
	for _, c := range ids {
		if slices.ContainsFunc(t.deeds, func(d *Deed) bool { return d.ID == c }) {
			out = append(out, string(c))
		}
	}
	return out
}
