package app_test

import (
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/appraisal"
	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
)

// appraisals are those of a contract, as the program itself sees them.
func (h *house) appraisals(c id.Contract) []*appraisal.Appraisal {
	h.t.Helper()
	f := &appraisal.Filter{Contract: &appraisal.ContractChoice{Eq: &c}}
	return all(h.t, func(a page.Args) (*appraisal.Connection, error) {
		return h.Appraisals.Appraisals(h.system(), f, nil, a)
	})
}

// submit gives every criterion of an appraisal the same score, as it is now.
func (h *house) submit(who id.Person, of id.Appraisal, score int) (*appraisal.Appraisal, error) {
	h.t.Helper()
	a, err := h.Appraisals.Appraisal(h.as(who), of)
	must(h.t, err)
	in := appraisal.SubmitInput{Change: command.Change{ExpectedVersion: a.Version}, ID: a.ID, Comment: new("私下的话")}
	for _, c := range a.Criteria {
		in.Ratings = append(in.Ratings, &appraisal.RatingInput{Key: c.Key, Score: score})
	}
	return h.Appraisals.Submit(h.as(who), in)
}

// speaks is who speaks for an organisation of the town.
func (w *town) speaks(o id.Organisation) id.Person {
	for i, u := range w.units {
		if u == o {
			return w.liaisons[i]
		}
	}
	return w.secretary
}

// judged is a contract of a town whose last day is over.
func (h *house) judged(w *town) id.Contract {
	h.t.Helper()
	c := h.active(w, w.text("2026-03-02", "2026-06-30", w.once("2026-03-31", 1))).ID
	h.at("2026-07-01T00:00:00+08:00")
	equal(h.t, "state", h.contract(c).Status, contract.Expired)
	return c
}

func TestAtAContractsEndItsPartiesJudgeEachOther(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			s := at(t)
			h := open(t, s.node())
			w := h.town(2)
			c := h.judged(w)
			asked := h.appraisals(c)
			equal(t, "asked", len(asked), 4)
			for _, a := range asked {
				equal(t, "a witness or an outsider was asked", a.Appraiser == w.community || a.Appraised == w.community, true)
				equal(t, "judged to", a.JudgedTo, "2026-06-30")
				_, err := h.submit(w.speaks(a.Appraiser), a.ID, 4)
				must(t, err)
			}
			h.settle()
			for _, a := range h.appraisals(c) {
				did := told(h.story(string(a.ID)))
				equal(t, "state", a.Status, appraisal.Opened)
				equal(t, fmt.Sprint("opened: ", did), did[appraisal.ToldOpened], 1)
			}
			for o, n := range map[id.Organisation]int{w.community: 2, w.units[0]: 1, w.units[1]: 1} {
				kept, err := h.Appraisals.RecordsOf(t.Context(), []id.Organisation{o})
				must(t, err)
				again, err := h.Appraisals.Recompute(t.Context(), o)
				must(t, err)
				if kept[0].Received != n || !reflect.DeepEqual(kept[0], again) {
					t.Errorf("%+v, added up again %+v", kept[0], again)
				}
			}
		})
	}
}

// Both sides of sixteen pairs submit at the same moment, on two nodes, while both nodes do all that time and events bring.
// Whoever can read the other's tries at once to write their own anew.
func TestBothSidesSubmitAtTheSameMomentAndNoneIsLostOrReadTooEarly(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			s := at(t)
			h := open(t, s.node())
			second := h.another(s.node())
			w := h.town(8)
			c := h.judged(w)
			asked := h.appraisals(c)
			equal(t, "asked", len(asked), 16)
			stop := run(t, h, second)
			must(t, together(len(asked), func(i int) error {
				node := []*house{h, second}[i%2]
				_, err := node.submit(w.speaks(asked[i].Appraiser), asked[i].ID, i%5+1)
				return err
			}))
			var wg sync.WaitGroup
			for i, a := range asked {
				wg.Go(func() { []*house{h, second}[i%2].turnsCoat(w, a) })
			}
			wg.Wait()
			stop()
			h.clock.add(time.Minute)
			h.settle()
			for i, a := range h.appraisals(c) {
				did := told(h.story(string(a.ID)))
				equal(t, "state", a.Status, appraisal.Opened)
				equal(t, fmt.Sprint("opened: ", did), did[appraisal.ToldOpened], 1)
				equal(t, "submitted", did[appraisal.ToldSubmitted], 1)
				if len(a.Outbox) > 0 || a.WakeAt != nil {
					t.Errorf("%d is left undone", i)
				}
			}
		})
	}
}

