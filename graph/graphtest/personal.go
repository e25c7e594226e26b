package graphtest

import (
	"bytes"
	"slices"
	"testing"

	"github.com/cobuild/cobuild/internal/platform/store"
)

// Person enrols one more person of the town, by an invitation.
func (w *Town) Person(tb testing.TB, login, role, in string, signing bool) {
	tb.Helper()
	w.person(tb, login, role, in, signing)
}

// File is all that the house has kept, byte by byte, as a backup would hold it.
func (h *House) File(tb testing.TB) []byte {
	tb.Helper()
	var all bytes.Buffer
	_, err := h.db.Backup(tb.Context(), &all)
	must(tb, err)
	return all.Bytes()
}

// About says which collections have documents that name somebody, by identifier, in a field.
func (h *House) About(tb testing.TB, field, who string, collections ...string) []string {
	tb.Helper()
	var found []string
	for _, c := range collections {
		for doc, err := range h.config.Backend.Find(tb.Context(), everything(c)) {
			must(tb, err)
			if s, _ := doc.Lookup(field).StringValueOK(); s == who && !slices.Contains(found, c) {
				found = append(found, c)
			}
		}
	}
	return found
}

// everything is all documents of a collection, by their identifiers.
func everything(collection string) store.Scan {
	return store.Scan{Collection: collection, Branches: [][]any{{}}}
}
