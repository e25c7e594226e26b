// Package mongotest gives tests a database of their own on a real server.
//
// The server is named by COBUILD_TEST_MONGODB_URI; deploy/test/mongodb.sh brings one up and prints that line. Where
// none is named, a test that needs one is skipped, unless CI=true: there, a test that does not run is a failure.
package mongotest

import (
	"context"
	"crypto/rand"
	"os"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/mongostore"
)

// Variable is the environment variable that names the server.
const Variable = "COBUILD_TEST_MONGODB_URI"

// URI is the server's connection string; without a server the test ends here.
func URI(t testing.TB) string {
	t.Helper()
	uri := os.Getenv(Variable)
	switch {
	case uri != "":
	case os.Getenv("CI") == "true":
		t.Fatalf("no MongoDB server to test on: %s is not set, and with CI=true that is a failure", Variable)
	default:
		t.Skipf("no MongoDB server to test on: %s is not set; deploy/test/mongodb.sh start brings one up", Variable)
	}
	return uri
}

// Database is the server's connection string and the name of a fresh database, which is dropped at the test's end.
func Database(t testing.TB) (uri, name string) {
	t.Helper()
	uri = URI(t)
	name = "cobuild_test_" + strings.ToLower(rand.Text()[:16])
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 20*time.Second)
		defer cancel()
		client, err := mongo.Connect(options.Client().ApplyURI(uri))
		if err != nil {
			t.Errorf("connect, to drop %s: %v", name, err)
			return
		}
		defer func() { _ = client.Disconnect(ctx) }()
		if err := client.Database(name).Drop(ctx); err != nil {
			t.Errorf("drop %s: %v", name, err)
		}
	})
	return uri, name
}

// Open is a back end on a fresh database. It is closed and the database dropped at the test's end.
func Open(t testing.TB) store.Backend {
	t.Helper()
	uri, name := Database(t)
	return Connect(t, uri, name)
}

// Connect is a back end on a given database, as another node would have it, closed at the test's end.
func Connect(t testing.TB, uri, name string) store.Backend {
	t.Helper()
	s, err := mongostore.Open(t.Context(), mongostore.Options{URI: uri, Database: name, AppName: "cobuild-test"})
	if err != nil {
		t.Fatalf("open a store on the MongoDB server: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("close the store: %v", err)
		}
	})
	return s
}
