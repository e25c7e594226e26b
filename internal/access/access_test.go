package access_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
)

type thing map[authz.Relation][]id.Organisation

func (t thing) Stand(r authz.Relation) []id.Organisation { return t[r] }

func TestWhatIsNotListedIsDenied(t *testing.T) {
	all := authz.Actor{Person: "p"}
	for _, r := range []authz.Role{authz.Secretary, authz.Liaison, authz.GridSteward, authz.Member, authz.Supervisor, authz.Auditor, authz.Administrator} {
		all.Holdings = append(all.Holdings, authz.Holding{Role: r, Organisation: "o", Signing: true})
	}
	everything := thing{}
	for _, rel := range []authz.Relation{authz.Own, authz.Above, authz.Hosting, authz.Drafting, authz.Partying, authz.Providing, authz.Receiving} {
		everything[rel] = []id.Organisation{"o"}
	}
	for _, action := range []string{"", "contract", "contract.SIGN", "contract.erase", "role.grant.KING"} {
		if access.Table().Allows(all, action, everything) || access.Table().Allows(authz.System(), action, everything) {
			t.Errorf("%q is allowed though no rule lists it", action)
		}
	}
}

func TestEachActionIsListedOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range access.Table() {
		if seen[r.Action] || r.Says == "" {
			t.Errorf("%q is listed twice or has no verb", r.Action)
		}
		seen[r.Action] = true
	}
}

func TestARoleCountsOnlyByItsOwnOrganisation(t *testing.T) {
	contract := thing{authz.Hosting: {"host"}, authz.Partying: {"host", "unit"}, authz.Above: {"street"}}
	for _, tt := range []struct {
		role   authz.Role
		in     id.Organisation
		sign   bool
		action string
		want   bool
	}{
		{authz.Secretary, "host", true, access.ContractSign, true},
		{authz.Secretary, "host", false, access.ContractSign, false},
		{authz.Secretary, "other", true, access.ContractSign, false},
		{authz.Liaison, "unit", false, access.ContractOpen, false},
		{authz.Secretary, "host", false, access.ContractOpen, true},
		{authz.Member, "unit", false, access.ContractRead, false},
		{authz.Supervisor, "street", false, access.ContractRead, true},
		{authz.Supervisor, "street", false, access.ContractAgree, false},
		{authz.Auditor, "street", false, access.ContractRead, true},
		{authz.Administrator, "", false, access.ContractRead, false},
	} {
		a := authz.Actor{Person: "p", Holdings: []authz.Holding{{Role: tt.role, Organisation: tt.in, Signing: tt.sign}}}
		if got := access.Table().Allows(a, tt.action, contract); got != tt.want {
			t.Errorf("%s in %q, signing %v: %s is %v", tt.role, tt.in, tt.sign, tt.action, got)
		}
	}
}

func TestThePrintedTableIsTheTable(t *testing.T) {
	var b bytes.Buffer
	if err := access.Print(&b); err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile("../../docs/permissions.md")
	if err != nil || !bytes.Equal(kept, b.Bytes()) {
		t.Fatalf("docs/permissions.md is not what the table says (%v): run make generate", err)
	}
}
