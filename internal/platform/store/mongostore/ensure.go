package mongostore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/cobuild/cobuild/internal/platform/store"
)

// namespaceExists is the server's code for a collection that is there already.
const namespaceExists = 48

// Ensure makes the collection and its indexes. Several nodes may start at once: what another one has made meanwhile is
// no error, and where a server lets two of them stand in each other's way, the loser tries again.
func (s *Store) Ensure(ctx context.Context, schema store.Schema) error {
	var err error
	for try := range 5 {
		if try > 0 && pause(ctx, time.Duration(try)*200*time.Millisecond) != nil {
			break
		}
		if err = s.ensure(ctx, schema); !errors.Is(err, store.ErrUnavailable) || errors.Is(err, mongo.ErrClientDisconnected) {
			return err
		}
	}
	return err
}

func (s *Store) ensure(ctx context.Context, schema store.Schema) error {
	err := s.db.CreateCollection(ctx, schema.Name)
	if err != nil && !hasCode(err, namespaceExists) {
		return fmt.Errorf("mongodb: create %s: %w", schema.Name, failure(err))
	}
	models := indexes(schema)
	if len(models) == 0 {
		return nil
	}
	if _, err := s.db.Collection(schema.Name).Indexes().CreateMany(ctx, models); err != nil {
		return fmt.Errorf("mongodb: indexes of %s: %w", schema.Name, failure(err))
	}
	return nil
}

// indexes are the server's own for a schema. Nothing expires by the server's clock: that is the collection's business,
// by the program's.
func indexes(schema store.Schema) []mongo.IndexModel {
	out := make([]mongo.IndexModel, 0, len(schema.Indexes))
	for _, ix := range schema.Indexes {
		o := options.Index().SetName(ix.Name())
		if ix.Unique {
			o.SetUnique(true)
		}
		if ix.Unique || ix.Sparse {
			o.SetPartialFilterExpression(present(ix))
		}
		out = append(out, mongo.IndexModel{Keys: keys(ix), Options: o})
	}
	return out
}

// keys are an index's fields in order, and the identifier in the direction of the last one. In a unique index the
// identifier would let everything in, and is not needed to tell entries apart.
func keys(ix store.Index) bson.D {
	out := make(bson.D, 0, len(ix.On)+1)
	last := 1
	for _, o := range ix.On {
		last = direction(o.Desc)
		out = append(out, bson.E{Key: o.Path, Value: last})
	}
	if ix.Unique {
		return out
	}
	return append(out, bson.E{Key: "_id", Value: last})
}

// present is the condition that every field of an index holds a value that queries can compare. Asking for the kinds
// of values, not for the field's existence, leaves out null and the empty array, as the embedded store does.
func present(ix store.Index) bson.D {
	kinds := bson.D{{Key: "$type", Value: bson.A{"bool", "int", "long", "string", "date"}}}
	out := make(bson.D, 0, len(ix.On))
	for _, o := range ix.On {
		out = append(out, bson.E{Key: o.Path, Value: kinds})
	}
	return out
}

func direction(down bool) int {
	if down {
		return -1
	}
	return 1
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
