package access

import "github.com/cobuild/cobuild/internal/platform/authz"

// The actions of the security log.
const (
	SecurityRead = "security.read"
	SecurityKeep = "security.keep"
)

func security() authz.Table {
	return authz.Table{
		rule(SecurityRead, "securityLog, node", join(to(personal, itself), to(own, secretary, liaison, supervisor), to(anywhere, administrator)),
			"a person what is about their account; who leads an organisation what is about its keys"),
		rule(SecurityKeep, "–", nil, "what happens at the door: the program itself"),
	}
}
