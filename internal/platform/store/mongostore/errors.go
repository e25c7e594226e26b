package mongostore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/cobuild/cobuild/internal/platform/store"
)

// passing are the server's codes for failures that may be over when the same call is made again: an election, a
// shutdown, a time bound, a cursor that the server has given up, an aborted conflict of its own, no room on disk. 1 and
// 8 are what a server says of failures it has no word for, as when its own storage is gone.
var passing = []int{
	1, 6, 7, 8, 24, 39, 43, 46, 50, 63, 64, 89, 91, 100, 112, 133, 134, 136, 175, 189, 202, 212, 225, 234, 237, 238, 251,
	262, 314, 317, 358, 384, 391, 462, 9001, 10058, 10107, 11600, 11602, 13388, 13435, 13436, 14031, 16755,
}

// tooLarge are the codes for a document beyond the server's own bound.
var tooLarge = []int{10334, 17419, 17420}

// failure sorts the driver's errors into the store's. What may go away by itself is ErrUnavailable; what is left is a
// mistake of the program or of who set the server up.
func failure(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, mongo.ErrNoDocuments):
		return store.ErrNotFound
	case gone(err):
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	case anyCode(err, tooLarge):
		return fmt.Errorf("%w: %w", store.ErrTooLarge, err)
	}
	return fmt.Errorf("mongodb: %w", err)
}

// gone says whether the server could not be reached, did not answer in time, or answered that it cannot just now. An
// error that came from no server at all is one of the connection: none could be chosen, or it broke.
func gone(err error) bool {
	if mongo.IsNetworkError(err) || mongo.IsTimeout(err) || errors.Is(err, context.Canceled) ||
		errors.Is(err, mongo.ErrClientDisconnected) || anyCode(err, passing) {
		return true
	}
	if e, ok := errors.AsType[mongo.LabeledError](err); ok {
		return e.HasErrorLabel("RetryableWriteError") || e.HasErrorLabel("TransientTransactionError")
	}
	_, encoding := errors.AsType[mongo.MarshalError](err)
	_, argument := errors.AsType[mongo.InvalidArgumentError](err)
	return !encoding && !argument
}

// duplicate finds the refusal of a second document with the same value, and the index that refused it; nil where err
// is something else.
func duplicate(err error) *store.ExistsError {
	if !mongo.IsDuplicateKeyError(err) {
		return nil
	}
	name := ""
	if many, ok := errors.AsType[mongo.WriteException](err); ok {
		for _, e := range many.WriteErrors {
			if name == "" {
				name = indexIn(e.Message, e.Raw)
			}
		}
	}
	if one, ok := errors.AsType[mongo.CommandError](err); ok && name == "" {
		name = indexIn(one.Message, one.Raw)
	}
	if name == "_id_" {
		name = "_id"
	}
	return &store.ExistsError{Index: name}
}

// indexIn finds the index's name in a refusal. MongoDB writes "E11000 duplicate key error collection: shop.orders index:
// name dup key: {…}", DocumentDB "…: Index 'name'". The first mention counts: what follows may quote the document. Where
// the words are others, the key's fields, which newer servers send along, still tell the identifier from the rest.
func indexIn(message string, raw bson.Raw) string {
	for _, mark := range []struct{ before, after string }{{" index: ", " "}, {"Index '", "'"}} {
		if _, rest, ok := strings.Cut(message, mark.before); ok {
			if name, _, ok := strings.Cut(rest+mark.after, mark.after); ok && name != "" {
				return name
			}
		}
	}
	if pattern, ok := raw.Lookup("keyPattern").DocumentOK(); ok {
		if fields, err := pattern.Elements(); err == nil && len(fields) > 0 {
			return named(fields)
		}
	}
	return "unknown"
}

// named is the name that the store gives a unique index on these fields.
func named(fields []bson.RawElement) string {
	if len(fields) == 1 && fields[0].Key() == "_id" {
		return "_id"
	}
	var on []store.Order
	for _, f := range fields {
		way, _ := f.Value().AsInt64OK()
		on = append(on, store.Order{Path: f.Key(), Desc: way < 0})
	}
	return store.Unique(on...).Name()
}

func hasCode(err error, code int) bool { return anyCode(err, []int{code}) }

func anyCode(err error, codes []int) bool {
	e, ok := errors.AsType[mongo.ServerError](err)
	return ok && slices.ContainsFunc(e.ErrorCodes(), func(c int) bool { return slices.Contains(codes, c) })
}
