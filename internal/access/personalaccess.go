package access

import "github.com/cobuild/cobuild/internal/platform/authz"

// PersonErase is the action of forgetting who somebody is.
const PersonErase = "person.erase"

// The actions of the list of who read what is personal.
const (
	PersonalAccessRead = "personalAccess.read"
	PersonalAccessKeep = "personalAccess.keep"
)

func personalAccesses() authz.Table {
	return authz.Table{
		rule(PersonErase, "erasePerson", join(to(personal, itself), to(anywhere, administrator)), "people alone, with their own password; an organisation's last signer and the last administrator stay"),
		rule(PersonalAccessRead, "Viewer.personalAccesses, node", to(personal, itself), "nobody sees who has read another person's data"),
		rule(PersonalAccessKeep, "–", nil, "counts who reads what: the program itself"),
	}
}
