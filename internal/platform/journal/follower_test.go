package journal_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/store"
)

var errPoison = errors.New("this one cannot be handled")

func TestAFollowerIsGivenItsTypesInOrder(t *testing.T) {
	for _, c := range []struct {
		types []string
		want  []string // kinds
	}{
		{nil, []string{"lamp.lit", "lamp.turned", "lamp.counted"}},
		{[]string{"lamp.*"}, []string{"lamp.lit", "lamp.turned", "lamp.counted"}},
		{[]string{"lamp.turned"}, []string{"lamp.turned"}},
		{[]string{"lamp.c*", "lamp.lit"}, []string{"lamp.lit", "lamp.counted"}},
		{[]string{"lamp"}, nil},
		{[]string{"stove.*"}, nil},
	} {
		t.Run(strings.Join(c.types, " "), func(t *testing.T) {
			db := bolt(t)
			j := open(t, db, "a")
			house := lamps(t, db, j.Wake)
			j.Collect(house)
			var book notebook
			j.Follow("book", c.types, book.handle)
			for i := range 3 {
				light(t, house, strconv.Itoa(i))
				turn(t, house, strconv.Itoa(i))
			}
			drain(t, j)
			if want := shorts(whole(t, j), append(c.want, "none")...); !slices.Equal(book.list(), want) {
				t.Errorf("it was given %v, want %v", book.list(), want)
			}
		})
	}
}

func TestAFollowerGoesOnWhereItWasAfterARestart(t *testing.T) {
	onBoth(t, func(t *testing.T, db store.Backend) {
		t.Helper()
		var book notebook
		house := lamps(t, db, nil)
		for i := range 4 {
			j := open(t, db, "same")
			j.Collect(house)
			j.Follow("book", nil, book.handle)
			light(t, house, strconv.Itoa(i))
			drain(t, j)
		}
		if want := shorts(whole(t, open(t, db, "x"))); !slices.Equal(book.list(), want) {
			t.Errorf("it was given %v, want %v", book.list(), want)
		}
	})
}

func TestOneNodeHandlesAtATimeAndAnotherTakesOverWhenItStops(t *testing.T) {
	onBoth(t, func(t *testing.T, db store.Backend) {
		t.Helper()
		var books [2]notebook
		house := lamps(t, db, nil)
		var stops [2]func()
		for i := range books {
			j := open(t, db, strconv.Itoa(i))
			j.Collect(house)
			j.Follow("book", nil, books[i].handle)
			stops[i] = run(t, j)
			if i == 0 {
				light(t, house, "before")
				until(t, "the first node handles", func() bool { return len(books[0].list()) == 1 })
			}
		}
		light(t, house, "both")
		until(t, "it is handled", func() bool { return len(books[0].list())+len(books[1].list()) == 2 })
		if n := len(books[1].list()); n != 0 {
			t.Errorf("the second node handled %d while the first had the lease", n)
		}
		stops[0]()
		light(t, house, "after")
		stopped := time.Now()
		until(t, "the second node takes over", func() bool { return len(books[1].list()) == 1 })
		if took := time.Since(stopped); took > 10*time.Second {
			t.Errorf("the second node waited %v for a lease that nobody had", took)
		}
		stops[1]()
		if n := len(books[0].list()) + len(books[1].list()); n != 3 {
			t.Errorf("3 events were handled %d times", n)
		}
	})
}

func TestStoppingFinishesWhatIsUnderWay(t *testing.T) {
	db := bolt(t)
	j := open(t, db, "a")
	house := lamps(t, db, j.Wake)
	j.Collect(house)
	begun, goOn := make(chan struct{}), make(chan struct{})
	var handled atomic.Int32
	j.Follow("slow", nil, func(ctx context.Context, _ journal.Entry) error {
		close(begun)
		<-goOn
		if ctx.Err() != nil {
			return ctx.Err()
		}
		handled.Add(1)
		return nil
	})
	stop := run(t, j)
	light(t, house, "lamp")
	<-begun
	stopped := make(chan struct{})
	go func() { stop(); close(stopped) }()
	select {
	case <-stopped:
		t.Fatal("it stopped in the middle")
	case <-time.After(50 * time.Millisecond):
	}
	close(goOn)
	<-stopped
	if handled.Load() != 1 {
		t.Error("the handler was broken off")
	}
	next := open(t, db, "b")
	next.Follow("slow", nil, func(context.Context, journal.Entry) error { t.Error("handled again"); return nil })
	drain(t, next)
}

// inTime runs a test on the embedded store with a clock of its own.
func inTime(t *testing.T, test func(t *testing.T, j *journal.Journal, house *store.Collection[*lamp])) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		db := bolt(t)
		j := open(t, db, "a", func(o *journal.Options) { o.Poll = time.Second })
		house := lamps(t, db, j.Wake)
		j.Collect(house)
		test(t, j, house)
	})
}

