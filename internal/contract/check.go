package contract

import (
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
)

// Check says all that is wrong with a text between the organisations of which facts are given, and keeps nothing. It
// is what drafting asks first, for who wants to know beforehand.
func Check(in TextInput, facts map[id.Organisation]organisation.Facts) error {
	w := &composer{in: in, facts: facts, keys: &Keys{}}
	_, err := w.compose("")
	return err
}
