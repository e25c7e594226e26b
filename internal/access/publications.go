package access

import "github.com/cobuild/cobuild/internal/platform/authz"

// The actions of making contracts public.
const (
	PublicationRead     = "publication.read"
	PublicationPropose  = "publication.propose"
	PublicationAgree    = "publication.agree"
	PublicationWithdraw = "publication.withdraw"
	PublicationFollow   = "publication.follow"

	PublishedRead = "publishedContract.read"
)

func publications() authz.Table {
	speakers := []authz.Role{secretary, liaison, supervisor} // a supervisor speaks for a sub-district that is itself a party
	deciders, consenters := to(authz.Deciding, speakers...), to(authz.Consenting, speakers...)
	return authz.Table{
		rule(PublicationRead, "publication, node", join(to(party, secretary, liaison, steward, supervisor, auditor), to(former, secretary, liaison, steward, supervisor, auditor), to(above, supervisor, auditor)), "as the contract"),
		rule(PublicationPropose, "proposePublication", deciders, "of a signed contract"),
		rule(PublicationAgree, "agreeToPublication", deciders, "with the last one it is public"),
		rule(PublicationWithdraw, "withdrawPublication", join(deciders, consenters), "at any time, with effect at once; who has left the contract, its own consent"),
		rule(PublicationFollow, "–", nil, "what lists may know of a contract: the program itself"),
		rule(PublishedRead, "publishedContracts, publishedContract, node", to(anywhere, anyone), "only what every party agrees to show"),
	}
}
