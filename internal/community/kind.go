package community

// Kind is the type of a community: what it grew out of, and so what co-building is for there.
type Kind string

// The four types.
const (
	Rural        Kind = "RURAL"        // 农村片区
	OldEstate    Kind = "OLD_ESTATE"   // 老居委
	Commercial   Kind = "COMMERCIAL"   // 商品房小区
	Resettlement Kind = "RESETTLEMENT" // 安置小区
)

// Strategy is what co-building aims at in a community of some type.
type Strategy string

// The strategies.
const (
	Development Strategy = "DEVELOPMENT" // 党建+发展: economy, land titles, renovation, oversight of collective assets
	Governance  Strategy = "GOVERNANCE"  // 党建+治理: six volunteer roles
	Integration Strategy = "INTEGRATION" // 党建+融入: property managers and social organisations join in service
	Advancement Strategy = "ADVANCEMENT" // 党建+提升: resettled households take part in building a civilised estate
)

// Kinds are the four types.
func Kinds() []Kind { return []Kind{Rural, OldEstate, Commercial, Resettlement} }

// Strategy is what co-building aims at in a community of the type.
func (k Kind) Strategy() Strategy {
	switch k {
	case Rural:
		return Development
	case OldEstate:
		return Governance
	case Commercial:
		return Integration
	case Resettlement:
		return Advancement
	}
	return ""
}

// field is the name of the input that holds the facts of this type alone.
func (k Kind) field() string {
	switch k {
	case Rural:
		return "rural"
	case OldEstate:
		return "oldEstate"
	case Commercial:
		return "commercial"
	case Resettlement:
		return "resettlement"
	}
	return "type"
}

// VolunteerRole is one of the six roles that volunteers fill in an old estate.
type VolunteerRole string

// The roles.
const (
	PolicyPublicist     VolunteerRole = "POLICY_PUBLICIST"     // 政策宣传员
	Messenger           VolunteerRole = "MESSENGER"            // 信息联络员
	Mediator            VolunteerRole = "MEDIATOR"             // 矛盾调解员
	SanitationPatroller VolunteerRole = "SANITATION_PATROLLER" // 卫生巡查员
	CulturePromoter     VolunteerRole = "CULTURE_PROMOTER"     // 文化传播员
	CivilityGuide       VolunteerRole = "CIVILITY_GUIDE"       // 文明引导员
)

// VolunteerRoles are the six roles in their usual order.
func VolunteerRoles() []VolunteerRole {
	return []VolunteerRole{PolicyPublicist, Messenger, Mediator, SanitationPatroller, CulturePromoter, CivilityGuide}
}
