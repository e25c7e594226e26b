// Package graph is the GraphQL face of Cobuild: each room's types and fields in a file of its own, beside the resolvers
// that lead into the room. A resolver is one line; what it calls decides everything.
package graph

import (
	"context"

	"github.com/cobuild/cobuild/internal/appraisal"
	"github.com/cobuild/cobuild/internal/audit"
	"github.com/cobuild/cobuild/internal/bulk"
	"github.com/cobuild/cobuild/internal/category"
	"github.com/cobuild/cobuild/internal/community"
	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/delegation"
	"github.com/cobuild/cobuild/internal/district"
	"github.com/cobuild/cobuild/internal/event"
	"github.com/cobuild/cobuild/internal/exchange"
	"github.com/cobuild/cobuild/internal/file"
	"github.com/cobuild/cobuild/internal/fulfilment"
	"github.com/cobuild/cobuild/internal/match"
	"github.com/cobuild/cobuild/internal/need"
	"github.com/cobuild/cobuild/internal/notification"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/person"
	"github.com/cobuild/cobuild/internal/personalaccess"
	"github.com/cobuild/cobuild/internal/playbook"
	"github.com/cobuild/cobuild/internal/profile"
	"github.com/cobuild/cobuild/internal/project"
	"github.com/cobuild/cobuild/internal/publication"
	"github.com/cobuild/cobuild/internal/report"
	"github.com/cobuild/cobuild/internal/resource"
	"github.com/cobuild/cobuild/internal/search"
	"github.com/cobuild/cobuild/internal/securitylog"
	"github.com/cobuild/cobuild/internal/serviceaccount"
	"github.com/cobuild/cobuild/internal/signingkey"
	"github.com/cobuild/cobuild/internal/template"
	"github.com/cobuild/cobuild/internal/trace"
	"github.com/cobuild/cobuild/internal/unit"
	"github.com/cobuild/cobuild/internal/webhook"
)

// Resolver leads the fields of the schema into the rooms.
type Resolver struct {
	Rooms    Rooms
	Subgraph func() string // the schema as a federation gateway reads it
}

// Rooms are the rooms behind the schema. Every member is required.
type Rooms struct {
	Districts   *district.Service
	Communities *community.Service
	Units       *unit.Service
	Directory   organisation.Directory // organisations of every kind
	People      *person.Service
	Contracts   *contract.Service
	Fulfilments *fulfilment.Service
	SigningKeys *signingkey.Service

	Appraisals *appraisal.Service
	Reports    *report.Service

	Publications  *publication.Service
	Notifications *notification.Service

	SecurityLog *securitylog.Service

	Templates *template.Service
	// DraftFrom drafts a contract from a template: what one room fills, another drafts.
	DraftFrom func(context.Context, template.DraftInput) (*contract.Contract, error)

	Delegations *delegation.Service

	ServiceAccounts *serviceaccount.Service

	Profiles   *profile.Service
	Identities Identities

	Events *event.Service

	PersonalAccesses *personalaccess.Service

	Audit *audit.Service

	Webhooks *webhook.Service
	Files    *file.Service
	Bulk     *bulk.Service

	Playbooks *playbook.Service

	Projects *project.Service

	Categories *category.Service
	Needs      *need.Service
	Resources  *resource.Service
	Claims     exchange.Claims

	Matches *match.Service
	// DraftFromMatches drafts a contract from chosen matches.
	DraftFromMatches func(context.Context, match.DraftInput) (*contract.Contract, error)
	Search           *search.Service
	Trace            *trace.Service
}
