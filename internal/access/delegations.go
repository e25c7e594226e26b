package access

import (
	"strings"

	"github.com/cobuild/cobuild/internal/platform/authz"
)

// The actions of delegation.
const (
	DelegationRead   = "delegation.read"
	DelegationOffer  = "delegation.offer"
	DelegationAccept = "delegation.accept"
	DelegationEnd    = "delegation.end"
	DelegationTime   = "delegation.time"
)

func delegations() authz.Table {
	return authz.Table{
		rule(DelegationRead, "delegations, node", join(to(own, secretary, liaison, steward), to(above, supervisor, auditor)), "both organisations, and the bodies above the one that lends"),
		rule(DelegationOffer, "delegate", to(authz.Lending, secretary, liaison), "for a year at most; never the signing right"),
		rule(DelegationAccept, "acceptDelegation", to(authz.Borrowing, secretary, liaison), ""),
		rule(DelegationEnd, "endDelegation", join(to(own, secretary, liaison), to(above, supervisor)), "either side, or a body above the one that lends; with effect at once"),
		rule(DelegationTime, "–", nil, "the last day, moves between jurisdictions: the program itself"),
	}
}

// lent says of each rule whether a role that is held by delegation counts: in contracts and what hangs on them. It never
// counts for signing, for giving roles, for the facts of organisations, nor for lending it on.
func lent(t authz.Table) authz.Table {
	for i := range t {
		what, verb, _ := strings.Cut(t[i].Action, ".")
		switch what {
		case "contract", "amendment", "commitment", "fulfilment", "appraisal", "cooperationRecord", "publication", "report":
			t[i].Lent = verb != "sign"
			t[i].Sided = !strings.HasPrefix(verb, "read") || t[i].Action == AppraisalReadSealed
		case "project":
			t[i].Lent = true
			t[i].Sided = verb != "read"
		case "file":
			t[i].Lent = true // it is sent to be attached to such things
		case "profile":
			t[i].Lent = t[i].Action == ProfileReadShared // it hangs on a contract; the rest is a fact of the organisation
		}
	}
	return t
}
