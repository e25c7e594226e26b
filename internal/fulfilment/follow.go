package fulfilment

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// ContractStatus is the state of a contract, as its room names it.
type ContractStatus string

// The states that matter here: those in which a contract's days get fulfilments, and those in which it has ended early.
const (
	contractActive     ContractStatus = "ACTIVE"
	contractExpired    ContractStatus = "EXPIRED"
	contractTerminated ContractStatus = "TERMINATED"
	contractCompleted  ContractStatus = "COMPLETED"
	contractCancelled  ContractStatus = "CANCELLED"
	contractDeclined   ContractStatus = "DECLINED"
)

// snapshot is what this room reads of a contract's event.
type snapshot struct {
	Status      ContractStatus    `bson:"status"`
	TimeZone    string            `bson:"timeZone"`
	EffectiveOn scalar.Date       `bson:"effectiveOn"`
	EndsOn      scalar.Date       `bson:"endsOn"`
	Parties     []id.Organisation `bson:"parties"`
	Above       []id.Organisation `bson:"above"`
	Host        id.Organisation   `bson:"host"`
	Commitments []promise         `bson:"commitments"`
	TextVersion int               `bson:"textVersion"`
	Exits       []exit            `bson:"exits"`
	Pauses      []pause           `bson:"pauses"`
	EndedOn     *scalar.Date      `bson:"endedOn"`
	TextFrom    *scalar.Date      `bson:"textFrom"`
}

// promise is a commitment in it.
type promise struct {
	ID         id.Commitment     `bson:"id"`
	Key        string            `bson:"key"`
	Provider   id.Organisation   `bson:"provider"`
	Receivers  []id.Organisation `bson:"receivers"`
	Action     string            `bson:"action"`
	Quantity   *scalar.Decimal   `bson:"quantity"`
	Unit       string            `bson:"unit"`
	Recurrence *string           `bson:"recurrence"`
	StartsOn   *scalar.Date      `bson:"startsOn"`
	DueOn      *scalar.Date      `bson:"dueOn"`
	Standing   bool              `bson:"standing"`
	Evidence   []EvidenceKind    `bson:"evidence"`
	Weight     int               `bson:"weight"`
}

// outline remembers how much of a contract's story this room has heard, so that old news change nothing.
type outline struct {
	store.Meta[id.Contract] `bson:",inline"`
	Seen                    int64 `bson:"seen"` // number of the latest event
}

// errNothing ends a change that has nothing to change.
var errNothing = errors.New("fulfilment: nothing to change")

// FollowContract takes in what an event (contract.*) says of a contract: its commitments get plans, or change them, and those that
// the text has no more are put aside. Hearing it again, or after what came later, changes nothing.
func (s *Service) FollowContract(ctx context.Context, e journal.Entry) error {
	ctx = authz.AsSystem(ctx)
	var snap snapshot
	if err := bson.Unmarshal(e.Data, &snap); err != nil {
		return fmt.Errorf("fulfilment: event %s: %w", e.ID, err)
	}
	contract := id.Contract(e.Subject)
	if news, err := s.hear(ctx, contract, e.Seq); err != nil || !news {
		return err
	}
	var named []id.Commitment
	for _, p := range snap.Commitments {
		named = append(named, p.ID)
		if err := s.put(ctx, p.ID, e.Seq, func(plan *Plan) { plan.take(contract, snap, p, e.At) }); err != nil {
			return err
		}
	}
	for p, err := range s.plans.Walk(ctx, planContract.Is(contract)) {
		if err != nil {
			return err
		}
		if slices.Contains(named, p.ID) {
			continue
		}
		if err := s.put(ctx, p.ID, e.Seq, func(plan *Plan) { plan.drop(snap, e.At) }); err != nil {
			return err
		}
	}
	return s.tendContract(ctx, contract)
}

// hear says whether an event of a contract is news, or the latest heard once more.
func (s *Service) hear(ctx context.Context, c id.Contract, seq int64) (bool, error) {
	_, err := s.outlines.Touch(ctx, access.PlanKeep, string(c), func(o *outline) error {
		if o.Seen > seq {
			return errNothing
		}
		o.Seen = seq
		return nil
	})
	switch {
	case errors.Is(err, errNothing):
		return false, nil
	case !fault.Is(err, fault.CodeNotFound):
		return err == nil, err
	}
	o := &outline{Seen: seq}
	o.ID = c
	_, err = s.outlines.Add(ctx, access.PlanKeep, o)
	if fault.Is(err, fault.CodeTaken) { // another node was quicker
		return s.hear(ctx, c, seq)
	}
	return err == nil, err
}

