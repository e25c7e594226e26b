package access

import (
	"strings"

	"github.com/cobuild/cobuild/internal/platform/authz"
)

// scoped says of each rule what a token needs for it, beside the role of its holder.
func scoped(t authz.Table) authz.Table {
	for i := range t {
		t[i].Scope = scopeOf(t[i].Action)
	}
	return t
}

// scopeOf goes by what an action is done to, and whether it reads. It asks of a token what the fields of the schema ask
// that lead to the action, so that no way round a field, be it node or an edge, gives more.
func scopeOf(action string) authz.Scope {
	what, verb, _ := strings.Cut(action, ".")
	reads := strings.HasPrefix(verb, "read")
	pick := func(read, write authz.Scope) authz.Scope {
		if reads {
			return read
		}
		return write
	}
	switch what {
	case "district", "subDistrict", "community", "unit":
		return pick(authz.ScopeOrganisationsRead, authz.ScopeOrganisationsWrite)
	case "person", "role", "session", "invitation", "notification", "notificationSettings", "serviceAccount", "security", "delegation", "identity",
		"personalAccess":
		return pick(authz.ScopePeopleRead, authz.ScopePeopleWrite)
	case "key":
		return pick(authz.ScopePublic, authz.ScopeContractsSign)
	case "template", "library", "appraisalCriteria", "publishedContract":
		return pick(authz.ScopePublic, authz.ScopeContractsWrite)
	case "category":
		return pick(authz.ScopePublic, authz.ScopeOrganisationsWrite)
	}
	if what == "webhook" { // as the service account that it acts as
		return pick(authz.ScopePeopleRead, authz.ScopePeopleWrite)
	}
	if what == "bulkJob" {
		return authz.ScopePublic // what it reads and does asks for scopes of its own
	}
	if what == "profile" {
		return pick(authz.ScopeContractsRead, authz.ScopeOrganisationsWrite) // read by contract, told as a fact of an organisation
	}
	if verb == "sign" {
		return authz.ScopeContractsSign
	}
	return pick(authz.ScopeContractsRead, authz.ScopeContractsWrite)
}
