package graph

import (
	"context"

	"github.com/cobuild/cobuild/graph/wire"
	"github.com/cobuild/cobuild/internal/community"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/playbook"
)

// playbooks lists playbooks, for a type of community where one is named.
func (r Rooms) playbooks(of *community.Kind, a page.Args) (*playbook.Connection, error) {
	var t *playbook.CommunityType
	if of != nil {
		t = new(playbook.CommunityType(*of))
	}
	return r.Playbooks.Playbooks(t, a)
}

// playbookApplications lists what a community has taken from playbooks.
func (r Rooms) playbookApplications(ctx context.Context, community string, a page.Args) (*playbook.ApplicationConnection, error) {
	of, err := wire.Named[id.Organisation]("community", community, wire.Community())
	if err != nil {
		return nil, err
	}
	return r.Playbooks.Applications(ctx, of, a)
}

// taken finds what was made after playbooks, as many as there are: a community takes more at once than a client may ask
// nodes for. What is not the caller's to see is null.
func (r Rooms) taken(ctx context.Context, ids []string) ([]wire.Node, error) {
	out := make([]wire.Node, 0, len(ids))
	for len(ids) > 0 {
		n := min(len(ids), maxNodes)
		found, err := r.find(ctx, ids[:n])
		if err != nil {
			return nil, err
		}
		out, ids = append(out, found...), ids[n:]
	}
	return out, nil
}
