package graph

import (
	"context"

	"github.com/cobuild/cobuild/graph/wire"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// maxNodes is the most identifiers that nodes takes at once.
const maxNodes = 100

// finders say who finds the nodes of each kind.
func (r Rooms) finders() map[id.Kind]finder[string, wire.Node] {
	return map[id.Kind]finder[string, wire.Node]{
		id.KindDistrict:    nodesOf(r.Directory.Many),
		id.KindSubDistrict: nodesOf(r.Directory.Many),
		id.KindCommunity:   nodesOf(r.Directory.Many),
		id.KindUnit:        nodesOf(r.Directory.Many),
		id.KindPerson:      nodesOf(r.People.Many),
		id.KindInvitation:  nodesOf(r.People.ManyInvitations),
		id.KindSession:     nodesOf(r.People.ManySessions),
		id.KindContract:    nodesOf(r.Contracts.Many),
		id.KindCommitment:  nodesOf(r.Contracts.Commitments),
		id.KindFulfilment:  nodesOf(r.Fulfilments.Many),
		id.KindSigningKey:  nodesOf(r.SigningKeys.Many),

		id.KindTemplate:      nodesOf(r.Templates.Many),
		id.KindLibraryClause: nodesOf(r.Templates.ManyClauses),

		id.KindAppraisal: nodesOf(r.Appraisals.Many),
		id.KindCriteria:  nodesOf(r.Appraisals.ManyCriteria),

		id.KindPublication: nodesOf(r.Publications.Many),
		id.KindPublished:   nodesOf(r.Publications.ManyPublished),

		id.KindNotification: nodesOf(r.Notifications.Many),
		id.KindAmendment:    nodesOf(r.Contracts.ManyAmendments),

		id.KindSecurityEntry: nodesOf(r.SecurityLog.Many),
		id.KindDelegation:    nodesOf(r.Delegations.Many),

		id.KindServiceAccount: nodesOf(r.ServiceAccounts.Many),

		id.KindProfile: nodesOf(r.Profiles.Many),

		id.KindEvent:          nodesOf(r.Events.Many),
		id.KindPersonalAccess: nodesOf(r.PersonalAccesses.Many),

		id.KindWebhook: nodesOf(r.Webhooks.Many),
		id.KindFile:    nodesOf(r.Files.Many),
		id.KindBulkJob: nodesOf(r.Bulk.Many),

		id.KindCategoryTree:  nodesOf(r.Categories.Trees),
		id.KindCategory:      nodesOf(r.Categories.Many),
		id.KindNeed:          nodesOf(r.Needs.Many),
		id.KindResource:      nodesOf(r.Resources.Many),
		id.KindNeedClaim:     nodesOf(r.Claims.Many),
		id.KindResourceClaim: nodesOf(r.Claims.Many),
	}
}

// find finds nodes of every kind in the order of their identifiers, one question to each room. One that does not exist,
// one that is hidden and one whose identifier means nothing answer alike: null.
func (r Rooms) find(ctx context.Context, ids []string) ([]wire.Node, error) {
	if len(ids) > maxNodes {
		return nil, fault.New(fault.Invalid, fault.CodeTooMany, "max", maxNodes).At("ids")
	}
	out := make([]wire.Node, len(ids))
	asked := map[id.Kind][]int{}
	for i, s := range ids {
		if k, ok := id.KindOf(s); ok {
			asked[k] = append(asked[k], i)
		}
	}
	finders := r.finders()
	for k, places := range asked {
		room := finders[k]
		if room == nil {
			continue
		}
		ask := make([]string, len(places))
		for n, i := range places {
			ask[n] = ids[i]
		}
		found, err := lookup(ctx, ask, room)
		if err != nil {
			return nil, err
		}
		for n, i := range places {
			out[i] = found[n]
		}
	}
	return out, nil
}

// Visible says which objects the caller may find by their identifiers, in the order of those.
func (r Rooms) Visible(ctx context.Context, ids []string) ([]bool, error) {
	found, err := r.find(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]bool, len(ids))
	for i, n := range found {
		out[i] = n != nil
	}
	return out, nil
}

// nodesOf makes a room's own finder one of nodes; a nil of the room's type becomes a plain nil.
func nodesOf[I ~string, T interface {
	comparable
	wire.Node
}](find finder[I, T]) finder[string, wire.Node] {
	return func(ctx context.Context, ids []string) ([]wire.Node, error) {
		own := make([]I, len(ids))
		for i, s := range ids {
			own[i] = I(s)
		}
		found, err := find(ctx, own)
		if err != nil {
			return nil, err
		}
		var none T
		out := make([]wire.Node, len(ids))
		for i, t := range found {
			if t != none {
				out[i] = t
			}
		}
		return out, nil
	}
}
