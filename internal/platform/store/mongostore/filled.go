package mongostore

import (
	"context"
	"errors"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/cobuild/cobuild/internal/platform/store"
)

// Filled names the collections that hold anything.
func (s *Store) Filled(ctx context.Context) ([]string, error) {
	names, err := s.db.ListCollectionNames(ctx, bson.D{})
	if err != nil {
		return nil, failure(err)
	}
	var out []string
	bare := options.FindOne().SetProjection(bson.D{{Key: "_id", Value: 1}})
	for _, name := range names {
		if strings.HasPrefix(name, "system.") { // the server's own
			continue
		}
		_, err := s.db.Collection(name).FindOne(ctx, bson.D{}, bare).Raw()
		switch err := failure(err); {
		case err == nil:
			out = append(out, name)
		case !errors.Is(err, store.ErrNotFound):
			return nil, err
		}
	}
	slices.Sort(out)
	return out, nil
}

// Drop removes collections with all that is in them: for what a restore left half done.
func (s *Store) Drop(ctx context.Context, colls ...string) error {
	for _, name := range colls {
		if err := s.db.Collection(name).Drop(ctx); err != nil {
			return failure(err)
		}
	}
	return nil
}
