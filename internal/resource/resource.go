// Package resource is the room of resources (资源): what communities and resident units offer to each other, and who has
// asked for how much of it.
package resource

import (
	"time"

	"github.com/cobuild/cobuild/internal/exchange"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Resource is something that a community or a unit offers. Its quantity is what there is in all until its last day.
type Resource struct {
	store.Meta[id.Resource] `bson:",inline"`
	exchange.Listing        `bson:",inline"`
	Status                  Status     `bson:"status"`
	DraftedBy               id.Person  `bson:"draftedBy,omitempty"`
	OfferedAt               *time.Time `bson:"offeredAt,omitempty"`
	EndedAt                 *time.Time `bson:"endedAt,omitempty"` // when it was withdrawn or expired
	Reason                  *string    `bson:"reason,omitempty"`  // why it was withdrawn
}

// IsNode marks what can be found by its identifier alone.
func (*Resource) IsNode() {}
