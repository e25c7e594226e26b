package boltstore_test

import (
	"path/filepath"
	"testing"

	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
	"github.com/cobuild/cobuild/internal/platform/store/storetest"
)

func open(t *testing.T, path string) *boltstore.Store {
	t.Helper()
	s, err := boltstore.Open(path, boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestTheSuiteOfEveryBackEnd(t *testing.T) {
	path := ""
	storetest.Run(t, func(t *testing.T) store.Backend {
		t.Helper()
		path = filepath.Join(t.TempDir(), "cobuild.db")
		return open(t, path)
	}, func(t *testing.T, b store.Backend) store.Backend {
		t.Helper()
		if err := b.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		return open(t, path)
	})
}
