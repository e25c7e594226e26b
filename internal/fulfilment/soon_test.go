package fulfilment_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/fulfilment"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// soon are the days left of which it was told, in order, as the events say.
func (w *world) soon(t *testing.T) string {
	t.Helper()
	if err := w.journal.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	var out []int
	for _, e := range w.heard {
		if e.Type != fulfilment.ToldDueSoon {
			continue
		}
		var h fulfilment.Happened
		if err := bson.Unmarshal(e.Data, &h); err != nil || h.DaysLeft == nil || h.Was != h.Is || h.Party != "" {
			t.Fatalf("it tells %+v, %v", h, err)
		}
		out = append(out, *h.DaysLeft)
	}
	return fmt.Sprint(out)
}

func TestWhatIsDueIsToldSevenDaysAndOneDayBeforeItsDay(t *testing.T) {
	w := open(t)
	w.hear(t, told(contract.Active, promise("m1", due("2026-03-20"))))
	f := w.one(t)
	for _, step := range []struct {
		day   scalar.Date
		clock string
		want  string
	}{
		{"2026-03-02", "09:00", "[]"},
		{"2026-03-13", "07:59:59", "[]"},
		{"2026-03-13", "08:00", "[7]"},
		{"2026-03-13", "08:00:01", "[7]"},
		{"2026-03-18", "23:00", "[7]"},
		{"2026-03-19", "07:59:59", "[7]"},
		{"2026-03-19", "08:00", "[7 1]"},
		{"2026-03-20", "23:59:59", "[7 1]"},
		{"2026-03-21", "00:00", "[7 1]"},
	} {
		w.goTo(step.day, step.clock)
		w.tick(t)
		w.tick(t)
		if got := w.soon(t); got != step.want {
			t.Errorf("at %s %s: told %s, want %s", step.day, step.clock, got, step.want)
		}
		if now := w.one(t); step.day < "2026-03-21" && now.Version != f.Version {
			t.Errorf("at %s: that a day is near has changed the version that people name", step.day)
		}
	}
	if got := w.one(t).Status; got != fulfilment.Overdue {
		t.Errorf("in the end it is %s", got)
	}
}

func TestOfMomentsThatPassedWhileTheServerRestedTheLastIsTold(t *testing.T) {
	for _, rest := range []struct{ until, want string }{
		{"2026-03-13 23:00", "[7]"},
		{"2026-03-15 12:00", "[5]"},
		{"2026-03-19 07:00", "[1]"},
		{"2026-03-19 08:00", "[1]"},
		{"2026-03-20 23:59", "[0]"},
		{"2026-03-21 00:00", "[]"},
		{"2026-04-30 12:00", "[]"},
	} {
		w := open(t)
		w.hear(t, told(contract.Active, promise("m1", due("2026-03-20"))))
		w.goTo(scalar.Date(rest.until[:10]), rest.until[11:])
		w.tick(t)
		if got := w.soon(t); got != rest.want {
			t.Errorf("after a rest until %s: told %s, want %s", rest.until, got, rest.want)
		}
		w.goTo("2026-03-19", "09:00")
		w.tick(t)
		if got := w.soon(t); rest.until == "2026-03-15 12:00" && got != "[5 1]" {
			t.Errorf("and then: %s", got)
		}
	}
}

// Every state, at every moment that might be told of: only what is due is told.
func TestOnlyWhatIsDueIsToldToBeSoon(t *testing.T) {
	for _, s := range fulfilment.Statuses() {
		for _, at := range []string{"2026-03-02 08:00", "2026-03-03 08:00", "2026-03-09 08:00", "2026-03-10 23:59", "2026-03-11 00:00", "2026-03-30 09:00"} {
			w, _ := in(t, s)
			if s == fulfilment.Overdue && at < "2026-03-11" {
				continue
			}
			w.goTo(scalar.Date(at[:10]), at[11:])
			w.tick(t)
			want := "[]"
			if s == fulfilment.Due {
				want = map[string]string{"2026-03-03 08:00": "[7]", "2026-03-09 08:00": "[1]", "2026-03-10 23:59": "[0]"}[at]
			}
			if got := w.soon(t); got != want && (want != "" || got != "[]") {
				t.Errorf("%s at %s: told %s, want %s", s, at, got, want)
			}
			if n := w.tick(t); n != 0 {
				t.Errorf("%s at %s: time finds %d more things to do", s, at, n)
			}
		}
	}
}

