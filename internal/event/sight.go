package event

import (
	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/journal"
)

// audience is by what the journal finds entries for an actor: everybody, the organisations that they act for, and the bodies above
// those, to which things may be shown. all is
// true for whom organisations do not tell: the platform's administrators, who read some things of every one.
func audience(a authz.Actor) (who []string, all bool) {
	for _, h := range a.Holdings {
		if h.Organisation == "" {
			return nil, true
		}
	}
	return append([]string{authz.Everybody}, a.Heard()...), a.IsSystem()
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
