package project_test

import (
	"fmt"
	"testing"

	"github.com/cobuild/cobuild/internal/platform/record"
	"github.com/cobuild/cobuild/internal/platform/store/mongostore/mongotest"
	"github.com/cobuild/cobuild/internal/project"
)

// What one store does, the other does: the same filters and orders by declared fields, the same patches at once, the same
// migration.
func TestOnTheOtherStoreEverythingIsAlike(t *testing.T) {
	h := houseOn(t, mongotest.Open(t))
	t.Run("filters and orders", func(t *testing.T) { h.t = t; foundByFields(t, h, "both") })
	t.Run("patches at once", func(t *testing.T) { h.t = t; concurrentPatches(t, h, 16) })
	t.Run("migration", func(t *testing.T) {
		h.t = t
		first := h.template()
		for i := range 30 {
			h.begun(of(first, record.JSON(fmt.Sprintf(`{"site":"%d","area":%d}`, i, i))))
		}
		form := h.next(first, second)
		if m := h.migrated(form, nil, func(in *project.MigrateInput) { in.DryRun = new(true) }); m.Moved != 30 || m.Failed != 0 {
			t.Errorf("tried: %+v", m)
		}
		if m := h.migrated(form, nil); m.Moved != 30 || m.Status != project.MigrationDone {
			t.Errorf("moved: %+v", m)
		}
	})
}
