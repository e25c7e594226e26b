package event

// Types are all types of events, as docs/events.md lists them.
func Types() []string {
	return []string{
		"contract.drafted", "contract.revised", "contract.proposed", "contract.changesRequested", "contract.agreed", "contract.declined", "contract.cancelled", "contract.opened", "contract.reopened", "contract.signed", "contract.sealed", "contract.activated", "contract.amended", "contract.moved", "contract.suspended", "contract.resumed", "contract.stepProposed", "contract.stepWithdrawn", "contract.noticeGiven", "contract.exited", "contract.terminated", "contract.completionAnnounced", "contract.completionObjected", "contract.completed", "contract.expired",
		"amendment.drafted", "amendment.revised", "amendment.proposed", "amendment.changesRequested", "amendment.agreed", "amendment.declined", "amendment.opened", "amendment.reopened", "amendment.signed", "amendment.sealed", "amendment.applied", "amendment.cancelled",
		"fulfilment.planned", "fulfilment.replanned", "fulfilment.reported", "fulfilment.accepted", "fulfilment.disputed", "fulfilment.proposed", "fulfilment.resolved", "fulfilment.overdue", "fulfilment.counted", "fulfilment.waiverAgreed", "fulfilment.waived", "fulfilment.suspended", "fulfilment.resumed", "fulfilment.receiverLeft", "fulfilment.closed",
		"appraisal.invited", "appraisal.submitted", "appraisal.missed", "appraisal.opened", "appraisal.answered", "appraisal.criteriaSet",
		"publication.proposed", "publication.agreed", "publication.published", "publication.withdrawn",
		"template.created", "template.revised", "template.retired",
		"library.created", "library.revised", "library.retired",
		"district.registered",
		"subDistrict.registered",
		"community.registered", "community.updated", "community.moved",
		"unit.registered", "unit.updated", "unit.moved",
		"key.registered", "key.revoked",
		"person.enrolled", "person.erased",
		"role.granted", "role.revoked",
		"invitation.sent", "invitation.accepted", "invitation.revoked",
		"delegation.offered", "delegation.accepted", "delegation.ended",
		"serviceAccount.created", "serviceAccount.updated", "serviceAccount.disabled", "serviceAccount.enabled", "serviceAccount.ended", "serviceAccount.apiKeyCreated", "serviceAccount.apiKeyRevoked", "serviceAccount.clientKeyAdded", "serviceAccount.clientKeyRemoved", "serviceAccount.secretRotated",
		"profile.updated",
		"webhook.created", "webhook.updated", "webhook.paused", "webhook.resumed", "webhook.suspended", "webhook.gone", "webhook.deleted", "webhook.secretRotated",
	}
}
