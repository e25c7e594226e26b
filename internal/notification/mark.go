package notification

import (
	"context"
	"errors"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// MarkInput is the input of markRead: either notifications one by one, or all up to a moment.
type MarkInput struct {
	command.Once
	IDs  []id.Notification
	UpTo *time.Time
}

// Marked is what marking has brought about.
type Marked struct {
	Notifications []*Notification // those named, as they are now; none where a moment was named
	Marked        int             // how many were unread before
	UnreadCount   int             // how many are unread now; MostUnread stands for more
}

// MarkRead makes notifications of the caller read. Marking again changes nothing. Up to a moment at most MostMarked are
// marked, the newest first: where UnreadCount says that there are more, it is sent again.
func (s *Service) MarkRead(ctx context.Context, in MarkInput) (*Marked, error) {
	if _, err := authz.Personally(ctx); err != nil {
		return nil, err
	}
	if (in.IDs == nil) == (in.UpTo == nil) {
		return nil, fault.New(fault.Invalid, CodeMarkWhat).At("ids")
	}
	ctx = store.WithoutOnce(ctx) // marking is repeatable by itself
	out := &Marked{}
	var found []*Notification
	var err error
	if in.UpTo != nil {
		found, err = s.unreadUpTo(ctx, *in.UpTo)
	} else if found, err = s.named(ctx, in.IDs); err == nil {
		out.Notifications = found
	}
	if err != nil {
		return nil, err
	}
	if out.Marked, err = s.mark(ctx, found); err != nil {
		return nil, err
	}
	if out.UnreadCount, err = s.unread(ctx); err != nil {
		return nil, err
	}
	return out, s.dress(ctx, out.Notifications)
}

// named finds notifications by their identifiers; all must be the caller's.
func (s *Service) named(ctx context.Context, ids []id.Notification) ([]*Notification, error) {
	if len(ids) > MostIDs {
		return nil, fault.New(fault.Invalid, fault.CodeTooMany, "max", MostIDs).At("ids")
	}
	keys := make([]string, len(ids))
	for i, n := range ids {
		keys[i] = string(n)
	}
	found, err := s.notifications.GetMany(ctx, keys)
	if err != nil {
		return nil, err
	}
	var faults fault.List
	for i, n := range found {
		if n == nil {
			faults.Add(fault.New(fault.NotFound, fault.CodeNotFound, "id", ids[i]), "ids", strconv.Itoa(i))
		}
	}
	return found, faults.Err()
}

// unreadUpTo finds what is unread and has happened up to a moment, the newest first.
func (s *Service) unreadUpTo(ctx context.Context, at time.Time) ([]*Notification, error) {
	var out []*Notification
	where := store.And(byShown.Is(true), byUnread.Is(true), byAt.Lte(at))
	for n, err := range s.notifications.Walk(ctx, where, page.Descending.Sort(byAt.Asc())...) {
		if err != nil {
			return nil, err
		}
		if out = append(out, n); len(out) == MostMarked {
			break
		}
	}
	return out, nil
}

// mark marks each, several side by side, and says how many were unread. The given ones are as they are now.
func (s *Service) mark(ctx context.Context, ns []*Notification) (int, error) {
	done := make([]bool, len(ns))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(sideBySide)
	for i, n := range ns {
		if !n.Unread {
			continue
		}
		g.Go(func() error {
			marked, err := s.notifications.Change(ctx, access.NotificationMark, string(n.ID), func(n *Notification) error { return n.mark(s.now()) })
			switch {
			case err == nil:
				ns[i], done[i] = marked, true
			case errors.Is(err, errNothing), fault.Is(err, fault.CodeNotFound): // marked or swept meanwhile
				return nil
			}
			return err
		})
	}
	err := g.Wait()
	count := 0
	for _, d := range done {
		if d {
			count++
		}
	}
	return count, err
}
