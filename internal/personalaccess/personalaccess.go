// Package personalaccess is the room of who has read what is personal (个人信息查阅记录): for each person the offices that
// read their name, on which day and how often.
//
// It counts offices and not people: a list of which colleague looked at whom would be one more thing about people that
// somebody could look at. So what is read in one office, of one person, in one field on one day is one entry, and
// however much is read, a person has a bounded number of them. They are kept for half a year.
package personalaccess

import (
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// The bounds of the list.
const (
	KeptFor = 180 * 24 * time.Hour // then an entry is swept away
	waiting = 20_000               // entries that wait in memory to be written; then they are written at once
	zone    = "China"              // whose days are counted by, eight hours ahead of UTC
)

// Entry is that a person's data were read in one office on one day.
type Entry struct {
	store.Meta[id.PersonalAccess] `bson:",inline"`
	Person                        id.Person         `bson:"person"`                 // whose data
	Organisation                  id.Organisation   `bson:"organisation,omitempty"` // for which they were read; empty for the platform's own
	Role                          authz.Role        `bson:"role,omitempty"`         // in what office; empty for somebody who holds none
	Service                       id.ServiceAccount `bson:"service,omitempty"`      // by what program; empty for a person
	Field                         string            `bson:"field"`                  // as the schema calls it: Person.name
	Day                           scalar.Date       `bson:"day"`                    // in China's time
	FirstAt                       time.Time         `bson:"firstAt"`
	LastAt                        time.Time         `bson:"lastAt"`
	Count                         int               `bson:"count"`
	ExpiresAt                     time.Time         `bson:"expiresAt"`
}

// IsNode marks what can be found by its identifier alone.
func (*Entry) IsNode() {}

// BelongsTo says whose data were read: nobody else sees the entry.
func (e *Entry) BelongsTo() id.Person { return e.Person }

// Reading is that one of a person's data was read.
type Reading struct {
	Person id.Person
	Field  string // as the schema calls it: Person.name
	// Near are the organisations that the person is known through: of several offices of a reader, one in these counts.
	Near []id.Organisation
}

// entry is the first reading of its kind on its day.
func (r Reading) entry(by authz.Actor, now time.Time, china *time.Location) *Entry {
	e := &Entry{
		Person: r.Person, Field: r.Field, Service: by.Service, Day: scalar.DateOf(now, china),
		FirstAt: now, LastAt: now, Count: 1, ExpiresAt: now.Add(KeptFor),
	}
	if h, ok := office(by, r.Near); ok {
		e.Organisation, e.Role = h.Organisation, h.Role
	}
	e.ID = id.Derived[id.PersonalAccess](id.KindPersonalAccess, string(e.Person), string(e.Organisation), string(e.Role),
		string(e.Service), e.Field, string(e.Day))
	return e
}

// office is the one of a reader's roles in which they are taken to have read: one near the person, else the first.
func office(by authz.Actor, near []id.Organisation) (authz.Holding, bool) {
	for _, h := range by.Holdings {
		if slices.Contains(near, h.Organisation) {
			return h, true
		}
	}
	if len(by.Holdings) == 0 {
		return authz.Holding{}, false
	}
	return by.Holdings[0], true
}

// count adds what was read alike.
func (e *Entry) count(more *Entry) {
	e.Count += more.Count
	if more.LastAt.After(e.LastAt) {
		e.LastAt = more.LastAt
	}
	if more.FirstAt.Before(e.FirstAt) {
		e.FirstAt = more.FirstAt
	}
}
