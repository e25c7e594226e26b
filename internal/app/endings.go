package app

import (
	"context"
	"time"
)

// glance is how often a node looks for sessions and tokens that have ended at another one.
const glance = 2 * time.Second

// lately is how far back it looks each time: the clocks of two nodes may differ, and a write may be seen late.
const lately = time.Minute

// hearEndings has whatever is open here looked at again when its session or token has ended at another node, until ctx
// ends. It is one look for everything that is open, however much that is.
func (a *App) hearEndings(ctx context.Context) error {
	tick := time.NewTicker(glance)
	defer tick.Stop()
	seen, failed := map[string]time.Time{}, false
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if !a.Feed.Attended() {
			continue
		}
		err := a.glance(ctx, seen)
		if err != nil && ctx.Err() == nil && !failed {
			a.Log.WarnContext(ctx, "cannot look for ended sessions", "error", err)
		}
		failed = err != nil
	}
}

// glance looks once. What was seen before is passed over, and forgotten when it is too old to be seen again.
func (a *App) glance(ctx context.Context, seen map[string]time.Time) error {
	now := a.Now()
	gone, err := a.endings(ctx, now.Add(-lately))
	if err != nil {
		return err
	}
	for what, at := range seen {
		if now.Sub(at) > 2*lately {
			delete(seen, what)
		}
	}
	for what, who := range gone {
		if _, old := seen[what]; !old {
			seen[what] = now
			a.Feed.Recheck(who)
		}
	}
	return nil
}

// endings are those whose sessions or tokens have ended since a moment, by the name of each ending.
func (a *App) endings(ctx context.Context, since time.Time) (map[string]string, error) {
	people, err := a.People.Endings(ctx, since)
	if err != nil {
		return nil, err
	}
	programs, err := a.ServiceAccounts.Endings(ctx, since)
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, e := range people {
		all[string(e.Person)+" "+e.What] = string(e.Person)
	}
	for _, e := range programs {
		all[string(e.Account)+" "+e.What] = string(e.Account)
	}
	return all, nil
}
