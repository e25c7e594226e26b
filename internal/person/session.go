package person

import (
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// How long a session lasts: so long after it was last refreshed, and so long at most from signing in.
const (
	IdleLife    = 7 * 24 * time.Hour
	SessionLife = 30 * 24 * time.Hour
)

// usedAfter is how long a session's use goes unnoted after the last note.
const usedAfter = time.Minute

// Session is one signing-in of a person, with all the tokens that came of it: its family. Tokens name it, so that
// ending it ends them all.
type Session struct {
	store.Meta[id.Session] `bson:",inline"`

	Person     id.Person  `bson:"person"`
	Generation int        `bson:"generation"` // the person's at its beginning; when theirs has moved on, it has ended
	ExpiresAt  time.Time  `bson:"expiresAt"`  // UTC; swept away from here on
	EndsAt     time.Time  `bson:"endsAt"`     // UTC; the latest that ExpiresAt may become
	EndedAt    *time.Time `bson:"endedAt,omitempty"`
	Client     string     `bson:"client,omitempty"` // in what it was begun, roughly: "Firefox, Windows"
	UsedAt     time.Time  `bson:"usedAt"`           // UTC; up to a minute behind

	Issuer   string      `bson:"issuer,omitempty"`   // who vouched for the person; empty where their password did
	Identity id.Identity `bson:"identity,omitempty"` // as whom

	Family []byte `bson:"family,omitempty"` // hash of what all its refresh tokens share
	Secret []byte `bson:"secret,omitempty"` // hash of what the one that is good now has alone
}

// IsNode marks what can be found by its identifier alone.
func (*Session) IsNode() {}

// BelongsTo says whose session it is.
func (s *Session) BelongsTo() id.Person { return s.Person }

// lasts says whether the session is open for a person at a moment.
func (s *Session) lasts(p *Person, at time.Time) bool {
	return s.Person == p.ID && s.Generation == p.Generation && s.EndedAt == nil && at.Before(s.ExpiresAt)
}

// prolong lets the session last from a moment on for as long as it may without being refreshed.
func (s *Session) prolong(now time.Time) {
	s.UsedAt, s.ExpiresAt = now, now.Add(IdleLife)
	if s.ExpiresAt.After(s.EndsAt) {
		s.ExpiresAt = s.EndsAt
	}
}

// disarm takes the session's refresh tokens away: it ends with the access token that is under way.
func (s *Session) disarm(until time.Time) {
	s.Family, s.Secret = nil, nil
	if s.ExpiresAt.After(until) {
		s.ExpiresAt = until
	}
}

// end closes the session; one that has ended stays as it is. Its refresh tokens are forgotten.
func (s *Session) end(now time.Time) {
	if s.EndedAt == nil {
		s.EndedAt = &now
	}
	s.Secret = nil
}
