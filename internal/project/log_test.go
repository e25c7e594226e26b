package project_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/project"
)

// broken is a store that refuses to keep the documents or the changes of one collection.
type broken struct {
	store.Backend
	insert, replace string
}

var errBroken = errors.New("the store is broken")

func (b *broken) Insert(ctx context.Context, in string, doc bson.Raw) error {
	if in == b.insert {
		return errBroken
	}
	return b.Backend.Insert(ctx, in, doc)
}

func (b *broken) Replace(ctx context.Context, in string, rev int64, doc bson.Raw) error {
	if in == b.replace {
		return errBroken
	}
	return b.Backend.Replace(ctx, in, rev, doc)
}

// logged are the titles of the log as somebody reads it, and how many the project counts.
func (h *house) logged(p id.Project) (titles []string, counted int) {
	h.t.Helper()
	now := must2(h.Project(h.secretary(), p))
	for _, e := range must2(h.ActivitiesOf(h.secretary(), now, page.Args{First: new(100)})).Edges {
		titles = append(titles, e.Node.Title)
	}
	return titles, now.Activities
}

func sweep(p *project.Project) project.LogActivityInput {
	return project.LogActivityInput{ID: p.ID, On: "2026-03-01", Title: "清扫"}
}

func TestAnEntryThatIsNotCountedIsNotSeen(t *testing.T) {
	h := newHouse(t)
	p := h.brought(project.Ordinary, project.Running, h.template())
	db := &broken{Backend: h.db}
	h.db = db
	h.reopen()
	db.replace = "projects"
	if _, err := h.LogActivity(h.secretary(), sweep(p)); err == nil {
		t.Fatal("it was logged on a broken store")
	}
	db.replace = ""
	if titles, counted := h.logged(p.ID); len(titles) != 0 || counted != 0 {
		t.Errorf("%v are seen, %d counted", titles, counted)
	}
}

func TestAnEntryThatWasCountedIsSeenAfterAnInterruption(t *testing.T) {
	h := newHouse(t)
	p := h.brought(project.Ordinary, project.Running, h.template())
	db := &broken{Backend: h.db, insert: "project_activities"}
	h.db = db
	h.reopen()
	must2(h.LogActivity(h.secretary(), sweep(p)))
	if titles, counted := h.logged(p.ID); len(titles) != 0 || counted != 1 {
		t.Errorf("%v are filed on a broken store, %d counted", titles, counted)
	}
	if err := h.File(t.Context(), p.ID); err == nil {
		t.Error("it is filed on a broken store")
	}
	db.insert = ""
	for range 2 {
		if err := h.File(t.Context(), p.ID); err != nil {
			t.Fatal(err)
		}
		if titles, counted := h.logged(p.ID); !slices.Equal(titles, []string{"清扫"}) || counted != 1 {
			t.Errorf("%v are seen, %d counted", titles, counted)
		}
	}
}

func TestOneNameOfAMutationLogsOnEachProjectOnce(t *testing.T) {
	h := newHouse(t)
	form := h.template()
	first, second := h.brought(project.Ordinary, project.Running, form), h.brought(project.Ordinary, project.Running, form)
	log := func(p *project.Project) error {
		ctx := store.WithOnce(h.secretary(), store.NewOnce("secretary", "sweep", []byte(p.ID)))
		_, err := h.LogActivity(ctx, sweep(p))
		return err
	}
	for range 2 {
		for _, p := range []*project.Project{first, second} {
			if err := log(p); err != nil {
				t.Fatal(err)
			}
			if titles, counted := h.logged(p.ID); !slices.Equal(titles, []string{"清扫"}) || counted != 1 {
				t.Errorf("%v are seen, %d counted", titles, counted)
			}
		}
	}
	ctx := store.WithOnce(h.secretary(), store.NewOnce("secretary", "sweep", []byte("another")))
	_, err := h.LogActivity(ctx, sweep(first))
	refused(t, err, fault.CodeMismatch, "clientMutationId")
}
