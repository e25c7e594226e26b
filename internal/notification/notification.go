// Package notification is the room of what people are told (通知): an inbox of each person, and mail for those who want it.
//
// It follows the events of every other room. One table says which of them concerns whose people, and by which role; who
// holds the role at that moment gets a notification, one for each event however often it is heard. A notification holds no
// facts but identifiers: what it says is put together when it is read, from what the reader may read then. A right that
// has ended therefore takes the facts of old notifications with it.
package notification

import (
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// The bounds of telling.
const (
	KeptFor    = 180 * 24 * time.Hour // then a notification is swept away
	Stale      = 30 * 24 * time.Hour  // what happened longer ago is no news: nobody is told
	MostMarked = 1000                 // notifications that are marked at once by a moment
	MostIDs    = 100                  // and by their identifiers
	MostUnread = 1000                 // above it the unread are not counted
)

// Notification tells one person that something has happened or is about to.
type Notification struct {
	store.Meta[id.Notification] `bson:",inline"`
	Person                      id.Person       `bson:"person"` // whose it is
	Kind                        Kind            `bson:"kind"`
	Subject                     string          `bson:"subject"`                // what it is about: any object's identifier
	Contract                    id.Contract     `bson:"contract,omitempty"`     // the contract that the subject belongs to
	Organisation                id.Organisation `bson:"organisation,omitempty"` // who acted; of a role, where it is
	On                          *scalar.Date    `bson:"on,omitempty"`           // a due or last day
	Role                        authz.Role      `bson:"role,omitempty"`
	At                          time.Time       `bson:"at"`     // when it happened
	Shown                       bool            `bson:"shown"`  // in the inbox; the others are only counted in mail
	Mailed                      bool            `bson:"mailed"` // its kind was wanted by mail
	Unread                      bool            `bson:"unread"`
	ReadAt                      *time.Time      `bson:"readAt,omitempty"`
	ExpiresAt                   time.Time       `bson:"expiresAt"`

	facts bool // whether the reader may know more than the kind
}

// IsNode marks what can be found by its identifier alone.
func (*Notification) IsNode() {}

// BelongsTo says whose it is: nobody else reads it.
func (n *Notification) BelongsTo() id.Person { return n.Person }

// Read says whether its person has read it.
func (n *Notification) Read() bool { return !n.Unread }

// veil takes the facts away that the reader may not know any more.
func (n *Notification) veil() {
	n.Subject, n.Contract, n.Organisation, n.On, n.Role, n.facts = "", "", "", nil, "", false
}

// mark makes it read; one that was read stays as it is.
func (n *Notification) mark(now time.Time) error {
	if !n.Unread {
		return errNothing
	}
	n.Unread, n.ReadAt = false, &now
	return nil
}
