package event

import (
	"slices"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/journal"
)

// audience is by what the journal finds entries for an actor: everybody, and the organisations that they act for. all is
// true for whom organisations do not tell: the platform's administrators, who read some things of every one.
func audience(a authz.Actor) (who []string, all bool) {
	who = []string{authz.Everybody}
	for _, h := range a.Holdings {
		if h.Organisation == "" {
			return nil, true
		}
		if o := string(h.Organisation); !slices.Contains(who, o) {
			who = append(who, o)
		}
	}
	return who, a.IsSystem()
}

// couldRead says whether the actor, by the roles of now, stood among those who could read the subject of an entry when
// it was made.
func (s *Service) couldRead(a authz.Actor, e *journal.Entry) bool {
	kind, _ := id.KindOf(e.Subject)
	action, ok := access.Reading(kind)
	if !ok {
		return false
	}
	return s.table.Could(a, action, e.Subject, e.Audience)
}
