package project

import (
	"context"
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// Activity is one entry of a project's log: what was done on a day, by whom of those who take part. It is a document of
// its own, so that a project stays small however much is done.
type Activity struct {
	store.Meta[id.ProjectActivity] `bson:",inline"`

	Project      id.Project      `bson:"project"`
	Organisation id.Organisation `bson:"organisation"`
	On           scalar.Date     `bson:"on"`
	Title        string          `bson:"title"`
	Text         string          `bson:"text,omitempty"`
	Participants *int            `bson:"participants,omitempty"` // how many; nobody is named
}

// The names under which the API binds pages of a log.
type (
	// ActivityConnection is a page of a log.
	ActivityConnection = page.Connection[*Activity]
	// ActivityEdge is an entry of a page.
	ActivityEdge = page.Edge[*Activity]
)

const (
	activityOf = store.Field[id.Project]("project")
	activityOn = store.Field[scalar.Date]("on")
)

func activitySchema() store.Schema {
	return store.Schema{Name: "project_activities", Indexes: []store.Index{store.Lookup(activityOf.Asc(), activityOn.Asc())}}
}

// LogActivityInput is the input of logProjectActivity.
type LogActivityInput struct {
	command.Once
	ID           id.Project
	Organisation *id.Organisation
	On           scalar.Date
	Title        string
	Text         *string
	Participants *int
}

// LogActivity adds an entry to a project's log. The project counts it, holds it and tells of it in one write; from there it
// is filed with the others. So no entry is seen that was not counted, and none is counted that will not be seen.
func (s *Service) LogActivity(ctx context.Context, in LogActivityInput) (*Project, error) {
	a, err := s.activity(in)
	if err != nil {
		return nil, err
	}
	a.ID = id.New[id.ProjectActivity](id.KindProjectActivity, s.now(), s.Random)
	p, err := s.projects.Change(ctx, access.ProjectRecord, string(in.ID), func(p *Project) error {
		if err := p.can(VerbLogActivity); err != nil {
			return err
		}
		if p.Activities >= MaxActivities {
			return fault.New(fault.Refused, fault.CodeTooMany, "max", MaxActivities)
		}
		by, err := s.by(ctx, access.ProjectRecord, p, in.Organisation)
		if err != nil {
			return err
		}
		a.Organisation = by
		p.Unfiled = append(slices.Clone(p.Unfiled), a)
		p.Activities++
		return p.tell(ToldActivityLogged, by)
	})
	if err != nil {
		return nil, err
	}
	_ = s.file(authz.AsSystem(ctx), p) // it is logged: what keeps it from being filed now does not when its event is heard
	return p, nil
}

// File files what a project still holds of its log: whoever logged it may have been interrupted, or the store. It may be
// told the same thing twice.
func (s *Service) File(ctx context.Context, which id.Project) error {
	ctx = authz.AsSystem(ctx)
	p, err := s.Project(ctx, which)
	if err != nil {
		return err
	}
	return s.file(ctx, p)
}

// file takes the entries that a project holds to where the others are. An entry has one identifier for ever, so that two
// who file it at once file it once.
func (s *Service) file(ctx context.Context, p *Project) error {
	if len(p.Unfiled) == 0 {
		return nil
	}
	filed := map[id.ProjectActivity]bool{}
	for _, a := range p.Unfiled {
		entry := *a
		if _, err := s.activities.Add(ctx, access.ProjectRecord, &entry); err != nil && !fault.Is(err, fault.CodeTaken) {
			return err
		}
		filed[a.ID] = true
	}
	_, err := s.projects.Touch(ctx, access.ProjectTime, string(p.ID), func(p *Project) error {
		p.Unfiled = slices.DeleteFunc(slices.Clone(p.Unfiled), func(a *Activity) bool { return filed[a.ID] })
		return nil
	})
	return err
}

func (s *Service) activity(in LogActivityInput) (*Activity, error) {
	var f fault.List
	a := &Activity{Project: in.ID, On: in.On, Title: text.Line(&f, "title", in.Title, 2, MaxTitle), Participants: in.Participants}
	if in.Text != nil {
		a.Text = text.Block(&f, "text", *in.Text, 0, MaxSummary)
	}
	if n := in.Participants; n != nil && (*n < 0 || *n > MaxPeople) {
		f.Add(fault.New(fault.Invalid, fault.CodeOutOfRange, "min", 0, "max", MaxPeople), "participants")
	}
	f.Add(s.past(in.On), "on")
	return a, f.Err()
}

// ActivitiesOf lists the log of a project that the caller reads, the latest day first. It is a list within lists: a needs
// first or last.
func (s *Service) ActivitiesOf(ctx context.Context, p *Project, a page.Args) (*ActivityConnection, error) {
	if err := a.Bounded(); err != nil {
		return nil, err
	}
	return page.List(authz.AsSystem(ctx), s.activities, s.Cursors, activityOf.Is(p.ID), page.Descending.Sort(activityOn.Asc()), a)
}

// farEast is where every day begins first.
func farEast() *time.Location { return time.FixedZone("", 14*60*60) }
