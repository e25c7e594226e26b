package template

import "github.com/cobuild/cobuild/internal/platform/fault"

// The codes of this room, with the parameters of their sentences.
const (
	CodeRetired        fault.Code = "TEMPLATE_RETIRED"             //
	CodeClauseRetired  fault.Code = "LIBRARY_CLAUSE_RETIRED"       //
	CodeUnknownVersion fault.Code = "TEXT_VERSION_UNKNOWN"         // version, latest
	CodeUnfit          fault.Code = "TEMPLATE_UNFIT"               // kind: made for other communities or units
	CodeElsewhere      fault.Code = "TEMPLATE_OF_ANOTHER_PLACE"    // owner
	CodeRoleMissing    fault.Code = "TEMPLATE_ROLE_MISSING"        // role: no partner is named for it
	CodeRoleUnknown    fault.Code = "TEMPLATE_ROLE_UNKNOWN"        // role, roles
	CodePlaceholder    fault.Code = "TEMPLATE_PLACEHOLDER_UNKNOWN" // name, names
	CodeUnchangedText  fault.Code = "TEMPLATE_UNCHANGED"           // the revision says what the text says already
	CodeClauseTwoWays  fault.Code = "TEMPLATE_CLAUSE_TWO_WAYS"     // a clause is written out or taken from the library
	CodeNotCommunity   fault.Code = "TEMPLATE_HOST_NOT_COMMUNITY"  //
	CodeNoSupervision  fault.Code = "OWNER_NOT_SUPERVISING"        // of a kind that keeps no such texts
	CodeLanguage       fault.Code = "TEMPLATE_LANGUAGE"            // language: not one of the two
	CodeOwnReceiver    fault.Code = "TEMPLATE_PROVIDER_RECEIVES"   // role
	CodeWhen           fault.Code = "TEMPLATE_COMMITMENT_TIME"     // just one of recurrence, dueAfterDays, standing
	CodeUnitNoQuantity fault.Code = "UNIT_WITHOUT_QUANTITY"        //
)
