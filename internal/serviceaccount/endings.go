package serviceaccount

import (
	"context"
	"strconv"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Ending is one moment at which an access token of an account was taken back.
type Ending struct {
	Account id.ServiceAccount
	What    string // names the ending among all of them
}

// mostEndings bounds how many are told at once.
const mostEndings = 1000

// Endings are the accounts of which a token was taken back since a moment, the latest first: for what they have open at
// nodes where that was not done. Whatever else ends a program's access is told as an event.
func (s *Service) Endings(ctx context.Context, since time.Time) ([]Ending, error) {
	found, err := s.accounts.List(authz.AsSystem(ctx), store.Query{
		Where: byRevoked.Gt(since), Sort: []store.Order{byRevoked.Desc()}, Limit: mostEndings,
	})
	if err != nil {
		return nil, err
	}
	out := make([]Ending, len(found.Items))
	for i, a := range found.Items {
		out[i] = Ending{a.ID, a.lastRevoked()}
	}
	return out, nil
}

// lastRevoked names the token that was taken back last; where there were too many to remember, all of that generation.
func (a *ServiceAccount) lastRevoked() string {
	if n := len(a.Revoked); n > 0 {
		return a.Revoked[n-1].ID
	}
	return strconv.Itoa(a.Generation)
}
