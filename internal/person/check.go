package person

import (
	"time"

	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// Check says all that is wrong with enrolling somebody under these names with a role in an organisation, and keeps
// nothing. The zero Facts stand for no organisation.
func Check(login, name string, role authz.Role, in organisation.Facts, signing bool, now time.Time) error {
	var f fault.List
	accountOf(&f, login, name, nil, nil)
	term{role: role, at: place{in}, signing: signing}.check(&f, now)
	return f.Err()
}
