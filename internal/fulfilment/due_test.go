package fulfilment_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/fulfilment"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/feed"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/stream"
)

// heralded is a world in which people hear what is due. Whoever is in dismissed holds nothing any more.
type heralded struct {
	*world
	feed      *feed.Feed
	mu        sync.Mutex
	dismissed map[string]bool
	missed    chan struct{} // told when the rights of somebody dismissed were looked at
}

func herald(t *testing.T) *heralded {
	t.Helper()
	h := &heralded{world: open(t), dismissed: map[string]bool{}, missed: make(chan struct{}, 100)}
	h.feed = feed.New(feed.Options{Journal: h.journal, Again: func(ctx context.Context) (authz.Actor, error) {
		a := authz.From(ctx)
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.dismissed[a.Name] {
			a.Holdings = nil
			h.missed <- struct{}{}
		}
		return a, nil
	}})
	h.Listen = h.feed.Listen
	h.Readable = func(ctx context.Context, c id.Contract) error {
		if c != contractID() || len(authz.From(ctx).Holdings) == 0 || authz.From(ctx).Name == stranger {
			return fault.New(fault.NotFound, fault.CodeNotFound)
		}
		return nil
	}
	return h
}

func (h *heralded) dismiss(who string, gone bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.dismissed[who] = gone
}

// passes lets time pass until a moment, and all of it be heard.
func (h *heralded) passes(t *testing.T, day scalar.Date, clock string) {
	t.Helper()
	h.goTo(day, clock)
	h.tick(t)
	h.spread(t)
}

