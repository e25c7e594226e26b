package wire

import (
	"io"

	"github.com/99designs/gqlgen/graphql"
)

// Subgraph is what a federation gateway needs to know of the schema.
type Subgraph struct {
	SDL string
}

// Representation is how a federation gateway names an object: the name of its type and its key. Both may be missing or of
// any JSON type here; whoever looks for the object says what is wrong with them.
type Representation map[string]any

// MarshalGQL writes a representation.
func (r Representation) MarshalGQL(w io.Writer) { graphql.MarshalMap(r).MarshalGQL(w) }

// UnmarshalGQL reads a representation. What a gateway sends beside the key is kept by nobody.
func (r *Representation) UnmarshalGQL(v any) error {
	fields, ok := v.(map[string]any)
	if !ok {
		return notA("{__typename, id}", v)
	}
	*r = fields
	return nil
}

// Text is a field of the representation; ok is false where there is none or it is no text.
func (r Representation) Text(field string) (text string, ok bool) {
	text, ok = r[field].(string)
	return text, ok
}
