package playbook

import (
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// MaxRounds is how many rounds an application remembers: beyond it the oldest is forgotten, while what was made is not.
const MaxRounds = 50

// Application is what a community has taken from the playbooks of one type, over all their versions.
type Application struct {
	store.Meta[id.PlaybookApplication] `bson:",inline"`

	Community id.Organisation   `bson:"community"`
	Above     []id.Organisation `bson:"above,omitempty"` // the bodies above the community
	Type      CommunityType     `bson:"type"`
	Made      []*Made           `bson:"made"`   // in the order of making
	Rounds    []*Round          `bson:"rounds"` // the oldest first
}

// Made is an object that was made after a part of a playbook. It is the community's own: a later version changes
// nothing in it.
type Made struct {
	Key     string    `bson:"key"` // of the part
	Kind    PartKind  `bson:"kind"`
	Object  string    `bson:"object"`
	Version int       `bson:"version"` // of the playbook
	Print   string    `bson:"print"`   // of the part as it was then
	At      time.Time `bson:"at"`
}

// Round is one applying of a playbook that made something, or could not.
type Round struct {
	Version int        `bson:"version"` // of the playbook
	At      time.Time  `bson:"at"`
	Role    authz.Role `bson:"role,omitempty"` // the office by which it was done; empty for the program itself
	Made    int        `bson:"made"`
	Failed  int        `bson:"failed"`
}

// IsNode marks what can be found by its identifier alone.
func (*Application) IsNode() {}

// Stand tells how organisations stand to the application.
func (a *Application) Stand(r authz.Relation) []id.Organisation {
	switch r {
	case authz.Own:
		return []id.Organisation{a.Community}
	case authz.Above:
		return a.Above
	}
	return nil
}

// Audience lists the organisations that may read it, for its events.
func (a *Application) Audience() []string {
	out := []string{string(a.Community)}
	for _, o := range a.Above {
		out = append(out, string(o))
	}
	return out
}

// PlaybookVersion is the newest version of the playbook from which something was made; 0 where nothing was.
func (a *Application) PlaybookVersion() int {
	newest := 0
	for _, r := range a.Rounds {
		if r.Made > 0 {
			newest = max(newest, r.Version)
		}
	}
	return newest
}

func (a *Application) made(key string) *Made {
	i := slices.IndexFunc(a.Made, func(m *Made) bool { return m.Key == key })
	if i < 0 {
		var none *Made
		return none
	}
	return a.Made[i]
}

// note keeps what a round has made. It may be told the same twice.
func (a *Application) note(r Round, made []*Made) error {
	r.Made = 0
	for _, m := range made {
		if a.made(m.Key) == nil {
			a.Made = append(a.Made, m)
			r.Made++
		}
	}
	a.Rounds = append(a.Rounds, &r)
	if n := len(a.Rounds) - MaxRounds; n > 0 {
		a.Rounds = slices.Delete(a.Rounds, 0, n)
	}
	return a.Tell(ToldApplied, Told{Community: a.Community, Type: a.Type, Version: r.Version, Made: r.Made, Failed: r.Failed})
}

// newer is what a newer version of the playbook would add, and says differently; nil where none is newer than what was
// taken.
func (a *Application) newer(newest *Playbook) *Difference {
	var none *Difference
	if newest == nil || newest.Version <= a.PlaybookVersion() {
		return none
	}
	prints := map[string]string{}
	for _, m := range a.Made {
		prints[m.Key] = m.Print
	}
	return newest.differing(a.PlaybookVersion(), prints, func(p *Part) bool { return p.Kind.Made() })
}

// ToldApplied is the event of this room. It carries a Told.
const ToldApplied = "playbook.applied"

// Told is what events say of an application.
type Told struct {
	Community id.Organisation `bson:"community"`
	Type      CommunityType   `bson:"type"`
	Version   int             `bson:"version"` // of the playbook
	Made      int             `bson:"made"`
	Failed    int             `bson:"failed"`
}
