package webhook

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// running is a world in a bubble of time, in which the sending runs.
func running(t *testing.T, nodes ...string) (w *world, stop map[string]func()) {
	t.Helper()
	w = newWorld(t, func(w *world) { w.clock = time.Now })
	stop = map[string]func(){}
	for _, n := range nodes {
		s := w.open(n, w.db)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		stop[n] = sync.OnceFunc(func() {
			cancel()
			must(t, <-done)
		})
		t.Cleanup(stop[n])
	}
	return w, stop
}

// inOrder says whether the events of each subject were first taken in their order, and none is missing.
func inOrder(t interface{ Errorf(string, ...any) }, got []parcel, want []int64, of func(seq int64) string) {
	first := map[int64]bool{}
	last := map[string]int64{}
	for _, p := range got {
		seq := p.letter.Data.Seq
		if p.id != string(id.Placed(seq)) {
			t.Errorf("event %d came under the name %s", seq, p.id)
		}
		if !p.taken || first[seq] {
			continue
		}
		if first[seq] = true; seq < last[of(seq)] {
			t.Errorf("event %d of %s was first taken behind %d", seq, of(seq), last[of(seq)])
		}
		last[of(seq)] = seq
	}
	for _, seq := range want {
		if !first[seq] {
			t.Errorf("event %d is lost", seq)
		}
	}
}

func TestAConsumerThatIsDownForHoursLosesNothingAndCostsLittle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := running(t, "one")
		e := w.at("erp", nil)
		m := w.made("erp")
		e.goes(true)
		var want []int64
		for i := range 300 {
			w.happen("contract.signed", fmt.Sprint("c", i%40))
			want = append(want, int64(i+1))
			time.Sleep(30 * time.Second)
		}
		h, kept := w.health(m.Webhook.ID), w.sent(m.Webhook.ID, nil)
		if h.SetAside > mostAside || len(kept) > mostAside || h.Failures < 10 || h.FailingSince == nil || h.NextAttemptAt == nil {
			t.Errorf("while it is down %d documents are kept, and its health is %+v", len(kept), h)
		}
		if n := w.attempts(); n > 60 {
			t.Errorf("it was asked %d times", n)
		}
		e.goes(false)
		time.Sleep(longestRest + longestRest/2)
		synctest.Wait()
		inOrder(t, e.all(), want, func(seq int64) string { return fmt.Sprint("c", (seq-1)%40) })
		if h := w.health(m.Webhook.ID); h.Lag != 0 || h.SetAside != 0 || h.Failures != 0 {
			t.Errorf("when it is back its health is %+v", h)
		}
	})
}

// attempts are all that were made.
func (w *world) attempts() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.noted)
}

func TestASlowEndpointHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := running(t, "one")
		slow := w.at("slow", func(http.ResponseWriter, *http.Request) { time.Sleep(9 * time.Second) })
		dead := w.at("dead", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		fast := w.at("fast", nil)
		w.made("slow")
		never := w.made("dead").Webhook
		w.made("fast")
		time.Sleep(time.Minute)
		began := time.Now()
		w.happen("contract.signed", "a", "b", "c", "d")
		time.Sleep(time.Second)
		synctest.Wait()
		got := fast.all()
		if len(got) != 4 {
			t.Fatalf("the fast one got %d", len(got))
		}
		for _, p := range got {
			if p.at.Sub(began) > 100*time.Millisecond {
				t.Errorf("after %s", p.at.Sub(began))
			}
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(slow.seqs()) != 4 {
			t.Errorf("the slow one got %v", slow.seqs())
		}
		if d := w.sent(never.ID, nil); len(d) == 0 || *d[0].Attempts[0].Error != ErrorTimeout || d[0].Attempts[0].Duration < 12_000 || d[0].Attempts[0].Duration > 15_000 {
			t.Errorf("of the dead one is on record: %+v", d)
		}
		dead.close()
	})
}