// put changes a plan by an event, or makes it, unless it has heard of something later.
func (s *Service) put(ctx context.Context, m id.Commitment, seq int64, change func(*Plan)) error {
	_, err := s.plans.Change(ctx, access.PlanKeep, string(m), func(p *Plan) error {
		if p.Seen >= seq {
			return errNothing
		}
		was := *p
		if change(p); reflect.DeepEqual(was, *p) {
			return errNothing
		}
		p.Seen = seq
		return nil
	})
	if errors.Is(err, errNothing) {
		return nil
	}
	if !fault.Is(err, fault.CodeNotFound) {
		return err
	}
	p := &Plan{Seen: seq}
	p.ID = m
	change(p)
	_, err = s.plans.Add(ctx, access.PlanKeep, p)
	if fault.Is(err, fault.CodeTaken) {
		return s.put(ctx, m, seq, change)
	}
	return err
}

// take copies into the plan what the contract says now.
func (p *Plan) take(c id.Contract, snap snapshot, m promise, at time.Time) {
	p.Contract, p.ShortKey, p.Provider, p.Receivers, p.Gone = c, m.Key, m.Provider, m.Receivers, false
	p.Action, p.Quantity, p.Unit, p.Weight, p.EvidenceRequired = m.Action, m.Quantity, m.Unit, m.Weight, m.Evidence
	p.Recurrence, p.DueOn, p.Standing = m.Recurrence, m.DueOn, m.Standing
	p.Zone, p.EndsOn, p.StartsOn, p.Host = snap.TimeZone, snap.EndsOn, snap.EffectiveOn, snap.Host
	if m.StartsOn != nil {
		p.StartsOn = *m.StartsOn
	}
	p.turn(snap, at)
}

// drop puts the plan of a commitment aside that the text has no more.
func (p *Plan) drop(snap snapshot, at time.Time) {
	p.Gone = true
	p.turn(snap, at)
}

// turn takes over the contract's state and readers, and sees what that calls for.
func (p *Plan) turn(snap snapshot, at time.Time) {
	was := *p
	p.ContractStatus, p.Parties, p.Above, p.TextVersion = snap.Status, snap.Parties, snap.Above, snap.TextVersion
	p.Exits, p.Pauses, p.Former = snap.Exits, snap.Pauses, nil
	for _, e := range snap.Exits {
		p.Former = append(p.Former, e.Organisation)
	}
	p.EndedOn = p.endsOn(was.EndedOn, snap, at)
	if p.PlannedUntil != nil {
		p.SpreadFrom = p.newsFrom(&was)
	}
	p.retext(&was, snap)
	p.WakeAt = nil
	if p.running() || p.SpreadFrom != nil {
		p.WakeAt = &at
	}
}

// endsOn is the day from which nothing of the commitment is due any more; nil while there is none. That a text has the
// commitment no more is heard once.
func (p *Plan) endsOn(was *scalar.Date, snap snapshot, at time.Time) *scalar.Date {
	switch {
	case !p.ended():
		return nil
	case was != nil:
		return was
	case snap.EndedOn != nil:
		return snap.EndedOn
	case p.Gone && snap.TextFrom != nil: // an amendment has taken it out
		return snap.TextFrom
	}
	on := scalar.DateOf(at, zone(p.Zone))
	return &on
}

// newsFrom is the day behind which the fulfilments have to hear the contract's news; nil where there is none for them.
// Who reads concerns all of them, the rest only those from the first day that it speaks of.
func (p *Plan) newsFrom(was *Plan) *scalar.Date {
	if was.SpreadFrom != nil || !slices.Equal(p.Parties, was.Parties) || !slices.Equal(p.Above, was.Above) || !slices.Equal(p.Former, was.Former) {
		return new(scalar.Date)
	}
	if p.ContractStatus == was.ContractStatus && reflect.DeepEqual(p.Pauses, was.Pauses) && reflect.DeepEqual(p.EndedOn, was.EndedOn) {
		return nil
	}
	var from *scalar.Date
	if n := len(p.Pauses); n > 0 {
		from = &p.Pauses[n-1].From
	}
	if e := p.EndedOn; e != nil && (from == nil || *e < *from) {
		from = e
	}
	if from == nil {
		return nil
	}
	before := from.AddDays(-1)
	return &before
}