func TestAnEntryThatFailsIsTriedAgainAndKeepsItsPlace(t *testing.T) {
	inTime(t, func(t *testing.T, j *journal.Journal, house *store.Collection[*lamp]) {
		t.Helper()
		var book notebook
		failures := 0
		j.Follow("book", nil, func(ctx context.Context, e journal.Entry) error {
			if e.Subject == "bad" && failures < 3 {
				failures++
				return errPoison
			}
			return book.handle(ctx, e)
		})
		for _, id := range []string{"good", "bad", "fine"} {
			light(t, house, id)
			time.Sleep(time.Millisecond)
		}
		stop := run(t, j)
		defer stop()
		time.Sleep(2 * time.Second)
		want := []string{"1 lamp.lit good", "2 lamp.lit bad", "3 lamp.lit fine"}
		if !slices.Equal(book.list(), want) {
			t.Errorf("it handled %v, want %v", book.list(), want)
		}
	})
}

func TestAPoisonousEntryStepsAsideWithItsSubjectAndTheOthersGoOn(t *testing.T) {
	inTime(t, func(t *testing.T, j *journal.Journal, house *store.Collection[*lamp]) {
		t.Helper()
		var book notebook
		var cured atomic.Bool
		j.Follow("book", nil, func(ctx context.Context, e journal.Entry) error {
			if e.Type == "lamp.turned" && e.Subject == "bad" && !cured.Load() {
				panic("this program has a mistake")
			}
			return book.handle(ctx, e)
		})
		light(t, house, "bad")
		turn(t, house, "bad")
		time.Sleep(time.Millisecond)
		light(t, house, "good")
		stop := run(t, j)
		defer stop()
		time.Sleep(time.Minute)
		turn(t, house, "bad")
		turn(t, house, "good")
		time.Sleep(20 * time.Minute)
		of := func(who string) []string {
			return slices.DeleteFunc(book.list(), func(s string) bool { return subject(s) != who })
		}
		if n := len(of("good")); n != 3 {
			t.Errorf("the other subject got %d of 3 entries", n)
		}
		if n := len(of("bad")); n != 1 {
			t.Errorf("behind the entry that cannot be handled, %d were", n-1)
		}
		if err := j.Drain(t.Context()); err == nil || !strings.Contains(err.Error(), "bad") {
			t.Errorf("draining says nothing of what is set aside: %v", err)
		}
		cured.Store(true)
		time.Sleep(11 * time.Minute)
		want := slices.DeleteFunc(shorts(whole(t, j)), func(s string) bool { return subject(s) != "bad" })
		if !slices.Equal(of("bad"), want) {
			t.Errorf("the subject's entries came as %v, want %v", of("bad"), want)
		}
		if err := j.Drain(t.Context()); err != nil {
			t.Errorf("something is still set aside: %v", err)
		}
	})
}

func TestWhenTheStoreIsGoneNothingStepsAside(t *testing.T) {
	inTime(t, func(t *testing.T, j *journal.Journal, house *store.Collection[*lamp]) {
		t.Helper()
		var book notebook
		var gone atomic.Bool
		gone.Store(true)
		j.Follow("book", nil, func(ctx context.Context, e journal.Entry) error {
			if gone.Load() {
				if e.Seq > 1 {
					t.Errorf("entry %d was tried before the first one was handled", e.Seq)
				}
				return fault.New(fault.Unavailable, fault.CodeUnavailable)
			}
			return book.handle(ctx, e)
		})
		for i := range 5 {
			light(t, house, strconv.Itoa(i))
		}
		stop := run(t, j)
		defer stop()
		time.Sleep(65 * time.Minute)
		if n := len(book.list()); n > 0 {
			t.Errorf("%d were handled", n)
		}
		gone.Store(false)
		time.Sleep(31 * time.Second)
		if want := shorts(whole(t, j)); !slices.Equal(book.list(), want) {
			t.Errorf("it handled %v, want %v", book.list(), want)
		}
	})
}

func TestWhenEverythingFailsTheFollowerStandsStillAndLosesNothing(t *testing.T) {
	inTime(t, func(t *testing.T, j *journal.Journal, house *store.Collection[*lamp]) {
		t.Helper()
		var book notebook
		var cured atomic.Bool
		j.Follow("book", nil, func(ctx context.Context, e journal.Entry) error {
			if !cured.Load() {
				return errPoison
			}
			return book.handle(ctx, e)
		})
		for i := range 130 {
			light(t, house, strconv.Itoa(i))
		}
		stop := run(t, j)
		defer stop()
		time.Sleep(3 * time.Hour)
		cured.Store(true)
		time.Sleep(time.Hour)
		got, want := book.list(), shorts(whole(t, j))
		slices.Sort(got)
		slices.Sort(want)
		if len(want) != 130 || !slices.Equal(got, want) {
			t.Errorf("of %d entries %d were handled", len(want), len(got))
		}
	})
}

