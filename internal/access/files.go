package access

import "github.com/cobuild/cobuild/internal/platform/authz"

// The actions of files.
const (
	FileRead   = "file.read"
	FileStart  = "file.start"
	FileAttach = "file.attach"
	FileRemove = "file.remove"
	FileTime   = "file.time"
)

func files() authz.Table {
	people := to(own, secretary, liaison, supervisor)
	return authz.Table{
		rule(FileRead, "files, node", join(people, to(authz.Reading, secretary, liaison, steward, supervisor, auditor)), "its people until it is attached; from then on whoever may read what it is attached to"),
		rule(FileStart, "startUpload", people, ""),
		rule(FileAttach, "attachFile, reportFulfilment", people, "a file of the organisation in whose name it is done; to a contract as a party"),
		rule(FileRemove, "removeFile", people, "never evidence"),
		rule(FileTime, "–", nil, "the coming of the bytes, expiry: the program itself"),
	}
}