func TestAnEndpointThatTakesNothingForDaysIsSuspendedAndLosesNothing(t *testing.T) {
	w := newWorld(t)
	e := w.at("erp", code(http.StatusInternalServerError))
	m := w.made("erp")
	var want []int64
	for i := range 80 {
		w.happen("contract.signed", fmt.Sprint("c", i%9))
		want = append(want, int64(i+1))
		w.settle()
		w.pass(time.Hour)
	}
	now := w.today(m.Webhook.ID)
	if now.State != Suspended || *now.Cause != CauseFailing {
		t.Fatalf("it is %s", now.State)
	}
	if f := w.sent(m.Webhook.ID, &DeliveryFilter{State: &DeliveryStateChoice{Eq: new(Failed)}}); len(f) != 0 {
		t.Errorf("given up: %d", len(f))
	}
	e.answers(nil)
	_, err := w.Resume(w.liaison(), StopInput{change(now), now.ID})
	must(t, err)
	w.settle()
	inOrder(t, e.all(), want, func(seq int64) string { return fmt.Sprint("c", (seq-1)%9) })
}

func TestTwoNodesDoNotSendTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, stop := running(t, "one", "two")
		e := w.at("erp", func(http.ResponseWriter, *http.Request) { time.Sleep(50 * time.Millisecond) })
		w.made("erp")
		var want []int64
		for i := range 60 {
			w.happen("contract.signed", fmt.Sprint("c", i%7))
			want = append(want, int64(i+1))
			time.Sleep(200 * time.Millisecond)
			if i == 30 {
				stop["one"]()
			}
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		got := e.seqs()
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("taken: %v", got)
		}
	})
}

// dying is a store that a node loses at its nth write.
type dying struct {
	store.Backend

	left atomic.Int64
}

func (d *dying) dead() error {
	if d.left.Add(-1) < 0 {
		return store.ErrUnavailable
	}
	return nil
}

func (d *dying) Insert(ctx context.Context, coll string, doc bson.Raw) error {
	if err := d.dead(); err != nil {
		return err
	}
	return d.Backend.Insert(ctx, coll, doc)
}

func (d *dying) Replace(ctx context.Context, coll string, rev int64, doc bson.Raw) error {
	if err := d.dead(); err != nil {
		return err
	}
	return d.Backend.Replace(ctx, coll, rev, doc)
}

func TestANodeThatDiesBetweenSendingAndRecordingLosesNothing(t *testing.T) {
	for writes := range int64(14) {
		w := newWorld(t)
		e := w.at("erp", nil)
		m := w.made("erp")
		w.happen("contract.signed", "a", "b", "a", "b", "a")
		d := &dying{Backend: w.db}
		d.left.Store(writes)
		doomed := w.open("one", d)
		_, _ = doomed.Settle(t.Context()) // until it dies
		w.Service = w.open("one", w.db)
		w.settle()
		inOrder(t, e.all(), []int64{1, 2, 3, 4, 5}, func(seq int64) string { return string(rune('a' + (seq+1)%2)) })
		if got := w.sent(m.Webhook.ID, &DeliveryFilter{State: &DeliveryStateChoice{Eq: new(Delivered)}}); len(got) != 5 {
			t.Errorf("after %d writes, on record: %d", writes, len(got))
		}
	}
}

