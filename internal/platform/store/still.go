package store

import (
	"context"
	"iter"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Reader is the half of a Backend that changes nothing.
type Reader interface {
	Get(ctx context.Context, coll, id string) (bson.Raw, error)
	GetMany(ctx context.Context, coll string, ids []string) ([]bson.Raw, error)
	Find(ctx context.Context, s Scan) iter.Seq2[bson.Raw, error]
	Count(ctx context.Context, s Scan, limit int) (int, error)
}

// Holder is a back end that can be read as it is at one moment, whatever is written meanwhile. Not every one can.
type Holder interface {
	// Hold gives read the whole store as it was acknowledged before the call. Read uses it from one goroutine, and not
	// after it has returned.
	Hold(ctx context.Context, read func(Reader) error) error
}

// Lister is a back end that says what is in it, also what this program does not know.
type Lister interface {
	// Filled names the collections that hold anything, in order.
	Filled(ctx context.Context) ([]string, error)
}