// spread has what happened so far be told.
func (h *heralded) spread(t *testing.T) {
	t.Helper()
	if err := h.journal.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := h.feed.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// dues is all that somebody hears of what lies behind a place, up to the one that is told last, which everybody hears who
// hears anything.
func (h *heralded) dues(t *testing.T, who string, c fulfilment.DueChoice, after int64, many int) string {
	t.Helper()
	s, err := h.Due(as(who), c, &after)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var out []string
	for range many {
		out = append(out, said(t, must1(t)(s.Next(as(who)))))
	}
	return strings.Join(out, " ")
}

func said(t *testing.T, e *stream.Event) string {
	t.Helper()
	d, ok := e.Value.(*fulfilment.CommitmentDue)
	if !ok || d.Seq != e.Seq {
		t.Fatalf("heard %+v", e)
	}
	return fmt.Sprintf("%s:%s:%d", d.Fulfilment.DueOn[5:], strings.TrimPrefix(d.Type, "fulfilment."), d.DaysLeft)
}

func must1(t *testing.T) func(*stream.Event, error) *stream.Event {
	t.Helper()
	return func(e *stream.Event, err error) *stream.Event {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
}

func TestWhatIsDueIsHeardAsItIsChosen(t *testing.T) {
	h := herald(t)
	h.goTo("2026-03-08", "09:00")
	h.hear(t, told(contract.Active, promise("m1", due("2026-03-20")), promise("m2", due("2026-03-10"), toBoth)))
	h.passes(t, "2026-03-09", "08:00")
	for _, day := range []scalar.Date{"2026-03-11", "2026-03-13", "2026-03-19", "2026-03-21"} {
		h.passes(t, day, "08:00")
	}
	all := "03-10:planned:2 03-10:dueSoon:1 03-10:overdue:-1 03-20:dueSoon:7 03-20:dueSoon:1 03-20:overdue:-1"
	near := "03-10:dueSoon:1 03-10:overdue:-1 03-20:dueSoon:1 03-20:overdue:-1"
	both := "03-10:planned:2 03-10:dueSoon:1 03-10:overdue:-1"
	this, hosted, elsewhere, partner, unit := contractID(), community(), other(), bank(), school()
	for says, tt := range map[string]struct {
		who  string
		c    fulfilment.DueChoice
		want string
	}{
		"everything":               {secretary, fulfilment.DueChoice{}, all},
		"the body above hears too": {supervisor, fulfilment.DueChoice{}, all},
		"of the contract":          {liaison, fulfilment.DueChoice{Contract: &this}, all},
		"within a day":             {secretary, fulfilment.DueChoice{Within: new(1)}, near},
		"what a receiver is owed":  {secretary, fulfilment.DueChoice{Organisation: &partner}, both},
		"what a provider owes":     {secretary, fulfilment.DueChoice{Organisation: &unit, Community: &hosted}, all},
		"of another community":     {secretary, fulfilment.DueChoice{Community: &elsewhere}, ""},
	} {
		if got := h.dues(t, tt.who, tt.c, 0, len(strings.Fields(tt.want))); got != tt.want {
			t.Errorf("%s: heard %s, want %s", says, got, tt.want)
		}
	}
}

func TestWhatIsDueIsHeardAgainFromAnyPlace(t *testing.T) {
	h := herald(t)
	h.hear(t, told(contract.Active, promise("m1", rhythm("FREQ=DAILY;COUNT=30"))))
	for _, day := range []scalar.Date{"2026-03-05", "2026-03-06", "2026-03-09", "2026-03-10"} {
		h.passes(t, day, "12:00")
	}
	var seqs []int64
	var once []string
	ctx := as(secretary)
	for after := int64(0); len(once) < 25; {
		s, err := h.Due(ctx, fulfilment.DueChoice{}, &after) // a client that goes after each and comes again
		if err != nil {
			t.Fatal(err)
		}
		e := must1(t)(s.Next(ctx))
		s.Close()
		once, seqs, after = append(once, said(t, e)), append(seqs, e.Seq), e.Seq
	}
	for i, after := range append([]int64{0}, seqs[:len(seqs)-1]...) {
		if got := h.dues(t, secretary, fulfilment.DueChoice{}, after, len(once)-i); got != strings.Join(once[i:], " ") {
			t.Fatalf("behind %d: heard %s, want %v", after, got, once[i:])
		}
	}
}

func TestWhatIsDueIsHeardOnlyByTheRightsOfTheMoment(t *testing.T) {
	h := herald(t)
	this := contractID()
	h.hear(t, told(contract.Active, promise("m1", due("2026-03-20"))))
	h.spread(t) // so that what is heard below begins with the first reminder
	all, err := h.Due(as(liaison), fulfilment.DueChoice{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer all.Close()
	one, err := h.Due(as(liaison), fulfilment.DueChoice{Contract: &this}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	h.dismiss(liaison, true)
	h.passes(t, "2026-03-13", "08:00") // the feed offers it, by what was held before
	heard := make(chan *stream.Event)
	go func() {
		defer close(heard)
		if e, err := all.Next(as(liaison)); err == nil {
			heard <- e
		}
	}()
	<-h.missed
	h.feed.Recheck(string(actor(liaison).Person))
	if _, err := one.Next(as(liaison)); !fault.Is(err, fault.CodeNotFound) {
		t.Errorf("of the one contract: %v", err)
	}
	h.dismiss(liaison, false)
	h.feed.Recheck(string(actor(liaison).Person))
	h.passes(t, "2026-03-19", "08:00")
	if e, ok := <-heard; !ok || said(t, e) != "03-20:dueSoon:1" {
		t.Errorf("then heard %+v", e)
	}
}

func TestAChoiceOfWhatIsDueThatCannotBeIsRefused(t *testing.T) {
	h := herald(t)
	this, no := contractID(), id.Derived[id.Contract](id.KindContract, "no")
	for says, tt := range map[string]struct {
		who  string
		c    fulfilment.DueChoice
		code fault.Code
	}{
		"no day at all":           {secretary, fulfilment.DueChoice{Within: new(0)}, fault.CodeOutOfRange},
		"eight days":              {secretary, fulfilment.DueChoice{Within: new(8)}, fault.CodeOutOfRange},
		"less than none":          {secretary, fulfilment.DueChoice{Within: new(-1)}, fault.CodeOutOfRange},
		"a contract that is none": {secretary, fulfilment.DueChoice{Contract: &no}, fault.CodeNotFound},
		"a hidden contract":       {stranger, fulfilment.DueChoice{Contract: &this}, fault.CodeNotFound},
	} {
		_, err := h.Due(as(tt.who), tt.c, nil)
		if f := fault.Of(err); f.Code != tt.code || tt.code == fault.CodeOutOfRange && (len(f.Path) != 1 || f.Path[0] != "within") {
			t.Errorf("%s: %v", says, err)
		}
	}
	if _, err := h.Due(as(secretary), fulfilment.DueChoice{}, new(int64(99))); !fault.Is(err, feed.CodeFuture) {
		t.Errorf("a place that is not reached: %v", err)
	}
}
