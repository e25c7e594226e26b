package app_test

import (
	"bytes"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/backup"
	"github.com/cobuild/cobuild/internal/platform/store"
)

func TestAWholeTownMovesToTheOtherStoreAndBack(t *testing.T) {
	from := embedded(t).node()
	h := open(t, from)
	w := h.town(1)
	c := h.signed(w, w.text("2026-03-02", "2026-03-16", w.rhythm("FREQ=WEEKLY"))).ID
	h.settle()
	h.does(h.report(w.liaisons[0], h.fulfilments(c)[0].ID)) // its event waits in its outbox
	want := h.inventory()
	for _, to := range []site{mongodb(t), embedded(t)} {
		var raw bytes.Buffer
		sum, err := h.Backup(t.Context(), &raw, filepath.Join(t.TempDir(), "copy"), backup.Options{})
		must(t, err)
		file, err := backup.Open(t.Context(), bytes.NewReader(raw.Bytes()), int64(raw.Len()), func(int64, int64) {})
		must(t, err)
		must(t, file.Check(t.Context(), func(int64, int64) {}))
		known, err := app.Collections(t.Context())
		must(t, err)
		db := to.node()
		must(t, file.Restore(t.Context(), backup.Target{Backend: db, Schemas: known, Now: time.Now, Progress: func(int64, int64) {}}))
		h = h.another(db)
		if got := h.inventory(); !slices.Equal(got, want) {
			t.Fatalf("before: %v\nafter: %v", want, got)
		}
		last, err := h.Journal.Last(t.Context())
		must(t, err)
		equal(t, "the journal's last place", last, sum.Seq)
	}
	h.clock.add(time.Minute) // until the leases of the followers' last node have run out
	h.settle()
	h.does(h.accept(w.secretary, h.fulfilments(c)[0].ID))
	h.settle()
	h.rate(c, w.units[0], 1)
	verifies(t, h, w, c, 2)
}

// inventory is how much there is of everything.
func (h *house) inventory() []int {
	h.t.Helper()
	known, err := app.Collections(h.t.Context())
	must(h.t, err)
	var out []int
	for _, s := range known {
		if s.Name == "leases" || s.Name == "restores" {
			continue
		}
		n, err := h.Backend.Count(h.t.Context(), store.Scan{Collection: s.Name, Branches: [][]any{{}}}, 1<<40)
		must(h.t, err)
		out = append(out, n)
	}
	return out
}

// A follower whose cursor came with the backup has nothing to do again: nobody is told anything twice.
func TestWhatWasHandledBeforeABackupIsNotHandledAgain(t *testing.T) {
	h := open(t, embedded(t).node())
	w := h.town(1)
	h.signed(w, w.text("2026-03-02", "2026-03-16", w.rhythm("FREQ=WEEKLY")))
	h.settle()
	var raw bytes.Buffer
	_, err := h.Backup(t.Context(), &raw, filepath.Join(t.TempDir(), "copy"), backup.Options{})
	must(t, err)
	want := h.inventory()
	file, err := backup.Open(t.Context(), bytes.NewReader(raw.Bytes()), int64(raw.Len()), func(int64, int64) {})
	must(t, err)
	known, err := app.Collections(t.Context())
	must(t, err)
	db := embedded(t).node()
	must(t, file.Restore(t.Context(), backup.Target{Backend: db, Schemas: known, Now: time.Now, Progress: func(int64, int64) {}}))
	h.clock.add(time.Minute) // until the leases of the followers' last node have run out
	again := h.another(db)
	again.settle()
	if got := again.inventory(); !slices.Equal(got, want) {
		t.Errorf("before: %v\nafter: %v", want, got)
	}
}

func TestTheProgramKnowsWhatABackupTreatsApart(t *testing.T) {
	known, err := app.Collections(t.Context())
	must(t, err)
	var names []string
	for _, s := range known {
		if slices.Contains(names, s.Name) {
			t.Errorf("%s is there twice", s.Name)
		}
		names = append(names, s.Name)
	}
	for _, name := range []string{"events", "leases", "followers", "webhook_progress", "audit_log", "audit_tiles", "data_keys", "personal_keys", "restores", "people", "contracts"} {
		if !slices.Contains(names, name) {
			t.Errorf("%s is not kept any more: see internal/backup", name)
		}
	}
}

func TestAStoreWhoseLogHasNotBegunIsBackedUpToo(t *testing.T) {
	h := open(t, embedded(t).node())
	c := h.Config
	c.Issuer, c.Backend = "", embedded(t).node()
	a, err := app.Open(t.Context(), c)
	must(t, err)
	var raw bytes.Buffer
	_, err = a.Backup(t.Context(), &raw, filepath.Join(t.TempDir(), "copy"), backup.Options{})
	must(t, err)
	file, err := backup.Open(t.Context(), bytes.NewReader(raw.Bytes()), int64(raw.Len()), func(int64, int64) {})
	must(t, err)
	must(t, file.Check(t.Context(), func(int64, int64) {}))
}
