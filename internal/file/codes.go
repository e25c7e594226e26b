package file

import "github.com/cobuild/cobuild/internal/platform/fault"

// The codes of this room, with the parameters of their sentences.
const (
	CodeWrongState  fault.Code = "FILE_WRONG_STATE"      // status, verb
	CodeName        fault.Code = "FILE_NAME"             // characters that a path is made of, or nothing but dots
	CodeType        fault.Code = "FILE_TYPE_NOT_ALLOWED" // type, allowed
	CodeNotThatType fault.Code = "FILE_NOT_OF_TYPE"      // want, got
	CodeLarge       fault.Code = "FILE_TOO_LARGE"        // max
	CodeEmpty       fault.Code = "FILE_EMPTY"            //
	CodeDaily       fault.Code = "FILE_DAILY_LIMIT"      // files, megabytes
	CodeUploaded    fault.Code = "FILE_ALREADY_UPLOADED" //
	CodeTaken       fault.Code = "FILE_ALREADY_ATTACHED" //
	CodeNotCome     fault.Code = "FILE_NOT_READY"        // status
	CodeForeign     fault.Code = "FILE_OF_ANOTHER"       // organisation: whose it would have to be
	CodeEvidence    fault.Code = "FILE_IS_EVIDENCE"      //
	CodeNoParty     fault.Code = "FILE_OF_NO_PARTY"      //
	CodeMany        fault.Code = "FILE_TOO_MANY"         // max
	CodeOneSubject  fault.Code = "FILE_ONE_SUBJECT"      // either a contract or a project
)

// The events of this room. Each carries a Happened. Evidence is told by what it is evidence of.
const (
	ToldAttached = "file.attached" // to a contract or a project
	ToldRemoved  = "file.removed"  // from a contract or a project
)
