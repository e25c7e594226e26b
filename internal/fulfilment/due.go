package fulfilment

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/feed"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/stream"
)

// CommitmentDue says that something promised is due soon, or overdue, and how its fulfilment is when that is told.
type CommitmentDue struct {
	Seq        int64  // its place in the journal
	Type       string // of the event
	At         time.Time
	DaysLeft   int // from that moment to the day; less than none when that is over
	Fulfilment *Fulfilment
}

// DueChoice chooses of what is due. What it names must all hold.
type DueChoice struct {
	Contract     *id.Contract
	Organisation *id.Organisation // that promised it, or was promised it
	Community    *id.Organisation // that hosts the contract
	Within       *int             // days; 7 where it is absent
}

// within is with how many days left it is told; a number that is none of 1 to the earliest of Ahead is refused.
func (c DueChoice) within() (int, error) {
	most := Ahead()[0]
	if c.Within == nil {
		return most, nil
	}
	if *c.Within < 1 || *c.Within > most {
		return 0, fault.New(fault.Invalid, fault.CodeOutOfRange, "min", 1, "max", most).At("within")
	}
	return *c.Within, nil
}

// chooses says whether an event is of what is chosen, as far as it tells.
func (c DueChoice) chooses(h *Happened) bool {
	return (c.Contract == nil || h.Contract == *c.Contract) &&
		(c.Organisation == nil || h.Provider == *c.Organisation || slices.Contains(h.Receivers, *c.Organisation))
}

// hosted says whether the community that is chosen hosts the contract.
func (c DueChoice) hosted(f *Fulfilment) bool { return c.Community == nil || f.Host == *c.Community }

// dueEvents are the types of events by which something becomes due, comes near or is overdue.
func dueEvents() []string {
	return []string{ToldPlanned, ToldReplanned, ToldResumed, ToldDueSoon, ToldOverdue}
}

// Due tells what is due within so many days: what lies behind the place after first, then everything new. It is told at
// each of the days of Ahead, when it is overdue, and when it becomes due with fewer days left than asked for. Each is told
// to whom could read the fulfilment then and may read it now. Told of one contract, it ends with NOT_FOUND when the caller
// may read that no more.
func (s *Service) Due(ctx context.Context, c DueChoice, after *int64) (stream.Source, error) {
	days, err := c.within()
	if err != nil {
		return nil, err
	}
	d := &dues{s: s, c: c, within: days}
	if err := d.still(ctx); err != nil {
		return nil, err
	}
	if d.Listener, err = s.Listen(ctx, feed.Want{Types: dueEvents(), After: after}); err != nil {
		return nil, err
	}
	return d, nil
}

// dues are what is due, as one caller hears it.
type dues struct {
	*feed.Listener

	s      *Service
	c      DueChoice
	within int
}

// Next waits for the next thing due that the caller may know of.
func (d *dues) Next(ctx context.Context) (*stream.Event, error) {
	for {
		n, err := d.Listener.Next(ctx)
		if err != nil {
			return nil, err
		}
		due, err := d.tell(authz.With(ctx, n.Actor), n)
		if err != nil {
			return nil, err
		}
		if due == nil {
			continue
		}
		state := string(due.Fulfilment.ID) + " " + strconv.FormatInt(due.Fulfilment.Rev, 10)
		return &stream.Event{Seq: due.Seq, Value: due, Of: state, Actor: n.Actor}, nil
	}
}

// still says whether the one contract may be read still.
func (d *dues) still(ctx context.Context) error {
	if d.c.Contract == nil {
		return nil
	}
	return d.s.Readable(ctx, *d.c.Contract)
}

// tell makes of a note what is told of it; nil where that is nothing.
func (d *dues) tell(ctx context.Context, n feed.Note) (*CommitmentDue, error) {
	if n.Entry == nil {
		return nil, d.still(ctx)
	}
	if !d.s.table.Could(n.Actor, access.FulfilmentRead, n.Entry.Subject, n.Entry.Audience) {
		return nil, nil //nolint:nilnil // nothing to tell is no mistake
	}
	chosen, err := d.chosen(n.Entry)
	if err != nil || !chosen {
		return nil, err
	}
	if err := d.still(ctx); err != nil {
		return nil, err
	}
	found, err := d.s.shown.Read(ctx, feed.Sight{Rights: n.Actor.Rights(), Subject: n.Entry.Subject}, func(ctx context.Context) (*Fulfilment, error) {
		return d.s.Fulfilment(ctx, id.Fulfilment(n.Entry.Subject)) // who may read it goes by rights alone
	})
	switch {
	case fault.Is(err, fault.CodeNotFound):
		return nil, nil //nolint:nilnil // likewise
	case err != nil:
		return nil, err
	}
	left := found.daysLeft(n.Entry.At)
	if left > d.within || !d.c.hosted(found) {
		return nil, nil //nolint:nilnil // likewise
	}
	return &CommitmentDue{Seq: n.Entry.Seq, Type: n.Entry.Type, At: n.Entry.At, DaysLeft: left, Fulfilment: found}, nil
}

// chosen says whether an entry is of what is chosen, and due.
func (d *dues) chosen(e *journal.Entry) (bool, error) {
	var h Happened
	if err := bson.Unmarshal(e.Data, &h); err != nil {
		return false, fmt.Errorf("fulfilment: event %s: %w", e.ID, err)
	}
	return d.c.chooses(&h) && (h.Status == Due || h.Status == Overdue), nil
}
