package appraisal_test

import (
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/appraisal"
	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/id"
)

// walk is a world through which people, time and failures of the store go at random, and what was seen of its seals.
type walk struct {
	*world
	hashes map[id.Appraisal]string // of what was opened
	gone   bool                    // the bank has left
	over   bool                    // so is the contract
}

// Whatever people, time and the store do: nobody but its author's speakers sees what an appraisal says while the other
// party can still write its own; what is opened is what was sealed and changes no more; and the records add up.
func TestWhateverHappensTheSealHolds(t *testing.T) {
	n := 0
	rapid.Check(t, func(r *rapid.T) {
		n++
		w := &walk{world: openAt(t, filepath.Join(t.TempDir(), strconv.Itoa(n))), hashes: map[id.Appraisal]string{}}
		w.hear(r, told(contract.Active, promised(bank(), school())))
		for range rapid.IntRange(5, 40).Draw(r, "steps") {
			w.step(r)
			w.holds(r)
		}
		w.flaky.mend()
		w.settle(r)
		w.wait(appraisal.Window)
		w.settle(r)
		if len(w.open(r)) > 0 { // an anniversary fell into it, and began a round of its own
			w.wait(appraisal.Window)
			w.settle(r)
		}
		w.holds(r)
		w.addsUp(r)
	})
}

func (w *walk) step(r *rapid.T) {
	switch rapid.IntRange(0, 9).Draw(r, "step") {
	case 0: // time, mostly a little of it
		w.wait(rapid.SampledFrom([]time.Duration{time.Minute, 24 * time.Hour, 29 * 24 * time.Hour, 200 * 24 * time.Hour}).Draw(r, "wait"))
	case 1:
		w.flaky.failAfter(rapid.IntRange(0, 6).Draw(r, "writes"))
	case 2:
		w.flaky.mend()
	case 3: // what is left undone is done later, as the store lets it
		_, _ = w.Tick(r.Context(), w.now())
	case 4:
		w.ends(r)
	default:
		w.says(r)
	}
}

// ends lets a party leave, or the contract end.
func (w *walk) ends(r *rapid.T) {
	w.flaky.mend()
	status := contract.Active
	switch {
	case w.over:
		return
	case rapid.Bool().Draw(r, "end"):
		status, w.over = contract.Completed, true
	default:
		w.gone = true
	}
	change := []func(*contract.Snapshot){promised(bank(), school())}
	if w.gone {
		change = append(change, without(bank()))
	}
	w.hear(r, told(status, change...))
}

// says has somebody submit or answer something, whether they may or not.
func (w *walk) says(r *rapid.T) {
	all := w.all(r)
	if len(all) == 0 {
		return
	}
	a := all[rapid.IntRange(0, len(all)-1).Draw(r, "appraisal")]
	who := rapid.SampledFrom(everybody()).Draw(r, "who")
	if rapid.IntRange(0, 3).Draw(r, "right") > 0 { // mostly who may
		who = speaker(a.Appraiser)
	}
	was := w.seenBy(r, speaker(a.Appraised), a)
	var err error
	if rapid.IntRange(0, 4).Draw(r, "answer") == 0 {
		_, err = w.reply(as(who), a)
	} else {
		_, err = w.submit(as(who), a, rapid.IntRange(1, 5).Draw(r, "score"))
		if err == nil && was {
			r.Fatalf("%s wrote anew what the other side had read already", who)
		}
	}
	if err == nil && who != speaker(a.Appraiser) && who != speaker(a.Appraised) && who != both {
		r.Fatalf("%s went through", who)
	}
}

// seenBy says whether somebody sees what an appraisal says.
func (w *walk) seenBy(r *rapid.T, who string, a *appraisal.Appraisal) bool {
	got, err := w.Many(as(who), []id.Appraisal{a.ID})
	if err != nil {
		r.Fatalf("%v", err)
	}
	return got[0] != nil && (got[0].Sealed != nil || strings.Contains(seen(r, got[0]), secret))
}

func (w *walk) holds(r *rapid.T) {
	all := w.all(r)
	can := func(a *appraisal.Appraisal) bool { // its author can still say something else
		return slices.Contains(w.AllowedActions(as(speaker(a.Appraiser)), a), appraisal.VerbSubmit)
	}
	for _, a := range all {
		i := slices.IndexFunc(all, func(b *appraisal.Appraisal) bool { return b.ID == a.Counterpart })
		if i < 0 || all[i].Counterpart != a.ID || !all[i].ClosesAt.Equal(a.ClosesAt) {
			r.Fatalf("no counterpart of %+v", a)
		}
		for _, who := range everybody() {
			if who == speaker(a.Appraiser) || who == both && a.Appraiser == community() && a.Appraised != school() || who == both && a.Appraiser == school() && a.Appraised != community() {
				continue
			}
			if w.seenBy(r, who, a) && (a.Status != appraisal.Opened || can(a) || can(all[i])) {
				r.Fatalf("%s sees it, while it is %s and the other %s", who, a.Status, all[i].Status)
			}
		}
		w.unchanged(r, a)
	}
}

// unchanged checks that what is opened is what was sealed, for ever.
func (w *walk) unchanged(r *rapid.T, a *appraisal.Appraisal) {
	if a.Status != appraisal.Opened {
		return
	}
	hash := w.hashes[a.ID]
	if hash == "" {
		hash = *a.Hash
		w.hashes[a.ID] = hash
	}
	if text := sealedText(r, a); *a.Hash != hash || hashOf(text) != hash {
		r.Fatalf("what was opened is not what was sealed: %s", text)
	}
}

// open lists what still waits for its time.
func (w *walk) open(r *rapid.T) []*appraisal.Appraisal {
	return slices.DeleteFunc(w.all(r), func(a *appraisal.Appraisal) bool {
		return a.Status == appraisal.Opened || a.Status == appraisal.Missed
	})
}

func (w *walk) addsUp(r *rapid.T) {
	for _, a := range w.open(r) {
		r.Fatalf("left %s after its time", a.Status)
	}
	for _, of := range []id.Organisation{community(), school(), bank()} {
		kept := w.record(r, of)
		if again, err := w.Recompute(r.Context(), of); err != nil || !reflect.DeepEqual(kept, again) {
			r.Fatalf("%+v, added up again %+v (%v)", kept, again, err)
		}
	}
	if said := w.journalled(r); strings.Contains(said, secret) {
		r.Fatalf("the journal holds %s", secret)
	}
}