func TestWhateverFailsEveryEventComesInTheOrderOfItsSubject(t *testing.T) {
	w := newWorld(t)
	round := 0
	rapid.Check(t, func(t *rapid.T) {
		round++
		host := fmt.Sprint("host", round)
		var fates []int
		var mu sync.Mutex
		e := w.at(host, func(rw http.ResponseWriter, _ *http.Request) {
			mu.Lock()
			fate := 0
			if len(fates) > 0 {
				fate, fates = fates[0], fates[1:]
			}
			mu.Unlock()
			befall(fate, rw)
		})
		defer e.close()
		m := w.made(host)
		defer func() {
			now := w.today(m.Webhook.ID)
			_, err := w.Delete(w.liaison(), StopInput{change(now), now.ID})
			must(w.t, err)
		}()
		var want []int64
		subjects := map[int64]string{}
		for range rapid.IntRange(1, 6).Draw(t, "phases") {
			for range rapid.IntRange(0, 8).Draw(t, "events") {
				s := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "subject")
				w.happen("contract.signed", s)
				last, _ := w.last(context.Background())
				want, subjects[last] = append(want, last), s
			}
			mu.Lock()
			fates = rapid.SliceOfN(rapid.IntRange(0, 6), 0, 12).Draw(t, "fates")
			mu.Unlock()
			d := &dying{Backend: w.db}
			d.left.Store(rapid.Int64Range(0, 60).Draw(t, "writes"))
			_, _ = w.open("one", d).Settle(w.t.Context()) // it may die
			w.pass(rapid.SampledFrom([]time.Duration{0, time.Second, time.Minute, time.Hour}).Draw(t, "pass"))
		}
		mu.Lock()
		fates = nil
		mu.Unlock()
		for range 12 {
			w.pass(time.Hour)
			w.settle()
		}
		inOrder(t, e.all(), want, func(seq int64) string { return subjects[seq] })
		if h := w.health(m.Webhook.ID); h.Lag != 0 || h.SetAside != 0 {
			t.Errorf("its health: %+v", h)
		}
	})
}

// befall is one way in which an endpoint answers.
func befall(fate int, rw http.ResponseWriter) {
	switch fate {
	case 1:
		rw.WriteHeader(http.StatusInternalServerError)
	case 2:
		rw.WriteHeader(http.StatusFound)
	case 3: // it has taken it, and we do not hear so
		rw.Header().Set("Content-Length", "10")
		_, _ = io.WriteString(rw, "half")
	case 4:
		rw.Header().Set("Retry-After", "30")
		rw.WriteHeader(http.StatusServiceUnavailable)
	case 5:
		panic(http.ErrAbortHandler)
	case 6:
		_, _ = io.WriteString(rw, strings.Repeat("much ", 5000))
	}
}

func TestPausesGrowAndEnd(t *testing.T) {
	var sum time.Duration
	tries := 1
	for ; sum < GiveUp; tries++ {
		d := pause(tries)
		if d < 4*time.Second || d > longPause*6/5 {
			t.Fatalf("the pause after %d tries is %s", tries, d)
		}
		sum += d
	}
	if tries < 12 || tries > 20 {
		t.Errorf("%d tries in three days", tries)
	}
	for value, want := range map[string]time.Duration{
		"": 0, "120": 2 * time.Minute, "-1": 0, "soon": 0, "99999999": longestAsk, noon.Add(time.Hour).Format(http.TimeFormat): time.Hour, noon.Add(-time.Hour).Format(http.TimeFormat): 0,
	} {
		if got := asked(http.Header{"Retry-After": {value}}, noon); got != want {
			t.Errorf("%q asks for %s", value, got)
		}
	}
}

func TestWhatCannotBeMadeIsTriedAgainAndIsNoFaultOfTheEndpoint(t *testing.T) {
	w := newWorld(t)
	e := w.at("erp", nil)
	m := w.made("erp")
	w.unshaped[1] = true
	w.happen("contract.signed", "a", "b")
	w.settle()
	d := w.sent(m.Webhook.ID, &DeliveryFilter{State: &DeliveryStateChoice{Eq: new(Pending)}})
	if len(d) != 1 || *d[0].Attempts[0].Error != ErrorShape || w.health(m.Webhook.ID).Failures != 0 {
		t.Errorf("on record: %+v", d)
	}
	w.unshaped[1] = false
	w.pass(time.Minute)
	w.settle()
	if got := e.seqs(); !slices.Equal(got, []int64{2, 1}) {
		t.Errorf("taken: %v", got)
	}
	if _, err := w.Test(authz.AsSystem(t.Context()), TestInput{ID: m.Webhook.ID}); err != nil {
		t.Error(err)
	}
}
