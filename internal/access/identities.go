package access

import "github.com/cobuild/cobuild/internal/platform/authz"

// The actions of identities: who somebody is at an issuer outside.
const (
	IdentityRead   = "identity.read"
	IdentityLink   = "identity.link"
	IdentityUnlink = "identity.unlink"
	IdentityKeep   = "identity.keep"
)

func identities() authz.Table {
	return authz.Table{
		rule(IdentityRead, "viewer.identities", to(personal, itself), "nobody sees where another person signs in"),
		rule(IdentityLink, "linkIdentity", to(personal, itself), "with a sign-in at the issuer just now, and the password or a fresh session"),
		rule(IdentityUnlink, "unlinkIdentity", to(personal, itself), "the last way to sign in stays"),
		rule(IdentityKeep, "–", nil, "sign-ins at issuers, invitations taken up with them: the program itself"),
	}
}
