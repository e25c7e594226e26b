package access

import "github.com/cobuild/cobuild/internal/id"

// Reading is the action by which objects of a kind are read; ok is false for kinds that nothing reads by themselves.
func Reading(k id.Kind) (action string, ok bool) {
	action, ok = map[id.Kind]string{
		id.KindDistrict: DistrictRead, id.KindSubDistrict: DistrictRead, id.KindCommunity: CommunityRead, id.KindUnit: UnitRead,
		id.KindPerson: PersonReadRoles, id.KindInvitation: InvitationRead, id.KindSession: SessionRead,
		id.KindContract: ContractRead, id.KindCommitment: PlanRead, id.KindFulfilment: FulfilmentRead, id.KindAmendment: AmendmentRead,
		id.KindSigningKey: KeyRead, id.KindTemplate: TemplateRead, id.KindLibraryClause: LibraryRead,
		id.KindAppraisal: AppraisalRead, id.KindCriteria: CriteriaRead,
		id.KindPublication: PublicationRead, id.KindPublished: PublishedRead, id.KindNotification: NotificationRead,
		id.KindSecurityEntry: SecurityRead, id.KindDelegation: DelegationRead, id.KindServiceAccount: ServiceRead,
		id.KindProfile:        ProfileRead,
		id.KindPersonalAccess: PersonalAccessRead,

		id.KindWebhook: WebhookRead,
		id.KindFile:    FileRead,
		id.KindBulkJob: BulkRead,

		id.KindCategoryTree: CategoryRead, id.KindCategory: CategoryRead,
		id.KindNeed: NeedRead, id.KindNeedClaim: NeedRead, id.KindResource: ResourceRead, id.KindResourceClaim: ResourceRead,
	}[k]
	return action, ok
}
