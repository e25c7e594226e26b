package organisation

import (
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Choice filters by an organisation.
type Choice = page.Choice[id.Organisation]

// NameChoice filters by a name or a code: the whole of it, one of several, or its beginning. Letters count as they are
// written.
type NameChoice struct {
	Eq         *string
	In         []string
	StartsWith *string
}

// Filter is the choice as a condition on a field.
func (c *NameChoice) Filter(on store.Field[string]) store.Filter {
	if c == nil {
		return store.Filter{}
	}
	choice := page.Choice[string]{Eq: c.Eq, In: c.In}
	f := choice.Filter(on)
	if c.StartsWith == nil || *c.StartsWith == "" {
		return f
	}
	const last = "\U0010FFFF" // nothing that begins with the text comes after the text and this
	return store.And(f, on.Gte(*c.StartsWith), on.Lt(*c.StartsWith+last))
}
