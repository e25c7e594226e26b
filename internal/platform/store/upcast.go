package store

import (
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// tooNewError is a document of a form that this program does not know.
type tooNewError struct {
	collection string
	have, want int
}

// Error names the forms.
func (e *tooNewError) Error() string {
	return fmt.Sprintf("%v: %s is of form %d, this program knows %d", ErrTooNew, e.collection, e.have, e.want)
}

// Is makes it an ErrTooNew.
func (e *tooNewError) Is(target error) bool { return target == ErrTooNew }

// upcast brings a document from an older form to today's. A newer one than this program knows is refused, so that an
// old program never writes over what it does not understand.
func (s Schema) upcast(raw bson.Raw) (bson.Raw, error) {
	have, _ := raw.Lookup("shape").AsInt64OK()
	shape := int(have)
	if shape == s.Shape {
		return raw, nil
	}
	if shape > s.Shape {
		return nil, &tooNewError{s.Name, shape, s.Shape}
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
