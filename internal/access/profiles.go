package access

import "github.com/cobuild/cobuild/internal/platform/authz"

// The actions of cooperation profiles, and of what contracts share of them.
const (
	ProfileRead       = "profile.read"
	ProfileReadShared = "profile.readShared"
	ProfileUpdate     = "profile.update"
	ProfileTime       = "profile.time"

	SharingRead = "sharing.read"
)

func profiles() authz.Table {
	people := []authz.Role{secretary, liaison, steward, supervisor, auditor}
	whole := join(to(own, people...), to(above, supervisor, auditor))
	return authz.Table{
		rule(ProfileRead, "cooperationProfile, node", whole, "all of it"),
		rule(ProfileReadShared, "cooperationProfile, node", to(authz.Reading, people...), "only the fields that a contract in force shares with their organisation, as long as it does"),
		rule(ProfileUpdate, "updateCooperationProfile", to(own, secretary, liaison), "of a community or a resident unit"),
		rule(ProfileTime, "–", nil, "moves between jurisdictions: the program itself"),
		rule(SharingRead, "sharing", whole, "what contracts share of an organisation and with it; the contracts themselves as far as they may read them"),
	}
}