// turnsCoat reads the counterpart of what somebody has submitted until it is open, and then tries to write their own anew.
func (h *house) turnsCoat(w *town, a *appraisal.Appraisal) {
	h.t.Helper()
	who := w.speaks(a.Appraiser)
	for range 2000 {
		other, err := h.Appraisals.Appraisal(h.as(who), a.Counterpart)
		must(h.t, err)
		if other.Sealed == nil {
			time.Sleep(time.Millisecond)
			continue
		}
		if _, err := h.submit(who, a.ID, 1); !fault.Is(err, appraisal.CodeWrongState) {
			h.t.Errorf("after reading the other's: %v", err)
		}
		return
	}
	h.t.Errorf("it was never opened")
}

func TestTwoNodesBeginARoundOnceAndEndItOnce(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			s := at(t)
			h := open(t, s.node())
			second := h.another(s.node())
			w := h.town(3)
			c := h.active(w, w.text("2026-03-02", "2028-12-31", w.once("2026-03-31", 1))).ID
			h.clock.set(instant(t, "2027-03-02T00:00:00+08:00"))
			ticks := func() {
				must(t, together(6, func(i int) error {
					_, err := []*house{h, second}[i%2].Appraisals.Tick(h.system(), h.clock.now())
					return err
				}))
			}
			ticks()
			asked := h.appraisals(c)
			equal(t, "asked", len(asked), 6)
			_, err := h.submit(w.secretary, from(asked, w.community).ID, 3)
			must(t, err)
			h.clock.add(appraisal.Window)
			ticks()
			ticks()
			h.settle()
			count := map[appraisal.Status]int{}
			for _, a := range h.appraisals(c) {
				count[a.Status]++
				did := told(h.story(string(a.ID)))
				if did[appraisal.ToldInvited] != 1 || did[appraisal.ToldOpened]+did[appraisal.ToldMissed] != 1 {
					t.Errorf("%s: %v", a.Status, did)
				}
			}
			equal(t, "opened", count[appraisal.Opened], 1)
			equal(t, "missed", count[appraisal.Missed], 5)
		})
	}
}

func from(all []*appraisal.Appraisal, o id.Organisation) *appraisal.Appraisal {
	for _, a := range all {
		if a.Appraiser == o {
			return a
		}
	}
	return nil
}

func TestWhoMovesWithACommunityReadsItsAppraisalsAtOnce(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			s := at(t)
			h := open(t, s.node())
			w := h.town(1)
			c := h.judged(w)
			a := h.appraisals(c)[0].ID
			reads := func(who id.Person) bool {
				_, err := h.Appraisals.Appraisal(h.as(who), a)
				return err == nil
			}
			equal(t, "the northern officer reads it before", reads(w.northern), true)
			equal(t, "the southern officer reads it before", reads(w.southern), false)
			h.move(w.chief, w.community, w.south)
			h.settle()
			equal(t, "the northern officer reads it after", reads(w.northern), false)
			equal(t, "the southern officer reads it after", reads(w.southern), true)
		})
	}
}

func TestWhoLeavesAContractJudgesAndIsJudgedByTheHost(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			s := at(t)
			h := open(t, s.node())
			w := h.town(3)
			c := h.active(w, w.text("2026-03-02", "2026-12-31", w.once("2026-03-31", 1)))
			_, err := h.Contracts.GiveNotice(h.as(w.liaisons[2]), contract.NoticeInput{StepInput: step(c), Reason: "搬迁"})
			must(t, err)
			h.at("2026-04-20T10:00:00+08:00")
			asked := h.appraisals(c.ID)
			equal(t, "asked", len(asked), 2)
			for _, a := range asked {
				equal(t, "occasion", a.Occasion, appraisal.Exit)
				_, err := h.submit(w.speaks(a.Appraiser), a.ID, 4)
				must(t, err)
			}
			h.at("2027-01-01T00:00:00+08:00")
			equal(t, "with those of the end", len(h.appraisals(c.ID)), 6)
			for of, n := range map[int]int{0: 6, 1: 6, 2: 2} {
				got := all(t, func(a page.Args) (*appraisal.Connection, error) {
					return h.Appraisals.Appraisals(h.as(w.liaisons[of]), nil, nil, a)
				})
				equal(t, "read by a unit", len(got), n)
				for _, a := range got {
					equal(t, "of another's pair", n == 2 && a.Appraiser != w.units[of] && a.Appraised != w.units[of], false)
				}
			}
		})
	}
}
