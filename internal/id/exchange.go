package id

type (
	// Category is a place in the tree of what needs and resources are about.
	Category string
	// Need is something that a community or a unit lacks.
	Need string
	// Resource is something that a community or a unit offers.
	Resource string
	// Claim is an organisation's taking of a share of a need, or asking for one of a resource.
	Claim string
)

// The kinds of what is exchanged. The tree of categories is one thing, and each category a part of it; a claim is a part
// of the need or the resource that it is about.
const (
	KindCategoryTree  Kind = "ctt"
	KindCategory      Kind = "cat"
	KindNeed          Kind = "ned"
	KindResource      Kind = "res"
	KindNeedClaim     Kind = "ncl"
	KindResourceClaim Kind = "rcl"
)
