package mongostore

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/cobuild/cobuild/internal/platform/store"
)

// Insert keeps a new document.
func (s *Store) Insert(ctx context.Context, coll string, doc bson.Raw) error {
	if err := fits(doc); err != nil {
		return err
	}
	_, err := s.db.Collection(coll).InsertOne(ctx, doc)
	if exists := duplicate(err); exists != nil {
		return s.first(ctx, coll, doc, exists)
	}
	return failure(err)
}

// first names the identifier where both it and a unique value are taken, whichever the server met first: a repeated
// insert must be recognised as one.
func (s *Store) first(ctx context.Context, coll string, doc bson.Raw, exists *store.ExistsError) error {
	if exists.Index == "_id" {
		return exists
	}
	id := doc.Lookup("_id")
	bare := options.FindOne().SetProjection(bson.D{{Key: "_id", Value: 1}})
	_, err := s.db.Collection(coll).FindOne(ctx, bson.D{{Key: "_id", Value: id}}, bare).Raw()
	switch err := failure(err); {
	case err == nil:
		return &store.ExistsError{Index: "_id"}
	case errors.Is(err, store.ErrNotFound):
		return exists
	default:
		return err
	}
}

// Replace keeps doc in place of the one with the same identifier and the given rev.
func (s *Store) Replace(ctx context.Context, coll string, rev int64, doc bson.Raw) error {
	if err := fits(doc); err != nil {
		return err
	}
	at := bson.D{{Key: "_id", Value: doc.Lookup("_id")}, {Key: "rev", Value: rev}}
	done, err := s.db.Collection(coll).ReplaceOne(ctx, at, doc)
	if exists := duplicate(err); exists != nil {
		return exists
	}
	if err != nil {
		return failure(err)
	}
	if done.MatchedCount == 0 {
		return store.ErrConflict
	}
	return nil
}

// Delete removes the document with this identifier and rev.
func (s *Store) Delete(ctx context.Context, coll, id string, rev int64) error {
	at := bson.D{{Key: "_id", Value: id}, {Key: "rev", Value: rev}}
	done, err := s.db.Collection(coll).DeleteOne(ctx, at)
	if err != nil {
		return failure(err)
	}
	if done.DeletedCount == 0 {
		return store.ErrConflict
	}
	return nil
}

func fits(doc bson.Raw) error {
	if len(doc) > store.MaxDocument {
		return fmt.Errorf("%w: %d bytes", store.ErrTooLarge, len(doc))
	}
	return nil
}
