package contract

import (
	"strings"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// ObjectFor is how long the partners may object after the host has said that everything is done.
const ObjectFor = 7 * 24 * time.Hour

// Completion is the host's word that everything in the contract is done. Unless a partner objects, it is completed then.
type Completion struct {
	Organisation id.Organisation `bson:"organisation"`
	At           time.Time       `bson:"at"`
	Person       id.Person       `bson:"person,omitempty"`
	CompletesAt  time.Time       `bson:"completesAt"`
}

// Objection is what ended an announcement of completion.
type Objection struct {
	Organisation *id.Organisation `bson:"organisation,omitempty"` // nil where something had opened again meanwhile
	Reason       string           `bson:"reason"`
	At           time.Time        `bson:"at"`
	Person       id.Person        `bson:"person,omitempty"`
}

// Undone is what in a contract is not done yet: occurrences that are due, reported, disputed or at rest, days still to
// come, promises of which nothing is known yet.
type Undone struct {
	Count    int
	Examples []string // identifiers of some of them
}

// err refuses what needs everything to be done.
func (o Undone) err() error {
	if o.Count == 0 {
		return nil
	}
	return fault.New(fault.Refused, CodeStillOpen, "count", o.Count, "examples", strings.Join(o.Examples, ", "))
}

// Complete announces, for the host, that everything is done.
func (c *Contract) Complete(by By, open Undone) error {
	if err := c.ready(VerbComplete, by.Party); err != nil {
		return err
	}
	if err := open.err(); err != nil {
		return err
	}
	if err := c.move(VerbComplete, Active); err != nil {
		return err
	}
	c.Completion = &Completion{
		Organisation: by.Party, At: by.At, Person: by.Person, CompletesAt: by.At.Add(ObjectFor),
	}
	c.Objection = nil
	c.settle()
	return c.tell(ToldCompletionAnnounced, by.Party)
}

// Object ends the announcement that everything is done: the contract goes on.
func (c *Contract) Object(by By, reason string) error {
	if err := c.ready(VerbObject, by.Party); err != nil {
		return err
	}
	if reason == "" {
		return fault.New(fault.Invalid, fault.CodeRequired).At("reason")
	}
	if err := c.move(VerbObject, Active); err != nil {
		return err
	}
	c.Completion = nil
	c.Objection = &Objection{Organisation: &by.Party, Reason: reason, At: by.At, Person: by.Person}
	c.settle()
	return c.tell(ToldCompletionObjected, by.Party)
}

// finish completes a contract that nobody objected to, if it is still true that nothing is open; otherwise the
// announcement falls, and the contract goes on.
func (c *Contract) finish(now time.Time, open Undone) error {
	if open.Count > 0 {
		if err := c.move(VerbFinish, Active); err != nil {
			return err
		}
		c.Completion, c.Objection = nil, &Objection{At: now}
		c.settle()
		return c.tell(ToldCompletionObjected, "")
	}
	if err := c.move(VerbFinish, Completed); err != nil {
		return err
	}
	c.ends(now, scalar.DateOf(now, c.zone()), "")
	c.settle()
	return c.tell(ToldCompleted, "")
}

func (c *Contract) readyToComplete(p *Party) error {
	switch {
	case p.Organisation != c.Host:
		return fault.New(fault.Forbidden, CodeHostCompletes, "organisation", p.Organisation)
	case c.Completion != nil:
		return fault.New(fault.Refused, CodeAlreadyAnnounced, "on", scalar.DateOf(c.Completion.CompletesAt, c.zone()))
	}
	return nil
}

func (c *Contract) readyToObject(p *Party) error {
	switch {
	case c.Completion == nil:
		return fault.New(fault.Refused, CodeNotAnnounced)
	case p.Part == Witness:
		return noSay(p.Organisation)
	case p.Organisation == c.Completion.Organisation:
		return fault.New(fault.Refused, CodeOwnAnnouncement, "organisation", p.Organisation)
	}
	return nil
}
