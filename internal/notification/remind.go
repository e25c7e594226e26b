package notification

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// The bounds of reminding.
const (
	remindHour       = 8 // of the day, where the contract is
	remindersPerTick = 100
	defaultZone      = "Asia/Shanghai"
	afterglow        = 60 * 24 * time.Hour // a reminder is kept that long behind its day, for events that come late
)

// ahead are the days before the day itself on which people are reminded, the earliest first. What is due is told by events
// of its own.
func ahead(k Kind) []int {
	if k == ContractEndsSoon {
		return []int{60, 30}
	}
	return nil
}

// reminder is a day that is coming: the last one of a contract. It is kept up by the contract's events.
type reminder struct {
	store.Meta[id.Notification] `bson:",inline"` // derived from the subject

	Kind      Kind              `bson:"kind"`
	Subject   string            `bson:"subject"`
	Contract  id.Contract       `bson:"contract"`
	On        scalar.Date       `bson:"on"`
	Zone      string            `bson:"zone"`
	To        []id.Organisation `bson:"to"`
	Seen      int64             `bson:"seen"`             // number of the event that this is from
	WakeAt    *time.Time        `bson:"wakeAt,omitempty"` // when to remind next; nil where nothing is to come
	ExpiresAt time.Time         `bson:"expiresAt"`
}

const (
	reminderWake    = store.Field[time.Time]("wakeAt")
	reminderExpires = store.Field[time.Time]("expiresAt")
)

func reminderSchema() store.Schema {
	return store.Schema{
		Name: "notification_reminders", Expire: string(reminderExpires),
		Indexes: []store.Index{store.Sparse(reminderWake.Asc()), store.Lookup(reminderExpires.Asc())},
	}
}

// The states in which a day is still to come.
const (
	contractActive    = "ACTIVE"
	contractSuspended = "SUSPENDED"
)

// plan notes the day that an event tells of, or that it is not to come any more.
func (s *Service) plan(ctx context.Context, e journal.Entry, t told) error {
	if !id.Is(e.Subject, id.KindContract) || t.EndsOn == nil {
		return nil
	}
	next := &reminder{
		Kind: ContractEndsSoon, Subject: e.Subject, Contract: t.Contract, On: *t.EndsOn, Zone: t.TimeZone, Seen: e.Seq,
	}
	coming := t.Status == contractActive || t.Status == contractSuspended
	t.Party = "" // a reminder leaves nobody out
	next.To = ruleFor(next.Kind).To.organisations(t)
	next.ID = id.Derived[id.Notification](id.KindNotification, "reminder", e.Subject)
	next.ExpiresAt = next.end().Add(afterglow)
	if coming {
		next.wake(s.now())
	}
	return s.keep(ctx, next, coming)
}

// keep puts a reminder in the place of the one that there is, unless that is from a later event. One that has nothing to
// come is not made anew.
func (s *Service) keep(ctx context.Context, next *reminder, coming bool) error {
	_, err := s.reminders.Touch(ctx, access.NotificationKeep, string(next.ID), func(r *reminder) error {
		if r.Seen >= next.Seen {
			return errNothing
		}
		same := r.On == next.On && (r.WakeAt != nil) == coming && slices.Equal(r.To, next.To)
		if same { // what is behind it stays behind it
			return errNothing
		}
		next.Meta, *r = r.Meta, *next
		return nil
	})
	if errors.Is(err, errNothing) || !fault.Is(err, fault.CodeNotFound) {
		return ignore(err)
	}
	if !coming || next.WakeAt == nil {
		return nil
	}
	_, err = s.reminders.Add(ctx, access.NotificationKeep, next)
	if fault.Is(err, fault.CodeTaken) { // another node was quicker
		return s.keep(ctx, next, coming)
	}
	return err
}

func ignore(err error) error {
	if errors.Is(err, errNothing) {
		return nil
	}
	return err
}

// end is when the day is over.
func (r *reminder) end() time.Time { return r.On.End(zone(r.Zone)) }

// moment is when to remind so many days ahead.
func (r *reminder) moment(days int) time.Time {
	return r.On.AddDays(-days).In(zone(r.Zone)).Add(remindHour * time.Hour)
}

// wake sets when to remind next, after a moment.
func (r *reminder) wake(after time.Time) {
	r.WakeAt = nil
	for _, days := range ahead(r.Kind) {
		if at := r.moment(days); at.After(after) {
			r.WakeAt = &at
			return
		}
	}
}

// due is how many days ahead the latest moment lies that has come; false where the day is over, or none has come.
func (r *reminder) due(now time.Time) (days int, ok bool) {
	for _, d := range ahead(r.Kind) {
		if !r.moment(d).After(now) {
			days, ok = d, true
		}
	}
	return days, ok && now.Before(r.end())
}

// tickReminders reminds of the days that are near. Of several moments that have come since, as after a long rest of the
// server, the last one counts. A round is begun before the reminder is moved on: whoever does it again tells nobody twice.
func (s *Service) tickReminders(ctx context.Context, now time.Time) (int, error) {
	due, err := s.reminders.List(ctx, store.Query{
		Where: reminderWake.Lte(now), Sort: []store.Order{reminderWake.Asc()}, Limit: remindersPerTick,
	})
	if err != nil {
		return 0, err
	}
	return all(due.Items, func(r *reminder) error {
		if days, ok := r.due(now); ok {
			on := r.On
			if err := s.begin(ctx, &round{
				Cause: fmt.Sprintf("%s:%s:%d", r.Subject, r.On, days), Kind: r.Kind, Subject: r.Subject, Contract: r.Contract, On: &on,
				To: r.To, Roles: ruleFor(r.Kind).Roles, At: now,
			}); err != nil {
				return err
			}
		}
		_, err := s.reminders.Touch(ctx, access.NotificationKeep, string(r.ID), func(kept *reminder) error {
			if kept.WakeAt == nil || kept.WakeAt.After(now) {
				return errNothing // somebody was quicker
			}
			kept.wake(now)
			return nil
		})
		return gone(err)
	})
}

// zone is a time zone by its IANA name; that of the platform where this machine does not know it.
func zone(name string) *time.Location {
	if z, err := time.LoadLocation(name); err == nil && name != "" {
		return z
	}
	return time.FixedZone(defaultZone, 8*60*60)
}
