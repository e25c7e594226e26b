package access

import "github.com/cobuild/cobuild/internal/platform/authz"

// The actions of categories, needs, resources and the claims on them.
const (
	CategoryRead    = "category.read"
	CategoryAdd     = "category.add"
	CategoryRename  = "category.rename"
	CategoryMove    = "category.move"
	CategoryRetire  = "category.retire"
	CategoryRestore = "category.restore"
	CategorySeed    = "category.seed"

	NeedRead         = "need.read"
	NeedReadReach    = "need.readContact"
	NeedCollect      = "need.collect"
	NeedChange       = "need.change"
	NeedVerify       = "need.verify"
	NeedPublish      = "need.publish"
	NeedClaim        = "need.claim"
	NeedDecide       = "need.decideClaim"
	NeedLeave        = "need.withdrawClaim"
	NeedClose        = "need.close"
	NeedReport       = "need.reportFulfilled"
	NeedReturn       = "need.return"
	NeedConfirm      = "need.confirm"
	NeedConsent      = "need.consentToContact"
	NeedWithdraw     = "need.withdraw"
	NeedTime         = "need.time"
	ResourceRead     = "resource.read"
	ResourceDraft    = "resource.draft"
	ResourceChange   = "resource.change"
	ResourceOffer    = "resource.offer"
	ResourceClaim    = "resource.claim"
	ResourceDecide   = "resource.decideClaim"
	ResourceLeave    = "resource.withdrawClaim"
	ResourceWithdraw = "resource.withdraw"
	ResourceTime     = "resource.time"
)

// exchange is who does what with needs and resources. Who publishes is the own organisation; to whom it is shown is said by
// the object, once it is published.
func exchange() authz.Table {
	collects, leads := to(own, secretary, liaison, steward), to(own, secretary, liaison)
	shown, claimant := to(authz.Addressed, secretary, liaison), to(authz.Claiming, secretary, liaison)
	readers := join(
		collects, to(above, supervisor, auditor), to(authz.Claiming, secretary, liaison, steward),
		to(authz.Addressed, secretary, liaison, steward, member, supervisor, auditor, anyone))
	const asShown = "once published, whoever it is shown to; its own people, claimants and the bodies above always"
	return authz.Table{
		rule(CategoryRead, "categories, category, node", to(anywhere, anyone), "categories are public"),
		rule(CategoryAdd, "addCategory", to(anywhere, administrator), ""),
		rule(CategoryRename, "renameCategory", to(anywhere, administrator), ""),
		rule(CategoryMove, "moveCategory", to(anywhere, administrator), ""),
		rule(CategoryRetire, "retireCategory", to(anywhere, administrator), ""),
		rule(CategoryRestore, "restoreCategory", to(anywhere, administrator), ""),
		rule(CategorySeed, "–", nil, "the tree that comes with the program: the program itself"),

		rule(NeedRead, "needs, need, node", readers, asShown),
		rule(NeedReadReach, "need.contact", join(to(own, secretary, steward), claimant), "a claimant only with an accepted claim, and while the resident agrees"),
		rule(NeedCollect, "collectNeed", collects, ""),
		rule(NeedChange, "changeNeed", collects, "before it is published"),
		rule(NeedVerify, "verifyNeed", leads, ""),
		rule(NeedPublish, "publishNeed", leads, ""),
		rule(NeedClaim, "claimNeed", join(shown, claimant), "never the publisher"),
		rule(NeedDecide, "acceptClaim, declineClaim", leads, "of a claim that waits for it"),
		rule(NeedLeave, "withdrawClaim", claimant, "before it is reported as done"),
		rule(NeedClose, "closeNeed", leads, ""),
		rule(NeedReport, "reportNeedFulfilled", claimant, ""),
		rule(NeedReturn, "returnNeed", leads, "with a reason"),
		rule(NeedConfirm, "confirmNeed", leads, ""),
		rule(NeedConsent, "consentToContact", to(own, secretary, steward), "of a micro-wish, on the resident's word"),
		rule(NeedWithdraw, "withdrawNeed", leads, ""),
		rule(NeedTime, "–", nil, "expiry, the end of contacts, moves between jurisdictions: the program itself"),

		rule(ResourceRead, "resources, resource, node", readers, asShown),
		rule(ResourceDraft, "draftResource", leads, ""),
		rule(ResourceChange, "changeResource", leads, "before it is offered"),
		rule(ResourceOffer, "offerResource", leads, ""),
		rule(ResourceClaim, "claimResource", join(shown, claimant), "never the publisher"),
		rule(ResourceDecide, "acceptClaim, declineClaim", leads, "of a claim that waits for it"),
		rule(ResourceLeave, "withdrawClaim", claimant, ""),
		rule(ResourceWithdraw, "withdrawResource", leads, ""),
		rule(ResourceTime, "–", nil, "expiry, moves between jurisdictions: the program itself"),
	}
}
