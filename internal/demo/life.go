package demo

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cobuild/cobuild/internal/fulfilment"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/seed"
)

// life is the living through of the past.
type life struct {
	Deps
	file      seed.File
	today     scalar.Date
	now       scalar.Date // the day that is being lived
	people    map[string]id.Person
	actors    map[id.Organisation]authz.Actor // who acts for an organisation
	bodies    map[id.Organisation]authz.Actor // who decides for a supervising body
	contracts []id.Contract                   // made so far

	todo map[scalar.Date][]task
	seen map[id.Fulfilment]bool // planned already
}

// task is what somebody does to a fulfilment on a day. It does nothing where the fulfilment's state does not have it.
type task struct {
	of id.Fulfilment
	do func(context.Context, *fulfilment.Fulfilment) error
}

const (
	planEvery = 10 // days between two looks at what has become due
	atOnce    = 16 // tasks of one day at the same time: the store commits them together
	hour      = 9  // of the day at which things are done
)

// live lives through the days from the first draft to today. Doing it again does nothing that was done before.
func (d Deps) live(ctx context.Context, file seed.File, today scalar.Date, now time.Time) error {
	l := &life{
		Deps: d, file: file, today: today, todo: map[scalar.Date][]task{}, seen: map[id.Fulfilment]bool{},
		actors: map[id.Organisation]authz.Actor{}, bodies: map[id.Organisation]authz.Actor{},
	}
	last := slices.IndexFunc(file.Contracts, func(c seed.Contract) bool { return c.Key == lastKey })
	due := map[scalar.Date][]seed.Contract{}
	for _, a := range arrivals(slices.Delete(slices.Clone(file.Contracts), last, last+1), today) {
		due[a.day] = a.contracts
	}
	first := today.AddDays(-longestAgo - ahead)
	for day := first; day <= today; day = day.AddDays(1) {
		l.Set(moment(day, now))
		l.now = day
		if err := l.day(ctx, day, due[day]); err != nil {
			return fmt.Errorf("%s: %w", day, err)
		}
		if l.Progress != nil {
			l.Progress(day.Sub(first)+1, today.Sub(first)+1)
		}
	}
	l.Set(now)
	c := file.Contracts[last]
	if err := l.bring(ctx, []seed.Contract{movedTo(c, today, fateOf(c))}); err != nil {
		return err
	}
	return l.Settle(ctx)
}

// moment is when things are done on a day: in the morning, but never after now.
func moment(day scalar.Date, now time.Time) time.Time {
	at := day.In(zone()).Add(hour * time.Hour)
	if at.After(now) {
		return now
	}
	return at
}

// day is one day: contracts are drafted, time does its part, and people do what they have to.
func (l *life) day(ctx context.Context, day scalar.Date, drafted []seed.Contract) error {
	if len(drafted) > 0 {
		if err := l.bring(ctx, drafted); err != nil {
			return err
		}
	}
	if err := l.Settle(ctx); err != nil {
		return err
	}
	if err := l.trade(ctx, day); err != nil {
		return err
	}
	if day.Sub(l.today)%planEvery == 0 {
		if err := l.plan(ctx); err != nil {
			return err
		}
	}
	todo := l.todo[day]
	delete(l.todo, day)
	return l.work(ctx, todo)
}

// work does the tasks of a day: several fulfilments at the same time, and of one fulfilment one task after another.
func (l *life) work(ctx context.Context, todo []task) error {
	slices.SortStableFunc(todo, func(a, b task) int { return strings.Compare(string(a.of), string(b.of)) })
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for len(todo) > 0 {
		n := 1
		for n < len(todo) && todo[n].of == todo[0].of {
			n++
		}
		own := todo[:n]
		todo = todo[n:]
		g.Go(func() error {
			for _, t := range own {
				if err := l.try(ctx, t); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// bring imports contracts, with all organisations and people where they are not there yet.
func (l *life) bring(ctx context.Context, contracts []seed.Contract) error {
	file := l.file
	file.Contracts = contracts
	done, err := seed.Import(ctx, l.Services, file, seed.Options{})
	if err != nil {
		return refusedOf(done, err)
	}
	if l.people == nil {
		l.people = done.People
		l.meet()
	}
	for _, c := range contracts {
		l.contracts = append(l.contracts, file.Contract(c.Key))
	}
	return nil
}

// meet finds out who acts for which organisation.
func (l *life) meet() {
	in := map[string]seed.Section{}
	for _, s := range l.file.SubDistricts {
		in[s.Key] = seed.InSubDistricts
	}
	for _, c := range l.file.Communities {
		in[c.Key] = seed.InCommunities
	}
	for _, u := range l.file.ResidentUnits {
		in[u.Key] = seed.InResidentUnits
	}
	for _, p := range l.file.People {
		section, known := in[p.Organisation]
		if !known {
			continue
		}
		o := l.file.Organisation(section, p.Organisation)
		switch p.Role {
		case authz.Secretary, authz.Liaison:
			l.actors[o] = p.Actor(l.people[p.Key], o)
		case authz.Supervisor:
			l.bodies[o] = p.Actor(l.people[p.Key], o)
		}
	}
}

// plan looks at what has come into sight of every contract and draws what will become of it.
func (l *life) plan(ctx context.Context) error {
	const most = 100
	for contracts := range slices.Chunk(l.contracts, 20) {
		pages, err := l.Fulfilments.OfContracts(ctx, contracts, page.Args{First: new(most)})
		if err != nil {
			return err
		}
		for i, p := range pages {
			for _, e := range p.Edges {
				l.foresee(e.Node)
			}
			for p.PageInfo.HasNextPage {
				if p, err = l.more(ctx, contracts[i], p.PageInfo.EndCursor, most); err != nil {
					return err
				}
				for _, e := range p.Edges {
					l.foresee(e.Node)
				}
			}
		}
	}
	return nil
}

func (l *life) more(ctx context.Context, of id.Contract, after *string, most int) (*fulfilment.Connection, error) {
	pages, err := l.Fulfilments.OfContracts(ctx, []id.Contract{of}, page.Args{First: &most, After: after})
	if err != nil {
		return nil, err
	}
	return pages[0], nil
}

// try does a task, unless the fulfilment is past it: time, or an earlier filling, was quicker.
func (l *life) try(ctx context.Context, t task) error {
	f, err := l.Fulfilments.Fulfilment(ctx, t.of)
	if err == nil {
		err = t.do(ctx, f)
	}
	if err == nil || fault.Is(err, fulfilment.CodeWrongState) || fault.Is(err, fulfilment.CodeAlreadyAnswered) {
		return nil
	}
	return fmt.Errorf("%s: %w", t.of, err)
}
