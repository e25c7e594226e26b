package notification

import (
	"context"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// The fields that queries name.
const (
	byPerson  = store.Field[id.Person]("person")
	byShown   = store.Field[bool]("shown")
	byUnread  = store.Field[bool]("unread")
	byKind    = store.Field[Kind]("kind")
	byAt      = store.Field[time.Time]("at")
	byMailed  = store.Field[bool]("mailed")
	byCreated = store.Field[time.Time]("createdAt")
	byExpires = store.Field[time.Time]("expiresAt")
)

// schema serves a person's inbox by time: all of it, what is unread, what is of a kind, and what was wanted by mail.
func schema() store.Schema {
	return store.Schema{Name: "notifications", Expire: string(byExpires), Indexes: []store.Index{
		store.Lookup(byPerson.Asc(), byShown.Asc(), byAt.Asc()),
		store.Lookup(byPerson.Asc(), byShown.Asc(), byUnread.Asc(), byAt.Asc()),
		store.Lookup(byPerson.Asc(), byShown.Asc(), byKind.Asc(), byAt.Asc()),
		store.Lookup(byPerson.Asc(), byMailed.Asc(), byUnread.Asc(), byCreated.Asc()),
		store.Lookup(byExpires.Asc()),
	}}
}

// These are the names under which the API binds pages and filters.
type (
	// Edge is a notification of a page, with its cursor.
	Edge = page.Edge[*Notification]
	// KindChoice chooses by kind.
	KindChoice = page.Choice[Kind]
)

// Filter chooses among the caller's notifications. What it names must all hold.
type Filter struct {
	Read  *bool
	Kind  *KindChoice
	Since *time.Time // from this moment on
}

func (f *Filter) where() (store.Filter, error) {
	shown := byShown.Is(true)
	if f == nil {
		return shown, nil
	}
	own := []store.Filter{shown, f.Kind.Filter(byKind)}
	if f.Read != nil {
		own = append(own, byUnread.Is(!*f.Read))
	}
	if f.Since != nil {
		own = append(own, byAt.Gte(*f.Since))
	}
	return page.Combine[Filter](own, nil, nil, nil, 0, nil)
}

// Inbox is a page of the caller's notifications.
type Inbox struct {
	*page.Connection[*Notification]
	unread func(context.Context) (int, error)
}

// UnreadCount is how many notifications of the whole inbox are unread, whatever the filter; MostUnread stands for more.
func (i *Inbox) UnreadCount(ctx context.Context) (int, error) { return i.unread(ctx) }

// Inbox lists the caller's notifications, the newest first.
func (s *Service) Inbox(ctx context.Context, f *Filter, a page.Args) (*Inbox, error) {
	if _, err := authz.Personally(ctx); authz.From(ctx).Service != "" {
		return nil, err // a program has none; nobody simply sees none
	}
	where, err := f.where()
	if err != nil {
		return nil, page.InFilter(err)
	}
	found, err := page.List(ctx, s.notifications, s.Cursors, where, page.Descending.Sort(byAt.Asc()), a)
	if err != nil {
		return nil, err
	}
	if err := s.dress(ctx, found.Nodes()); err != nil {
		return nil, err
	}
	return &Inbox{found, s.unread}, nil
}

// unread counts what the caller has not read.
func (s *Service) unread(ctx context.Context) (int, error) {
	n, _, err := s.notifications.Count(ctx, store.And(byShown.Is(true), byUnread.Is(true)), MostUnread)
	return n, err
}
