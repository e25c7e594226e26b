package notification

import "slices"

// Kind is what a notification tells of.
type Kind string

// The kinds, in the order of a contract's life.
const (
	ContractDrafted             Kind = "CONTRACT_DRAFTED"
	ContractProposed            Kind = "CONTRACT_PROPOSED"
	ContractRevised             Kind = "CONTRACT_REVISED"
	ContractChangesRequested    Kind = "CONTRACT_CHANGES_REQUESTED"
	ContractAgreed              Kind = "CONTRACT_AGREED"
	ContractDeclined            Kind = "CONTRACT_DECLINED"
	ContractCancelled           Kind = "CONTRACT_CANCELLED"
	ContractToSign              Kind = "CONTRACT_TO_SIGN"
	ContractReopened            Kind = "CONTRACT_REOPENED"
	ContractSigned              Kind = "CONTRACT_SIGNED"
	ContractSealed              Kind = "CONTRACT_SEALED"
	ContractActivated           Kind = "CONTRACT_ACTIVATED"
	ContractStepProposed        Kind = "CONTRACT_STEP_PROPOSED"
	ContractStepWithdrawn       Kind = "CONTRACT_STEP_WITHDRAWN"
	ContractSuspended           Kind = "CONTRACT_SUSPENDED"
	ContractResumed             Kind = "CONTRACT_RESUMED"
	ContractNoticeGiven         Kind = "CONTRACT_NOTICE_GIVEN"
	ContractExited              Kind = "CONTRACT_EXITED"
	ContractTerminated          Kind = "CONTRACT_TERMINATED"
	ContractCompletionAnnounced Kind = "CONTRACT_COMPLETION_ANNOUNCED"
	ContractCompletionObjected  Kind = "CONTRACT_COMPLETION_OBJECTED"
	ContractCompleted           Kind = "CONTRACT_COMPLETED"
	ContractEndsSoon            Kind = "CONTRACT_ENDS_SOON"
	ContractExpired             Kind = "CONTRACT_EXPIRED"
	ContractAmended             Kind = "CONTRACT_AMENDED"

	AmendmentProposed         Kind = "AMENDMENT_PROPOSED"
	AmendmentRevised          Kind = "AMENDMENT_REVISED"
	AmendmentChangesRequested Kind = "AMENDMENT_CHANGES_REQUESTED"
	AmendmentAgreed           Kind = "AMENDMENT_AGREED"
	AmendmentDeclined         Kind = "AMENDMENT_DECLINED"
	AmendmentToSign           Kind = "AMENDMENT_TO_SIGN"
	AmendmentReopened         Kind = "AMENDMENT_REOPENED"
	AmendmentSealed           Kind = "AMENDMENT_SEALED"
	AmendmentCancelled        Kind = "AMENDMENT_CANCELLED"

	FulfilmentDueSoon         Kind = "FULFILMENT_DUE_SOON"
	FulfilmentOverdue         Kind = "FULFILMENT_OVERDUE"
	FulfilmentReported        Kind = "FULFILMENT_REPORTED"
	FulfilmentAccepted        Kind = "FULFILMENT_ACCEPTED"
	FulfilmentDisputed        Kind = "FULFILMENT_DISPUTED"
	FulfilmentOutcomeProposed Kind = "FULFILMENT_OUTCOME_PROPOSED"
	FulfilmentResolved        Kind = "FULFILMENT_RESOLVED"
	FulfilmentWaiverAgreed    Kind = "FULFILMENT_WAIVER_AGREED"
	FulfilmentWaived          Kind = "FULFILMENT_WAIVED"

	AppraisalInvited  Kind = "APPRAISAL_INVITED"
	AppraisalOpened   Kind = "APPRAISAL_OPENED"
	AppraisalAnswered Kind = "APPRAISAL_ANSWERED"

	PublicationProposed  Kind = "PUBLICATION_PROPOSED"
	PublicationAgreed    Kind = "PUBLICATION_AGREED"
	PublicationPublished Kind = "PUBLICATION_PUBLISHED"
	PublicationWithdrawn Kind = "PUBLICATION_WITHDRAWN"

	RoleGranted Kind = "ROLE_GRANTED"
	RoleRevoked Kind = "ROLE_REVOKED"

	WebhookSuspended Kind = "WEBHOOK_SUSPENDED"
	WebhookGone      Kind = "WEBHOOK_GONE"

	NeedClaimed Kind = "NEED_CLAIMED"
	NeedClaimAccepted Kind = "NEED_CLAIM_ACCEPTED"
	NeedClaimDeclined Kind = "NEED_CLAIM_DECLINED"
	NeedClaimWithdrawn Kind = "NEED_CLAIM_WITHDRAWN"
	NeedClaimLapsed Kind = "NEED_CLAIM_LAPSED"
	NeedReported Kind = "NEED_REPORTED"
	NeedReturned Kind = "NEED_RETURNED"
	NeedConfirmed Kind = "NEED_CONFIRMED"
	NeedExpired Kind = "NEED_EXPIRED"
	ResourceClaimed Kind = "RESOURCE_CLAIMED"
	ResourceClaimAccepted Kind = "RESOURCE_CLAIM_ACCEPTED"
	ResourceClaimDeclined Kind = "RESOURCE_CLAIM_DECLINED"
	ResourceClaimWithdrawn Kind = "RESOURCE_CLAIM_WITHDRAWN"
	ResourceClaimLapsed Kind = "RESOURCE_CLAIM_LAPSED"
	ResourceExpired Kind = "RESOURCE_EXPIRED"
)

// Kinds are all of them, in that order.
func Kinds() []Kind {
	return []Kind{
		ContractDrafted, ContractProposed, ContractRevised, ContractChangesRequested, ContractAgreed, ContractDeclined, ContractCancelled,
		ContractToSign, ContractReopened, ContractSigned, ContractSealed, ContractActivated, ContractStepProposed, ContractStepWithdrawn,
		ContractSuspended, ContractResumed, ContractNoticeGiven, ContractExited, ContractTerminated, ContractCompletionAnnounced,
		ContractCompletionObjected, ContractCompleted, ContractEndsSoon, ContractExpired, ContractAmended,
		AmendmentProposed, AmendmentRevised, AmendmentChangesRequested, AmendmentAgreed, AmendmentDeclined, AmendmentToSign,
		AmendmentReopened, AmendmentSealed, AmendmentCancelled,
		FulfilmentDueSoon, FulfilmentOverdue, FulfilmentReported, FulfilmentAccepted, FulfilmentDisputed, FulfilmentOutcomeProposed,
		FulfilmentResolved, FulfilmentWaiverAgreed, FulfilmentWaived,
		AppraisalInvited, AppraisalOpened, AppraisalAnswered,
		PublicationProposed, PublicationAgreed, PublicationPublished, PublicationWithdrawn,
		RoleGranted, RoleRevoked,
		WebhookSuspended, WebhookGone,
		NeedClaimed, NeedClaimAccepted, NeedClaimDeclined, NeedClaimWithdrawn, NeedClaimLapsed, NeedReported, NeedReturned, NeedConfirmed,
		NeedExpired,
		ResourceClaimed, ResourceClaimAccepted, ResourceClaimDeclined, ResourceClaimWithdrawn, ResourceClaimLapsed, ResourceExpired,
	}
}

// Valid says whether k is one of the kinds.
func (k Kind) Valid() bool { return slices.Contains(Kinds(), k) }
