package person

import (
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// SessionLife is how long a session lasts at most.
const SessionLife = 12 * time.Hour

// Session is one signing-in of a person. Tokens name it, so that ending it ends them.
type Session struct {
	store.Meta[id.Session] `bson:",inline"`

	Person     id.Person  `bson:"person"`
	Generation int        `bson:"generation"` // the person's at its beginning; when theirs has moved on, it has ended
	ExpiresAt  time.Time  `bson:"expiresAt"`  // UTC; swept away from here on
	EndedAt    *time.Time `bson:"endedAt,omitempty"`
}

// BelongsTo says whose session it is.
func (s *Session) BelongsTo() id.Person { return s.Person }

// lasts says whether the session is open for a person at a moment.
func (s *Session) lasts(p *Person, at time.Time) bool {
	return s.Person == p.ID && s.Generation == p.Generation && s.EndedAt == nil && at.Before(s.ExpiresAt)
}

// end closes the session; one that has ended stays as it is.
func (s *Session) end(now time.Time) {
	if s.EndedAt == nil {
		s.EndedAt = &now
	}
}
