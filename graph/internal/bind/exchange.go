package bind

import (
	"github.com/cobuild/cobuild/graph/payload" //nolint:depguard // this is a part of the GraphQL face, not a room
	"github.com/cobuild/cobuild/internal/category"
	"github.com/cobuild/cobuild/internal/exchange"
	"github.com/cobuild/cobuild/internal/need"
	"github.com/cobuild/cobuild/internal/resource"
)

// The payloads of categories, needs, resources and claims.
type (
	// CategoryPayload answers every change of a category.
	CategoryPayload = payload.Of[*category.Category]
	// NeedPayload answers every change of a need.
	NeedPayload = payload.Of[*need.Need]
	// ResourcePayload answers every change of a resource.
	ResourcePayload = payload.Of[*resource.Resource]
	// ClaimPayload answers the steps of a claim.
	ClaimPayload = payload.Of[*exchange.Claim]
)

// ClaimNeedPayload is what the claimant of a need is answered: the claim, besides the need.
type ClaimNeedPayload payload.Of[*need.Share]

// Claim is the claim as it is now; nil where there are errors.
func (p *ClaimNeedPayload) Claim() *exchange.Claim {
	return part(p.Object, func(s *need.Share) *exchange.Claim { return s.Claim })
}

// Need is the need as it is now; nil where there are errors.
func (p *ClaimNeedPayload) Need() *need.Need {
	return part(p.Object, func(s *need.Share) *need.Need { return s.Need })
}

// ClaimResourcePayload is what the claimant of a resource is answered: the claim, besides the resource.
type ClaimResourcePayload payload.Of[*resource.Share]

// Claim is the claim as it is now; nil where there are errors.
func (p *ClaimResourcePayload) Claim() *exchange.Claim {
	return part(p.Object, func(s *resource.Share) *exchange.Claim { return s.Claim })
}

// Resource is the resource as it is now; nil where there are errors.
func (p *ClaimResourcePayload) Resource() *resource.Resource {
	return part(p.Object, func(s *resource.Share) *resource.Resource { return s.Resource })
}