func TestWhatBecomesDueLateIsToldByThatAlone(t *testing.T) {
	p := promise("m1", due("2026-03-10"))
	t.Run("planned four days before", func(t *testing.T) {
		w := open(t)
		w.goTo("2026-03-06", "12:00")
		w.hear(t, told(contract.Active, p))
		w.tick(t)
		if got := w.soon(t); got != "[]" {
			t.Errorf("at once: %s", got)
		}
		w.goTo("2026-03-09", "08:00")
		if w.tick(t); w.soon(t) != "[1]" {
			t.Errorf("the day before: %s", w.soon(t))
		}
	})
	t.Run("resumed on the day before", func(t *testing.T) {
		w := open(t)
		w.tells(t, contract.Active, p)
		w.suspends(t, p)
		w.goTo("2026-03-09", "12:00")
		w.tick(t)
		w.resumes(t, p)
		w.tick(t)
		if got := w.soon(t); got != "[]" {
			t.Errorf("told %s", got)
		}
		w.goTo("2026-03-11", "00:00")
		if w.tick(t); w.one(t).Status != fulfilment.Overdue {
			t.Errorf("it is %s", w.one(t).Status)
		}
	})
	t.Run("resumed after it was told", func(t *testing.T) {
		w := open(t)
		w.tells(t, contract.Active, p)
		w.goTo("2026-03-03", "08:00")
		w.tick(t)
		w.suspends(t, p)
		w.goTo("2026-03-05", "12:00")
		w.resumes(t, p)
		w.goTo("2026-03-09", "08:00")
		if w.tick(t); w.soon(t) != "[7 1]" {
			t.Errorf("told %s", w.soon(t))
		}
	})
}

func TestADayIsSoonByTheClockWhereTheContractLives(t *testing.T) {
	for _, tt := range []struct {
		zone       string
		day        scalar.Date
		seven, one string // in UTC
	}{
		{"Asia/Shanghai", "2026-03-20", "2026-03-13T00:00:00Z", "2026-03-19T00:00:00Z"},
		{"America/New_York", "2026-03-09", "2026-03-02T13:00:00Z", "2026-03-08T12:00:00Z"},   // clocks went forward in between
		{"America/New_York", "2026-11-02", "2026-10-26T12:00:00Z", "2026-11-01T13:00:00Z"},   // and back, on that very day
		{"Asia/Beirut", "2026-03-30", "2026-03-23T06:00:00Z", "2026-03-29T05:00:00Z"},        // a day that has no midnight
		{"Pacific/Kiritimati", "2026-12-31", "2026-12-23T18:00:00Z", "2026-12-29T18:00:00Z"}, // where it is a day later
		{"Asia/Shanghai", "2028-03-01", "2028-02-23T00:00:00Z", "2028-02-29T00:00:00Z"},
	} {
		t.Run(tt.zone+" "+string(tt.day), func(t *testing.T) {
			w := open(t)
			seven, one := instant(t, tt.seven), instant(t, tt.one)
			w.at = seven.AddDate(0, 0, -10)
			s := told(contract.Active, promise("m1", due(tt.day)))
			s.TimeZone, s.EndsOn = tt.zone, "2029-12-31"
			w.hear(t, s)
			for _, step := range []struct {
				at   time.Time
				want string
			}{{seven.Add(-time.Millisecond), "[]"}, {seven, "[7]"}, {one.Add(-time.Millisecond), "[7]"}, {one, "[7 1]"}} {
				w.at = step.at
				if w.tick(t); w.soon(t) != step.want {
					t.Errorf("at %s: told %s, want %s", step.at, w.soon(t), step.want)
				}
			}
		})
	}
}

func instant(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestTwoNodesTellOnceThatADayIsNear(t *testing.T) {
	w := open(t)
	w.hear(t, told(contract.Active, promise("m1", rhythm("FREQ=DAILY;COUNT=40"))))
	w.goTo("2026-03-20", "09:00")
	var nodes sync.WaitGroup
	for range 4 {
		nodes.Go(func() {
			for n, err := w.Tick(t.Context(), w.now()); n > 0 || err != nil; n, err = w.Tick(t.Context(), w.now()) {
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	nodes.Wait()
	if err := w.journal.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	times := map[string]int{}
	for _, e := range w.heard {
		if e.Type == fulfilment.ToldDueSoon {
			times[e.Subject]++
		}
	}
	for _, f := range w.all(t) {
		near := f.DueOn >= "2026-03-20" && f.DueOn <= "2026-03-27"
		if (times[string(f.ID)] == 1) != near || times[string(f.ID)] > 1 {
			t.Errorf("%s is told %d times to be near", f.DueOn, times[string(f.ID)])
		}
	}
}
