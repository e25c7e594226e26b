package app_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/file"
	"github.com/cobuild/cobuild/internal/fulfilment"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/blob"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// filing is a house that keeps files.
func (h *house) filing(t *testing.T, s site) *house {
	t.Helper()
	bucket, err := blob.Open(t.Context(), filepath.Join(t.TempDir(), "files"))
	must(t, err)
	h.Config.Files = app.Files{Bucket: bucket}
	out := h.another(s.node())
	out.t = t
	return out
}

// sends has somebody send a picture in the name of an organisation.
func (h *house) sends(who id.Person, of id.Organisation) id.File {
	h.t.Helper()
	const png = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR a picture"
	sum := sha256.Sum256([]byte(png))
	ctx := authz.With(h.t.Context(), authz.From(h.as(who)))
	s, err := h.Files.Start(ctx, file.StartInput{
		Organisation: of, Name: "照片.png", Size: len(png), Sha256: hex.EncodeToString(sum[:]), MediaType: "image/png",
	})
	must(h.t, err)
	rec := httptest.NewRecorder()
	h.Transfers.Again = func(context.Context, id.Person, id.Session) (authz.Actor, error) { return authz.From(ctx), nil } // nobody has signed in here
	h.Transfers.ServeHTTP(rec, httptest.NewRequestWithContext(h.t.Context(), http.MethodPut, s.Upload.URL, strings.NewReader(png)))
	if rec.Code != http.StatusNoContent {
		h.t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	return s.File.ID
}

func (h *house) file(f id.File) *file.File {
	h.t.Helper()
	got, err := h.Files.File(h.system(), f)
	must(h.t, err)
	return got
}

// TestAReportAndItsFilesMeetThoughTheServerFallsBetween has the server fall after the report is kept and before its files
// are noted, and lets what is sent for nothing expire, on both stores.
func TestAReportAndItsFilesMeetThoughTheServerFallsBetween(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			s := at(t)
			h := open(t, s.node()).filing(t, s)
			w := h.town(1)
			c := h.active(w, w.text("2026-03-02", "2026-12-31", w.once("2026-03-10", 1))).ID
			f := h.fulfilments(c)[0]
			named, idle := h.sends(w.liaisons[0], w.units[0]), h.sends(w.liaisons[0], w.units[0])
			settle := h.Fulfilments.Files.Settle
			h.Fulfilments.Files.Settle = func(context.Context, id.Fulfilment, []id.File) error { return errors.New("fallen") }
			_, err := h.Fulfilments.Report(h.as(w.liaisons[0]), fulfilment.ReportInput{
				Change: h.now(f.ID), ID: f.ID, Note: "已完成",
				Evidence: []*fulfilment.EvidenceInput{{Kind: fulfilment.Photo, Description: "照片", File: &named}},
			})
			must(t, err)
			equal(t, "before it is noted", h.file(named).Status, file.Ready)
			h.Fulfilments.Files.Settle = settle
			h.settle()
			got := h.file(named)
			equal(t, "after", got.Status, file.Attached)
			equal(t, "to", got.Subject, string(f.ID))
			h.clock.add(file.WaitsFor + time.Minute)
			h.settle()
			equal(t, "what waits", h.file(idle).Status, file.Expired)
			h.clock.add(file.KeptFor + time.Minute)
			h.settle()
			if _, err := h.Files.File(h.system(), idle); !fault.Is(err, fault.CodeNotFound) {
				t.Errorf("what expired long ago: %v", err)
			}
			equal(t, "what is attached", h.file(named).Status, file.Attached)
		})
	}
}
