package seed_test

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/community"
	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/district"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/person"
	"github.com/cobuild/cobuild/internal/platform/keyring"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
	"github.com/cobuild/cobuild/internal/platform/vault"
	"github.com/cobuild/cobuild/internal/seed"
	"github.com/cobuild/cobuild/internal/signingkey"
	"github.com/cobuild/cobuild/internal/unit"
)

// house is the rooms that an import goes through, on an embedded store of their own.
func house(t *testing.T) seed.Services {
	t.Helper()
	dir := t.TempDir()
	db, err := boltstore.Open(filepath.Join(dir, "seed.db"), boltstore.Options{Unsynced: true})
	must(t, err)
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	now := func() time.Time { return time.Date(2026, 1, 10, 1, 0, 0, 0, time.UTC) }
	ring, err := keyring.Create(filepath.Join(dir, "keyring"), now(), rand.Reader)
	must(t, err)
	cursors := &page.Cursors{Keys: func() [][]byte { return [][]byte{make([]byte, 32)} }}
	var s seed.Services
	var directory organisation.Directory
	//nolint:gocritic // the directory is filled below, and must not be copied before
	facts := func(ctx context.Context, ids []id.Organisation) ([]organisation.Facts, error) {
		return directory.Facts(ctx, ids)
	}
	ctx := t.Context()
	s.Districts, err = district.Open(ctx, db, district.Service{Now: now, Random: rand.Reader, Cursors: cursors})
	must(t, err)
	s.Communities, err = community.Open(ctx, db, community.Service{Now: now, Random: rand.Reader, Cursors: cursors, Facts: facts})
	must(t, err)
	s.Units, err = unit.Open(ctx, db, unit.Service{Now: now, Random: rand.Reader, Cursors: cursors, Facts: facts})
	must(t, err)
	directory = organisation.Directory{
		Districts: s.Districts.Organisations, Communities: s.Communities.Organisations, Units: s.Units.Organisations,
	}
	kept, err := vault.Open(ctx, db, vault.Config{Ring: ring, Now: now, Random: rand.Reader})
	must(t, err)
	s.People, err = person.Open(ctx, db, person.Service{
		Vault: kept,
		Now:   now, Random: rand.Reader, Cursors: cursors, Passwords: person.NewPasswords(), Organisation: directory.FactsOf,
	})
	must(t, err)
	s.Keys, err = signingkey.Open(ctx, db, signingkey.Service{Now: now, Random: rand.Reader, Cursors: cursors, Ring: ring})
	must(t, err)
	s.Contracts, err = contract.Open(ctx, db, contract.Config{
		Now: now, Random: rand.Reader, Cursors: cursors, Organisations: facts,
		SignAs: s.Keys.SignAs, CheckSignature: s.Keys.CheckSignature,
	})
	must(t, err)
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
