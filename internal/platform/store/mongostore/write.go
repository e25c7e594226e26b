package mongostore

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
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

// InsertMany keeps new documents, one behind the other.
func (s *Store) InsertMany(ctx context.Context, coll string, docs []bson.Raw) (int, error) {
	for _, doc := range docs {
		if err := fits(doc); err != nil {
			return 0, err
		}
	}
	if len(docs) == 0 {
		return 0, nil
	}
	_, err := s.db.Collection(coll).InsertMany(ctx, docs, options.InsertMany().SetOrdered(true))
	if err == nil {
		return len(docs), nil
	}
	many, ok := errors.AsType[mongo.BulkWriteException](err)
	if !ok || len(many.WriteErrors) == 0 || many.WriteConcernError != nil {
		return 0, failure(err)
	}
	bad := many.WriteErrors[0].WriteError
	at := bad.Index
	if exists := duplicate(mongo.WriteException{WriteErrors: mongo.WriteErrors{bad}}); exists != nil && at < len(docs) {
		err := s.first(ctx, coll, docs[at], exists)
		if _, refused := errors.AsType[*store.ExistsError](err); refused {
			return at, err
		}
		return 0, err
	}
	return 0, failure(err)
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
