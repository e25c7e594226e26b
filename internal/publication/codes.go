package publication

import "github.com/cobuild/cobuild/internal/platform/fault"

// The codes of this room, with the parameters of their sentences.
const (
	CodeWrongState     fault.Code = "PUBLICATION_WRONG_STATE"    // status, verb
	CodeNotSigned      fault.Code = "PUBLICATION_BEFORE_SIGNING" // status: the contract's
	CodeUnchanged      fault.Code = "PUBLICATION_UNCHANGED"      // just this is proposed already
	CodeAgreed         fault.Code = "PUBLICATION_ALREADY_AGREED" // organisation
	CodeNoSay          fault.Code = "PUBLICATION_NO_SAY"         // organisation: neither the host nor a partner
	CodeAmbiguousParty fault.Code = "PARTY_AMBIGUOUS"            // organisations: for which of them?
)
