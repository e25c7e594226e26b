package store

import (
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// upcast brings a document from an older form to today's. A newer one than this program knows is refused, so that an
// old program never writes over what it does not understand.
func (s Schema) upcast(raw bson.Raw) (bson.Raw, error) {
	have, _ := raw.Lookup("shape").AsInt64OK()
	shape := int(have)
	if shape == s.Shape {
		return raw, nil
	}
	if shape > s.Shape {
		return nil, fmt.Errorf("%w: %s is of form %d, this program knows %d", ErrTooNew, s.Name, shape, s.Shape)
	}
	var doc bson.D
	if err := bson.Unmarshal(raw, &doc); err != nil {
		return nil, fmt.Errorf("%s: upcast: %w", s.Name, err)
	}
	for ; shape < s.Shape; shape++ {
		step := s.Upcast[shape]
		if step == nil {
			return nil, fmt.Errorf("%s: no way from form %d to %d", s.Name, shape, shape+1)
		}
		var err error
		if doc, err = step(doc); err != nil {
			return nil, fmt.Errorf("%s: from form %d: %w", s.Name, shape, err)
		}
	}
	return bson.Marshal(doc)
}
