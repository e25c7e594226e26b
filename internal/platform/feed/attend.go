package feed

import (
	"context"

	"github.com/cobuild/cobuild/internal/platform/authz"
)

// attendant is told when somebody's rights may have altered.
type attendant struct {
	who  string
	look func() // called with the feed locked: it must not block
	wake func() // likewise, when the feed stops
}

// Attend has look called whenever the rights of the actor in ctx may have altered, until leave is called. It must not
// block.
func (f *Feed) Attend(ctx context.Context, look func()) (leave func()) {
	a := &attendant{who: Who(authz.From(ctx)), look: look, wake: func() {}}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.enter(a)
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.leave(a)
	}
}

// Recheck has the rights of somebody looked at again by everything that they have open; with "" everybody's. It is
// called after a write that has altered them; the events of rights do the same on the other nodes.
func (f *Feed) Recheck(who string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.look(who)
}

// Attended says whether anything is open here.
func (f *Feed) Attended() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.attending) > 0
}

// Again finds the rights that the actor in ctx has at this moment.
func (f *Feed) Again(ctx context.Context) (authz.Actor, error) { return f.o.Again(ctx) }

// Who names an actor, for Recheck: a person or a service account; "" is nobody.
func Who(a authz.Actor) string {
	if a.Service != "" {
		return string(a.Service)
	}
	return string(a.Person)
}

func (f *Feed) look(who string) {
	if who != "" {
		for a := range f.attending[who] {
			a.look()
		}
		return
	}
	for _, all := range f.attending {
		for a := range all {
			a.look()
		}
	}
}

func (f *Feed) enter(a *attendant) {
	if f.attending[a.who] == nil {
		f.attending[a.who] = map[*attendant]struct{}{}
	}
	f.attending[a.who][a] = struct{}{}
}

func (f *Feed) leave(a *attendant) {
	delete(f.attending[a.who], a)
	if len(f.attending[a.who]) == 0 {
		delete(f.attending, a.who)
	}
}
