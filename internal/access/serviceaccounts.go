package access

import "github.com/cobuild/cobuild/internal/platform/authz"

// The actions of service accounts.
const (
	ServiceRead = "serviceAccount.read"
	ServiceStop = "serviceAccount.stop"
	ServiceUse  = "serviceAccount.use"
)

// ServiceGive is the action of giving an account that acts in a role what it acts with: its making, its scopes, its keys.
func ServiceGive(r authz.Role) string { return "serviceAccount.give." + string(r) }

// serviceAccounts: who gives an account power has it, or may give it to a person; who takes power away need not.
func serviceAccounts() authz.Table {
	t := authz.Table{
		rule(ServiceRead, "serviceAccounts, serviceAccount, node", join(to(own, secretary, liaison, supervisor, auditor), to(above, supervisor, auditor), to(anywhere, administrator)), "never a secret; an account itself by thisServiceAccount"),
		rule(ServiceStop, "disableServiceAccount, endServiceAccount, revokeApiKey, removeClientKey", join(to(own, secretary, liaison, supervisor), to(above, supervisor), to(anywhere, administrator)), "people alone"),
		rule(ServiceUse, "–", nil, "notes that an account was used: the program itself"),
	}
	for _, g := range []struct {
		role authz.Role
		who  []authz.Grant
	}{
		{secretary, to(own, secretary)}, {liaison, to(own, liaison)}, {supervisor, to(own, supervisor)}, {auditor, nil},
	} {
		t = append(t, rule(ServiceGive(g.role),
			"createServiceAccount, updateServiceAccount, enableServiceAccount, createApiKey, addClientKey, rotateClientSecret ("+string(g.role)+")",
			join(g.who, to(above, supervisor), to(anywhere, administrator)), "people alone, who hold that role or may grant it; never the signing right"))
	}
	return t
}
