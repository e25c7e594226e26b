package mongostore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/cobuild/cobuild/internal/platform/store"
)

func TestARefusedDuplicateNamesTheIndex(t *testing.T) {
	pattern := func(fields bson.D) bson.Raw {
		raw, err := bson.Marshal(bson.D{{Key: "keyPattern", Value: fields}})
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	for _, c := range []struct {
		message string
		raw     bson.Raw
		want    string
	}{
		{`E11000 duplicate key error collection: town.units index: _id_ dup key: { _id: "u1" }`, nil, "_id"},
		{`E11000 duplicate key error collection: town.units index: code_unique dup key: { code: "1" }`, nil, "code_unique"},
		{`E11000 duplicate key error collection: town.units index: code_unique dup key: { code: " index: x dup key" }`, nil, "code_unique"},
		{`E11000 duplicate key error collection: town.units index: code_unique`, nil, "code_unique"},
		{`Duplicate key violation on the requested collection: Index '_id_'`, nil, "_id"},
		{`Duplicate key violation on the requested collection: Index 'at-due_desc_unique'`, nil, "at-due_desc_unique"},
		{`no words for it`, pattern(bson.D{{Key: "_id", Value: 1}}), "_id"},
		{`no words for it`, pattern(bson.D{{Key: "a.b", Value: 1}, {Key: "c", Value: -1}}), "a-b_c_desc_unique"},
		{`no words for it`, nil, "unknown"},
	} {
		one := mongo.WriteError{Code: 11000, Message: c.message, Raw: c.raw}
		for _, err := range []error{
			mongo.WriteException{WriteErrors: mongo.WriteErrors{one}},
			mongo.CommandError{Code: 11000, Message: c.message, Raw: c.raw},
		} {
			if got := duplicate(err); got == nil || got.Index != c.want {
				t.Errorf("%T %q names %+v, want %s", err, c.message, got, c.want)
			}
		}
	}
	if got := duplicate(mongo.CommandError{Code: 13}); got != nil {
		t.Errorf("a refused right is taken for a duplicate: %v", got)
	}
	if got := duplicate(nil); got != nil {
		t.Errorf("no error is taken for a duplicate: %v", got)
	}
}

func TestFailuresAreSortedByWhatCanBeDone(t *testing.T) {
	code := func(c int32) error { return mongo.CommandError{Code: c} }
	for _, c := range []struct {
		err  error
		want error // nil: none of the store's
	}{
		{context.Canceled, store.ErrUnavailable},
		{fmt.Errorf("read: %w", context.DeadlineExceeded), store.ErrUnavailable},
		{io.ErrUnexpectedEOF, store.ErrUnavailable},
		{mongo.ErrClientDisconnected, store.ErrUnavailable},
		{mongo.CommandError{Labels: []string{"NetworkError"}}, store.ErrUnavailable},
		{mongo.CommandError{Code: 4711, Labels: []string{"RetryableWriteError"}}, store.ErrUnavailable},
		{mongo.WriteException{WriteConcernError: &mongo.WriteConcernError{Code: 64}}, store.ErrUnavailable},
		{code(10107), store.ErrUnavailable}, // not the primary any more
		{code(14031), store.ErrUnavailable}, // no room on disk
		{code(1), store.ErrUnavailable},
		{mongo.ErrNoDocuments, store.ErrNotFound},
		{code(10334), store.ErrTooLarge},
		{code(13), nil}, // not allowed: only who set the server up can mend it
		{code(2), nil},
		{mongo.MarshalError{Err: errors.New("no BSON")}, nil},
	} {
		got := failure(c.err)
		for _, kind := range []error{store.ErrUnavailable, store.ErrNotFound, store.ErrTooLarge} {
			if errors.Is(got, kind) != errors.Is(kind, c.want) {
				t.Errorf("%v became %v, want %v", c.err, got, c.want)
			}
		}
		if got == nil {
			t.Errorf("%v is lost", c.err)
		}
	}
	if failure(nil) != nil {
		t.Error("no error became one")
	}
}

func TestADatabasesNameIsChecked(t *testing.T) {
	for _, name := range []string{"", "a b", "a.b", "a/b", "$a", "a\x00", string(make([]byte, 64))} {
		if checkName(name) == nil {
			t.Errorf("%q passes for a database's name", name)
		}
	}
	if err := checkName("cobuild_test-1"); err != nil {
		t.Error(err)
	}
}
