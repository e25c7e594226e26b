package graph

import (
	"context"

	"github.com/cobuild/cobuild/graph/wire"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/match"
	"github.com/cobuild/cobuild/internal/platform/page"
)

// matches lists what may go with the one thing that the arguments name.
func (r Rooms) matches(ctx context.Context, needed, offered, in *string, q match.Question, a page.Args) (*match.Connection, error) {
	var err error
	if q.Need, err = asked[id.Need]("need", needed, wire.Need()); err != nil {
		return nil, err
	}
	if q.Resource, err = asked[id.Resource]("resource", offered, wire.Resource()); err != nil {
		return nil, err
	}
	if q.Community, err = asked[id.Organisation]("community", in, wire.Community()); err != nil {
		return nil, err
	}
	return r.Matches.Matches(ctx, q, a)
}

// asked is the identifier that an argument gives; nil where it is absent.
func asked[I ~string](name string, arg *string, k wire.Kind) (*I, error) {
	var none *I
	if arg == nil {
		return none, nil
	}
	i, err := wire.Named[I](name, *arg, k)
	if err != nil {
		return nil, err
	}
	return &i, nil
}
