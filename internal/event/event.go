// Package event shows the journal to people and programs: everything that happened, in the one order of it, to each of
// them what concerns them.
//
// An event is shown to whom could read its subject when it happened and may read it now. So nobody learns of what was
// none of their business then, nor of what is none of it any more.
package event

import (
	"encoding/hex"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// Event is one thing that happened. It never changes.
type Event struct {
	ID             id.Event
	Seq            int64 // its place, from 1, without gaps
	Type           string
	Subject        string // identifier of what it happened to
	SubjectVersion int    // the subject's version behind it
	Actor          string // identifier of who did it; empty where time did
	Delegation     id.Delegation
	At             time.Time
	Data           *scalar.JSON // what it says; nil where there is no more to say

	Audience     []id.Organisation // that could read the subject then
	Hash         string            // by which the audit log proves it, in hexadecimal
	PreviousHash *string           // of the subject's event before; nil for its first
}

// IsNode marks what can be found by its identifier alone.
func (*Event) IsNode() {}

// of is an event as the journal has it.
func of(e *journal.Entry) (*Event, error) {
	data, err := plain(e.Data)
	if err != nil {
		return nil, err
	}
	out := &Event{
		ID: id.Placed(e.Seq), Seq: e.Seq, Type: e.Type, Subject: e.Subject, SubjectVersion: e.SubjectVersion,
		Delegation: id.Delegation(e.By), At: e.At, Data: data,

		Hash: hex.EncodeToString(e.Hash),
	}
	if len(e.Previous) > 0 {
		out.PreviousHash = new(hex.EncodeToString(e.Previous))
	}
	for _, o := range e.Audience {
		out.Audience = append(out.Audience, id.Organisation(o))
	}
	if _, ok := id.KindOf(e.Actor); ok {
		out.Actor = e.Actor
	}
	return out, nil
}
