package access

import "github.com/cobuild/cobuild/internal/platform/authz"

// The actions of appraising.
const (
	AppraisalRead       = "appraisal.read"
	AppraisalReadSealed = "appraisal.readSealed"
	AppraisalSubmit     = "appraisal.submit"
	AppraisalAnswer     = "appraisal.answer"
	AppraisalTime       = "appraisal.time"

	CriteriaRead = "appraisalCriteria.read"
	CriteriaSet  = "appraisalCriteria.set"

	RecordRead      = "cooperationRecord.read"
	RecordReadWhole = "cooperationRecord.readWhole"
)

const (
	appraising = authz.Appraising
	appraised  = authz.Appraised
)

func appraisals() authz.Table {
	speakers := []authz.Role{secretary, liaison, supervisor} // a supervisor speaks for a sub-district that is itself a party
	whole := join(to(own, secretary, liaison, steward, supervisor, auditor), to(above, supervisor, auditor))
	return authz.Table{
		rule(AppraisalRead, "appraisals, appraisal, node", join(to(party, secretary, liaison, steward, supervisor, auditor), to(above, supervisor, auditor)), "what it says only when it is opened; who has left the contract, its own and those of itself"),
		rule(AppraisalReadSealed, "–", to(appraising, speakers...), "what it says before it is opened, unless they speak for the appraised as well"),
		rule(AppraisalSubmit, "submitAppraisal", to(appraising, speakers...), "within its time, and never who speaks for the appraised as well"),
		rule(AppraisalAnswer, "answerAppraisal", to(appraised, speakers...), "once, when it is opened"),
		rule(AppraisalTime, "–", nil, "invitations, opening, records: the program itself"),
		rule(CriteriaRead, "appraisalCriteria, appraisalCriteriaVersions, node", to(anywhere, anyone), "by what parties are judged is public"),
		rule(CriteriaSet, "setAppraisalCriteria", to(anywhere, administrator), "for the rounds that begin later"),
		rule(RecordRead, "cooperationRecord", join(whole, to(anywhere, secretary, liaison)), "the overall figures, for whoever looks for a partner"),
		rule(RecordReadWhole, "cooperationRecord(criteria)", whole, ""),
	}
}
