package app_test

import (
	"context"
	"errors"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/project"
	"github.com/cobuild/cobuild/internal/search"
)

// Who reads a project finds it, and who does not read it any more does not, as soon as its community has moved.
func TestAProjectIsFoundByTheBodiesOfWhoLeadsItOnEitherStore(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			h := open(t, at(t).node())
			w := h.town(1)
			p, err := h.Projects.Create(h.as(w.secretary), project.CreateInput{Lead: w.community, Plan: project.Plan{Title: "银杏口袋公园"}})
			must(t, err)
			h.settle()
			finds := func(what string, who id.Person, want int) {
				t.Helper()
				found, err := h.Search.Search(h.as(who), "银杏口袋", []search.Kind{search.Project}, page.Args{First: new(10)})
				must(t, err)
				equal(t, what, len(found.Edges), want)
			}
			finds("its body", w.northern, 1)
			finds("another body", w.southern, 0)
			h.move(w.chief, w.community, w.south)
			finds("its body of now", w.southern, 1)
			finds("its body of before", w.northern, 0)
			last := h.story(string(p.ID))
			equal(t, "told", last[len(last)-1].Type, project.ToldMoved)
		})
	}
}

// An entry that is counted before its program ends is filed by the next one.
func TestAnEntryOfALogSurvivesAnInterruption(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			db := &cut{Backend: at(t).node()}
			h := open(t, db)
			w := h.town(1)
			p, err := h.Projects.Create(h.as(w.secretary), project.CreateInput{Lead: w.community, Plan: project.Plan{Title: "银杏口袋公园"}})
			must(t, err)
			ctx := h.as(w.secretary)
			db.coll = "project_activities"
			p, err = h.Projects.Start(ctx, project.TurnInput{Change: changeOf(p.Version), ID: p.ID})
			must(t, err)
			_, err = h.Projects.LogActivity(ctx, project.LogActivityInput{ID: p.ID, On: "2026-03-01", Title: "种树"})
			must(t, err)
			db.coll = ""
			h.settle()
			log, err := h.Projects.ActivitiesOf(ctx, p, page.Args{First: new(10)})
			must(t, err)
			equal(t, "entries", len(log.Edges), 1)
		})
	}
}

func changeOf(version int) command.Change { return command.Change{ExpectedVersion: version} }

// cut is a store that keeps no new documents in one collection.
type cut struct {
	store.Backend
	coll string
}

func (c *cut) Insert(ctx context.Context, coll string, doc bson.Raw) error {
	if coll == c.coll {
		return errors.New("the store is broken")
	}
	return c.Backend.Insert(ctx, coll, doc)
}
