package contract

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/signing"
)

// amendWalker goes at random through the lives of several amendments of one contract, and of the contract itself.
type amendWalker struct {
	*house
	c    *Contract
	all  []*Amendment
	text map[int]string // the texts that have been in force, by version: their titles
	made int
}

// Whatever people and time do: only what is frozen is signed, a text is applied only on the one it was written for, one
// amendment at a time is signed, and the text in force is the one that was signed, or the last one applied.
func TestWhateverPeopleDoAmendmentsHold(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := &amendWalker{house: newHouse(t), text: map[int]string{}}
		w.c = w.inForce()
		w.text[w.c.TextVersion] = w.c.Title
		for range rapid.IntRange(5, 25).Draw(rt, "steps") {
			w.step(rt)
			w.holds(rt)
		}
	})
}

func (w *amendWalker) step(rt *rapid.T) {
	people := []authz.Actor{secretary, teacher, banker}
	switch rapid.IntRange(0, 12).Draw(rt, "what") {
	case 0, 1:
		w.made++
		a, err := w.DraftAmendment(w.as(rapid.SampledFrom(people).Draw(rt, "drafter")), DraftAmendmentInput{
			Contract: w.c.ID, AmendedText: AmendedText{Title: new(w.c.Title + "·"), NoticeDays: new(w.made % 300)},
		})
		if err == nil {
			w.all = append(w.all, a)
		}
	case 2:
		now := w.clock.Load().Add(time.Duration(rapid.IntRange(1, 200).Draw(rt, "hours")) * time.Hour)
		w.clock.Store(&now)
		w.applies()
		w.tick()
	case 3:
		w.followed(w.c)
	case 4:
		if rapid.IntRange(0, 5).Draw(rt, "end") == 0 {
			v := rapid.SampledFrom([]Verb{VerbNotice, VerbSuspend, VerbResume, VerbTerminate}).Draw(rt, "verb")
			for _, p := range people {
				_, _ = w.does(w.c, v, p)
			}
		}
	default:
		if len(w.all) == 0 {
			return
		}
		a := w.all[rapid.IntRange(0, len(w.all)-1).Draw(rt, "which")]
		if rapid.Bool().Draw(rt, "onwards") {
			w.onwards(rt, a)
			return
		}
		v := rapid.SampledFrom(AmendmentVerbs()).Draw(rt, "verb")
		if _, err := w.alters(a, v, rapid.SampledFrom(people).Draw(rt, "person")); err != nil && fault.Of(err).Kind == fault.Internal {
			rt.Fatalf("%s: %v", v, err)
		}
	}
}

// onwards takes an amendment as far towards its signatures as it goes.
func (w *amendWalker) onwards(rt *rapid.T, a *Amendment) {
	is := w.again(a)
	if is.Status.pending() && is.BaseVersion != w.read(w.c).TextVersion && is.Status != AmendmentSigning {
		_, _ = w.ReviseAmendment(w.as(secretary), ReviseAmendmentInput{Change: command.Change{ExpectedVersion: is.Version}, ID: a.ID})
	}
	for _, v := range []AmendmentVerb{AmendPropose, AmendAgree, AmendOpen, AmendSign} {
		for _, p := range []authz.Actor{secretary, teacher, banker} {
			if _, err := w.alters(a, v, p); err != nil && fault.Of(err).Kind == fault.Internal {
				rt.Fatalf("%s: %v", v, err)
			}
		}
	}
}

// holds checks what must always be so.
func (w *amendWalker) holds(rt *rapid.T) {
	rt.Helper()
	c, ready := w.read(w.c), 0
	if last := c.Revisions[len(c.Revisions)-1]; last.Number != c.TextVersion || last.Amendment != c.AmendedBy {
		rt.Fatalf("the text in force is version %d by %q, and the last revision %+v", c.TextVersion, c.AmendedBy, last)
	}
	if !bytes.Equal(c.Frozen.Bytes, w.c.Frozen.Bytes) || c.signedVersion() != 1 {
		rt.Fatal("the text that was signed has changed")
	}
	for i, a := range w.all {
		a = w.again(a)
		w.all[i] = a
		if a.signing() {
			ready++
		}
		w.one(rt, c, a)
	}
	if ready > 1 {
		rt.Fatalf("%d amendments are being signed", ready)
	}
	if c.AmendedBy == "" && c.Title != w.text[1] {
		rt.Fatal("nothing was applied, and the text is another")
	}
}

func (w *amendWalker) one(rt *rapid.T, c *Contract, a *Amendment) {
	rt.Helper()
	for _, p := range a.Parties {
		if p.Signature != nil && (a.Frozen == nil || p.Signature.TextHash != a.Frozen.Hash || signing.Hash(a.Frozen.Bytes) != a.Frozen.Hash) {
			rt.Fatalf("%s has signed what is not frozen", p.Name)
		}
	}
	missing := slices.ContainsFunc(a.Parties, func(p *Party) bool { return p.Required() && p.Signature == nil })
	r := c.amendedBy(a.ID)
	switch {
	case (a.Status == AmendmentSigned || a.Status == AmendmentApplied) && missing:
		rt.Fatalf("it is %s without all signatures", a.Status)
	case a.Status == AmendmentApplied && (r == nil || r.Number != a.BaseVersion+1):
		rt.Fatalf("applied on version %d, and the contract says %+v", a.BaseVersion, r)
	case r != nil && a.Status != AmendmentApplied:
		rt.Fatalf("the contract has taken it over, and it is %s", a.Status)
	case c.inForce() == nil && a.Status == AmendmentLapsed:
		rt.Fatal("it lapsed, and the contract lives")
	case c.AmendedBy == a.ID && (!sameText(&c.Text, &a.Text) || c.AmendHash != a.Frozen.Hash):
		rt.Fatal("the text in force is not the one that was signed")
	}
}
