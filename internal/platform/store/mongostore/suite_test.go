package mongostore_test

import (
	"testing"

	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/mongostore/mongotest"
	"github.com/cobuild/cobuild/internal/platform/store/storetest"
)

func TestMongoDBKeepsWhatEveryStorePromises(t *testing.T) {
	names := map[store.Backend]string{}
	storetest.Run(t, func(t *testing.T) store.Backend {
		t.Helper()
		uri, name := mongotest.Database(t)
		db := mongotest.Connect(t, uri, name)
		names[db] = name
		return db
	}, func(t *testing.T, db store.Backend) store.Backend {
		t.Helper()
		if err := db.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		return mongotest.Connect(t, mongotest.URI(t), names[db])
	})
}
