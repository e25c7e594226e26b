// Package webhook sends what happens to addresses that organisations name, so that their own systems hear of it without
// asking.
//
// A webhook sees what a service account sees: an event goes out if the account could read its subject when it happened
// and may read it at the moment of sending, and with what the account may know of it. Every event is sent at least once
// and signed by the Standard Webhooks; the events of one subject come in their order. What fails is tried again for three
// days, and whatever an endpoint does, it holds up no other one.
package webhook

import (
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Bounds of a webhook.
const (
	MaxName      = 60   // characters
	MaxTypes     = 50   // types of events that it names
	MaxSelection = 4000 // characters
	MaxLive      = 20   // webhooks of one organisation that are not deleted

	// Overlap is how long a secret goes on signing after its successor was made.
	Overlap = 24 * time.Hour
)

// Webhook is an address to which events are sent.
type Webhook struct {
	store.Meta[id.Webhook] `bson:",inline"`

	Organisation   id.Organisation   `bson:"organisation"`
	ServiceAccount id.ServiceAccount `bson:"serviceAccount"` // as which it sees
	Role           authz.Role        `bson:"role"`           // in which that account acts; never another one
	Name           string            `bson:"name"`
	URL            string            `bson:"url,omitempty"`       // empty when it is deleted
	Events         []string          `bson:"events,omitempty"`    // types as "contract.signed" or "contract.*"; none is all
	Selection      *string           `bson:"selection,omitempty"` // of the fields of an event; nil for the usual ones
	State          State             `bson:"state"`
	Cause          *Cause            `bson:"cause,omitempty"` // of a state that nobody chose
	CreatedBy      *id.Person        `bson:"createdBy,omitempty"`
	Secrets        []*Secret         `bson:"secrets,omitempty"` // the newest last

	Above []id.Organisation `bson:"above,omitempty"` // the bodies above the organisation, kept up by Resettle
}

// State is whether events are sent.
type State string

// The states.
const (
	Active    State = "ACTIVE"
	Paused    State = "PAUSED"    // by people
	Suspended State = "SUSPENDED" // by the server, for days of failure or because its account has ended
	Gone      State = "GONE"      // the endpoint said that it is no more
	Deleted   State = "DELETED"   // for good
)

// Cause is why the server has stopped a webhook.
type Cause string

// The causes.
const (
	CauseFailing Cause = "NO_SUCCESS_FOR_DAYS"
	CauseGone    Cause = "ENDPOINT_GONE"
	CauseAccount Cause = "SERVICE_ACCOUNT_ENDED"
)

// Verb is what is done to a webhook.
type Verb string

// The verbs.
const (
	VerbAlter   Verb = "ALTER"
	VerbPause   Verb = "PAUSE"
	VerbResume  Verb = "RESUME"
	VerbSuspend Verb = "SUSPEND"
	VerbVanish  Verb = "VANISH"
	VerbDelete  Verb = "DELETE"
)

// next is the state that a verb leads to; ok is false where the verb has no place.
func next(from State, v Verb) (to State, ok bool) {
	switch {
	case from == Deleted:
		return from, false
	case v == VerbDelete:
		return Deleted, true
	case v == VerbAlter:
		return from, true
	case v == VerbPause && from == Active:
		return Paused, true
	case v == VerbResume && from != Active:
		return Active, true
	case v == VerbSuspend && (from == Active || from == Paused):
		return Suspended, true
	case v == VerbVanish && from == Active:
		return Gone, true
	}
	return from, false
}

// move takes the webhook on by a verb, and tells of it.
func (w *Webhook) move(v Verb, because Cause, what string) error {
	to, ok := next(w.State, v)
	if !ok {
		return fault.New(fault.Refused, CodeState, "status", w.State)
	}
	if to != w.State {
		w.Cause = nil
	}
	if because != "" {
		w.Cause = &because
	}
	w.State = to
	return w.Tell(what, told{w.Organisation, w.ServiceAccount, w.State, w.Cause})
}

// IsNode marks what can be found by its identifier alone.
func (*Webhook) IsNode() {}

// Stand says which organisations stand to the webhook in a relation: its own, and the bodies above that.
func (w *Webhook) Stand(r authz.Relation) []id.Organisation {
	switch r {
	case authz.Own:
		return []id.Organisation{w.Organisation}
	case authz.Above:
		return w.Above
	}
	return nil
}

// Audience is the organisation.
func (w *Webhook) Audience() []string { return []string{string(w.Organisation)} }

// The events of this room. They name no address, no secret and no person.
const (
	ToldCreated   = "webhook.created"
	ToldUpdated   = "webhook.updated"
	ToldPaused    = "webhook.paused"
	ToldResumed   = "webhook.resumed"
	ToldSuspended = "webhook.suspended"
	ToldGone      = "webhook.gone"
	ToldDeleted   = "webhook.deleted"
	ToldSecret    = "webhook.secretRotated"
)

// told is what events say of a webhook.
type told struct {
	Organisation   id.Organisation   `bson:"organisation"`
	ServiceAccount id.ServiceAccount `bson:"serviceAccount"`
	State          State             `bson:"state"`
	Cause          *Cause            `bson:"cause,omitempty"`
}

// view takes what is signed with out of what leaves the room.
func view(by authz.Actor, w *Webhook) {
	if by.IsSystem() {
		return
	}
	for _, s := range w.Secrets {
		s.Sealed = nil
	}
}
