package need

import "github.com/cobuild/cobuild/internal/platform/fault"

// The codes of this room, with the parameters of their sentences.
const (
	CodeWrongState fault.Code = "NEED_WRONG_STATE"     // status, verb
	CodeWishOf     fault.Code = "MICRO_WISH_PUBLISHER" // a community publishes micro-wishes
	CodeWishPlace  fault.Code = "MICRO_WISH_PLACE"     // it says nothing of where the resident lives
	CodeWishReach  fault.Code = "MICRO_WISH_CONTACT"   // a text holds a telephone number or an address
	CodeReach      fault.Code = "CONTACT_NOT_EXPECTED" // of a need that is no micro-wish
	CodeNoReach    fault.Code = "CONTACT_MISSING"      // there is none to agree to
	CodeNoReport   fault.Code = "NEED_NOT_REPORTED"    // nothing was reported as done
	CodeNoClaims   fault.Code = "NEED_NOT_CLAIMED"     // nobody has taken it on
)
