package project

import "github.com/cobuild/cobuild/internal/platform/fault"

// The codes of this room, with the parameters of their sentences.
const (
	CodeWrongState    fault.Code = "PROJECT_WRONG_STATE"       // status, verb
	CodeNotParty      fault.Code = "PROJECT_NOT_A_PARTY"       // organisation: no party of the contract
	CodeContractOver  fault.Code = "PROJECT_CONTRACT_OVER"     // status
	CodeLeadIsPartner fault.Code = "PROJECT_LEAD_IS_PARTNER"   //
	CodeLeadStays     fault.Code = "PROJECT_LEAD_STAYS"        // who leads does not leave
	CodeNotPartner    fault.Code = "PROJECT_NOT_A_PARTNER"     // organisation
	CodeUnknown       fault.Code = "PROJECT_ORGANISATION"      // organisation: there is none
	CodeNotCommunity  fault.Code = "PROJECT_NOT_A_COMMUNITY"   // secretary-led projects are communities'
	CodeAmbiguous     fault.Code = "PROJECT_PARTY_AMBIGUOUS"   // organisations
	CodeEndsFirst     fault.Code = "PROJECT_ENDS_BEFORE_START" // from, to
	CodeCurrency      fault.Code = "CURRENCY_UNKNOWN"          // value
	CodeCurrencyMix   fault.Code = "CURRENCY_MIX"              // currency, value
	CodeDecimals      fault.Code = "CURRENCY_DECIMALS"         // currency, decimals
	CodeNoSuchPart    fault.Code = "PROJECT_PART_UNKNOWN"      // key
	CodeMilestoneDone fault.Code = "MILESTONE_DONE"            // key
	CodeVoided        fault.Code = "SPENDING_VOIDED"           // key
	CodeFuture        fault.Code = "PROJECT_DAY_IN_FUTURE"     // today
	CodeOwnProject    fault.Code = "OWN_PROJECT"               // organisation: whoever takes part does not judge
	CodeAgreed        fault.Code = "PROJECT_AGREED"            // organisation: who changes it since it approved
	CodeNoTemplate    fault.Code = "PROJECT_WITHOUT_TEMPLATE"  //
	CodeOnePatch      fault.Code = "PATCH_ONE_OF_TWO"          //
	CodeRecordFilter  fault.Code = "RECORD_FILTER_TEMPLATE"    // a filter by record names one template
	CodeOrderPath     fault.Code = "RECORD_ORDER_PATH"         // an order by record names a field

	CodeTemplateDraft   fault.Code = "PROJECT_TEMPLATE_DRAFT"       // nothing is published yet
	CodeTemplateRetired fault.Code = "PROJECT_TEMPLATE_RETIRED"     //
	CodeTemplateUnfit   fault.Code = "PROJECT_TEMPLATE_UNFIT"       // type: for other types of communities
	CodeTemplateElse    fault.Code = "PROJECT_TEMPLATE_ELSEWHERE"   // owner
	CodeNothingDrafted  fault.Code = "PROJECT_TEMPLATE_NO_DRAFT"    //
	CodeTooManyFields   fault.Code = "PROJECT_TEMPLATE_FIELDS_FULL" // max
	CodeVersionUnknown  fault.Code = "PROJECT_TEMPLATE_VERSION"     // version, latest
	CodeWidget          fault.Code = "FORM_WIDGET_UNFIT"            // path, widget, got
	CodeFirstSteps      fault.Code = "MIGRATION_OF_FIRST_VERSION"   //

	CodeMigrating     fault.Code = "MIGRATION_UNDER_WAY" // migration
	CodeMigrationOver fault.Code = "MIGRATION_OVER"      // status
)
