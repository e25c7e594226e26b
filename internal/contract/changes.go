package contract

import (
	"context"
	"strconv"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/feed"
	"github.com/cobuild/cobuild/internal/platform/stream"
)

// Change is one thing that happened to a contract, and the contract as it is when that is told.
type Change struct {
	Seq      int64 // its place in the journal
	Type     string
	At       time.Time
	Contract *Contract
}

// Changes tells what happens to one contract, or with nil to every contract that the caller may read: what lies behind
// the place after first, then everything new. Each change is told to whom could read the contract then and may read it
// now. Told of one contract, it ends with NOT_FOUND when the caller may read it no more.
func (s *Service) Changes(ctx context.Context, only *id.Contract, after *int64) (stream.Source, error) {
	w := feed.Want{Types: []string{"contract.*"}, After: after}
	if only != nil {
		if _, err := s.Contract(ctx, *only); err != nil {
			return nil, err
		}
		w.Subject = string(*only)
	}
	l, err := s.Listen(ctx, w)
	if err != nil {
		return nil, err
	}
	return &changes{s: s, only: only, Listener: l}, nil
}

// changes are the changes of contracts as one caller hears them.
type changes struct {
	*feed.Listener

	s    *Service
	only *id.Contract
}

// Next waits for the next change that the caller may know of.
func (c *changes) Next(ctx context.Context) (*stream.Event, error) {
	for {
		n, err := c.Listener.Next(ctx)
		if err != nil {
			return nil, err
		}
		e, err := c.tell(ctx, n)
		if e != nil || err != nil {
			return e, err
		}
	}
}

// tell makes an event of a note, or nothing where it is none of the caller's concern.
func (c *changes) tell(ctx context.Context, n feed.Note) (*stream.Event, error) {
	if n.Entry == nil {
		return nil, c.still(authz.With(ctx, n.Actor))
	}
	if !c.s.table.Could(n.Actor, access.ContractRead, n.Entry.Subject, n.Entry.Audience) {
		return nil, c.still(authz.With(ctx, n.Actor))
	}
	found, err := c.s.shown.Read(ctx, feed.Sight{Rights: n.Actor.Rights(), Subject: n.Entry.Subject}, func(ctx context.Context) (*Contract, error) {
		return c.s.Contract(authz.With(ctx, n.Actor), id.Contract(n.Entry.Subject)) // who may read it goes by rights alone
	})
	if c.only == nil && fault.Is(err, fault.CodeNotFound) {
		return nil, nil //nolint:nilnil // nothing to tell is no mistake
	}
	if err != nil {
		return nil, err
	}
	change := &Change{Seq: n.Entry.Seq, Type: n.Entry.Type, At: n.Entry.At, Contract: found}
	state := string(found.ID) + " " + strconv.FormatInt(found.Rev, 10)
	return &stream.Event{Seq: n.Entry.Seq, Value: change, Of: state, Actor: n.Actor}, nil
}

// still says whether the one contract may be read still.
func (c *changes) still(ctx context.Context) error {
	if c.only == nil {
		return nil
	}
	_, err := c.s.Contract(ctx, *c.only)
	return err
}
