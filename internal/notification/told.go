package notification

import (
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// told is what this room reads of an event, whichever room it is from.
type told struct {
	Status       string            `bson:"status"`
	Contract     id.Contract       `bson:"contract"` // of what hangs on one; of a contract's own events the subject
	Party        id.Organisation   `bson:"party"`    // that acted; empty where time or a supervising body did
	Host         id.Organisation   `bson:"host"`
	Parties      []id.Organisation `bson:"parties"`
	Provider     id.Organisation   `bson:"provider"`
	Receivers    []id.Organisation `bson:"receivers"`
	Appraiser    id.Organisation   `bson:"appraiser"`
	Appraised    id.Organisation   `bson:"appraised"`
	DueOn        *scalar.Date      `bson:"dueOn"`
	EndsOn       *scalar.Date      `bson:"endsOn"`
	TimeZone     string            `bson:"timeZone"`
	Role         authz.Role        `bson:"role"`
	Organisation id.Organisation   `bson:"organisation"`

	Publisher id.Organisation   `bson:"publisher"`
	Claimant  id.Organisation   `bson:"claimant"`
	Claimants []id.Organisation `bson:"claimants"`
}

// read takes an event apart. One that names no parties is for the organisations that could read its subject then.
func read(e journal.Entry) (told, error) {
	var t told
	if len(e.Data) > 0 {
		if err := bson.Unmarshal(e.Data, &t); err != nil {
			return t, fmt.Errorf("notification: event %s: %w", e.ID, err)
		}
	}
	if id.Is(e.Subject, id.KindContract) {
		t.Contract = id.Contract(e.Subject)
	}
	if t.Parties == nil {
		for _, o := range e.Audience {
			t.Parties = append(t.Parties, id.Organisation(o))
		}
	}
	return t, nil
}

// named is the organisation that a notification names: where a role is, the other side of an appraisal, else who acted.
func (t told) named(to Circle) id.Organisation {
	switch to {
	case ThePerson, TheOwner:
		return t.Organisation
	case Appraiser:
		return t.Appraised
	case Appraised:
		return t.Appraiser
	case Publisher:
		return t.Claimant
	case Claimants:
		return t.Publisher
	}
	return t.Party
}

// but is each of some organisations once, without one of them.
func (t told) but(one id.Organisation, of ...id.Organisation) []id.Organisation {
	var out []id.Organisation
	for _, o := range of {
		if o != "" && o != one && !slices.Contains(out, o) {
			out = append(out, o)
		}
	}
	return out
}
