package access

import "github.com/cobuild/cobuild/internal/platform/authz"

// The actions of a contract in force.
const (
	ContractSuspend      = "contract.suspend"
	ContractResume       = "contract.resume"
	ContractTerminate    = "contract.terminate"
	ContractWithdrawStep = "contract.withdrawStep"
	ContractNotice       = "contract.giveNotice"
	ContractComplete     = "contract.complete"
	ContractObject       = "contract.object"
	ContractRenew        = "contract.renew"
	FulfilmentWaive      = "fulfilment.waive"
)

// contractReaders read a contract and all that hangs on it. Who had signed it and has left goes on reading it.
func contractReaders() []authz.Grant {
	return join(
		to(party, secretary, liaison, steward, supervisor, auditor), to(above, supervisor, auditor),
		to(former, secretary, liaison, steward, supervisor, auditor))
}

// inForce is what is done to a contract from its first day on.
func inForce() authz.Table {
	parties := to(party, secretary, liaison, supervisor)
	together := join(parties, to(above, supervisor))
	const consent = "every host and partner consents; or a supervising body at once, with a reason"
	return authz.Table{
		rule(ContractSuspend, "suspendContract", together, consent),
		rule(ContractResume, "resumeContract", together, consent),
		rule(ContractTerminate, "terminateContract", together, consent),
		rule(ContractWithdrawStep, "withdrawContractStep", parties, "any party that has consented to it"),
		rule(ContractNotice, "giveContractNotice", parties, "once for each party"),
		rule(ContractComplete, "completeContract", to(hosting, secretary), "when nothing is open"),
		rule(ContractObject, "objectToCompletion", parties, "any partner, within 7 days"),
		rule(ContractRenew, "renewContract", to(party, secretary, liaison), "any host or partner that has not left; once"),
		rule(FulfilmentWaive, "waiveFulfilment", to(receiving, secretary, liaison), "every receiver consents; never the provider"),
	}
}
