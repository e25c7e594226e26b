package event

import (
	"encoding/json"
	"fmt"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// safe is the largest whole number that every reader of JSON takes exactly.
const safe = 1<<53 - 1

// plain is what an event says, as JSON: moments as RFC 3339 in UTC, whole numbers beyond ±(2⁵³−1) as strings.
func plain(doc bson.Raw) (*scalar.JSON, error) {
	if len(doc) == 0 {
		return nil, nil //nolint:nilnil // an event may say nothing more
	}
	v, err := object(doc)
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("event: %w", err)
	}
	return new(scalar.JSON(raw)), nil
}

func object(doc bson.Raw) (map[string]any, error) {
	elements, err := doc.Elements()
	if err != nil {
		return nil, fmt.Errorf("event: %w", err)
	}
	out := make(map[string]any, len(elements))
	for _, e := range elements {
		if out[e.Key()], err = value(e.Value()); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func value(v bson.RawValue) (any, error) {
	switch v.Type {
	case bson.TypeNull:
		return nil, nil //nolint:nilnil // null is a value of JSON
	case bson.TypeString:
		return v.StringValue(), nil
	case bson.TypeBoolean:
		return v.Boolean(), nil
	case bson.TypeInt32:
		return v.Int32(), nil
	case bson.TypeInt64:
		if n := v.Int64(); n > safe || n < -safe {
			return strconv.FormatInt(n, 10), nil
		}
		return v.Int64(), nil
	case bson.TypeDouble:
		return v.Double(), nil
	case bson.TypeDateTime:
		return v.Time().UTC().Format("2006-01-02T15:04:05.000Z07:00"), nil
	case bson.TypeEmbeddedDocument:
		return object(v.Document())
	case bson.TypeArray:
		return array(v.Array())
	}
	return nil, fmt.Errorf("event: a %s is nothing that events say", v.Type)
}

func array(a bson.RawArray) ([]any, error) {
	values, err := a.Values()
	if err != nil {
		return nil, fmt.Errorf("event: %w", err)
	}
	out := make([]any, len(values))
	for i, v := range values {
		if out[i], err = value(v); err != nil {
			return nil, err
		}
	}
	return out, nil
}