func TestAHandlerThatIsTooSlowHasFailedAndDoesNotHoldUpOthers(t *testing.T) {
	inTime(t, func(t *testing.T, j *journal.Journal, house *store.Collection[*lamp]) {
		t.Helper()
		var book notebook
		j.Follow("book", nil, func(ctx context.Context, e journal.Entry) error {
			if e.Subject == "slow" {
				<-ctx.Done()
				return fmt.Errorf("%w: %w", store.ErrUnavailable, ctx.Err())
			}
			return book.handle(ctx, e)
		})
		light(t, house, "slow")
		time.Sleep(time.Millisecond)
		light(t, house, "swift")
		stop := run(t, j)
		defer stop()
		time.Sleep(5 * time.Minute)
		if want := []string{"2 lamp.lit swift"}; !slices.Equal(book.list(), want) {
			t.Errorf("it handled %v, want %v", book.list(), want)
		}
	})
}

func TestACursorWhoseSavingWasNotHeardOfIsSaved(t *testing.T) {
	db := bolt(t)
	house := lamps(t, db, nil)
	j := open(t, &unheard{Backend: db, coll: "followers"}, "a")
	j.Collect(house)
	var book notebook
	j.Follow("book", nil, book.handle)
	for i := range 5 {
		light(t, house, strconv.Itoa(i))
		drain(t, j)
	}
	if want := shorts(whole(t, j)); !slices.Equal(book.list(), want) {
		t.Errorf("it handled %v, want %v", book.list(), want)
	}
}

func TestADeadNodesWorkIsTakenUpWhenItsLeaseHasRunOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := bolt(t)
		house := lamps(t, db, nil)
		nobody := func(context.Context, journal.Entry) error { return nil }
		dead := open(t, db, "dead")
		dead.Follow("book", nil, nobody)
		drain(t, dead) // it has the leases, and is never heard of again
		var book notebook
		j := open(t, db, "alive")
		j.Collect(house)
		j.Follow("book", nil, book.handle)
		light(t, house, "lamp")
		stop := run(t, j)
		defer stop()
		time.Sleep(29 * time.Second)
		if n := len(book.list()); n != 0 {
			t.Errorf("%d entries were handled under another node's lease", n)
		}
		time.Sleep(3 * time.Second)
		if n := len(book.list()); n != 1 {
			t.Errorf("%d entries were handled after it", n)
		}
	})
}

func TestWhoDrainsWaitsForTheNodeThatTookAJobOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := bolt(t)
		house := lamps(t, db, nil)
		var book notebook
		other := open(t, db, "other")
		other.Follow("book", nil, book.handle)
		slow, stop := open(t, db, "slow"), func() {}
		slow.Collect(house)
		slow.Follow("book", nil, func(context.Context, journal.Entry) error {
			stop = run(t, other)
			time.Sleep(time.Minute) // longer than its lease
			return nil
		})
		light(t, house, "lamp")
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := slow.Drain(ctx); err != nil {
			t.Errorf("drain: %v", err)
		}
		stop()
		if n := len(book.list()); n != 1 {
			t.Errorf("the other node handled %d entries", n)
		}
	})
}

func TestTheSameNodeTakesUpItsWorkAtOnceAfterACrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := bolt(t)
		house := lamps(t, db, nil)
		begun := time.Now()
		for i := range 3 {
			j := open(t, db, "embedded")
			j.Collect(house)
			light(t, house, strconv.Itoa(i))
			drain(t, j)
		}
		if took := time.Since(begun); took > time.Second {
			t.Errorf("it waited %v for its own lease", took)
		}
	})
}

func TestTwoFollowersOfOneNameAreAMistake(t *testing.T) {
	j := open(t, bolt(t), "a")
	for range 2 {
		j.Follow("book", nil, func(context.Context, journal.Entry) error { return nil })
	}
	if j.Run(t.Context()) == nil || j.Drain(t.Context()) == nil {
		t.Error("it was not noticed")
	}
}

func TestWhatHandlersCauseIsDrainedToo(t *testing.T) {
	onBoth(t, func(t *testing.T, db store.Backend) {
		t.Helper()
		j := open(t, db, "a")
		house := lamps(t, db, j.Wake)
		j.Collect(house)
		j.Follow("chain", []string{"lamp.lit"}, func(ctx context.Context, e journal.Entry) error {
			if len(e.Subject) < 5 {
				light(t, house, e.Subject+"+")
			}
			return ctx.Err()
		})
		light(t, house, "+")
		drain(t, j)
		if n := len(whole(t, j)); n != 5 {
			t.Errorf("%d lamps were lit", n)
		}
	})
}
