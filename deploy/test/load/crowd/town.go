package crowd

import (
	"context"
	"fmt"
	"strings"
)

// Town is a community that has a contract with each of some resident units, and one with all of them. Programs of theirs
// listen.
type Town struct {
	Units []Unit
	All   *Contract // of all

	server *Server
	host   string
	key    string // of the community's program, which revises
}

// Unit is a resident unit.
type Unit struct {
	Keys []string // of its programs
	Own  *Contract

	id string
}

// Contract is one that is revised again and again.
type Contract struct{ id string }

const password = "a long password for the whole town"

// Build makes a town of so many units, each with so many programs, on a server that has nothing yet.
func Build(ctx context.Context, s *Server, units, programs int) (*Town, error) {
	if err := s.Command(ctx, password+"\n", "admin", "create", "--login", "root", "--password-stdin"); err != nil {
		return nil, err
	}
	var in struct{ Token string }
	if err := s.do(ctx, "", "signIn", "SignInInput", m{"login": "root", "password": password}, "token", &in); err != nil {
		return nil, err
	}
	w, root := &Town{server: s}, in.Token
	if err := w.found(ctx, root); err != nil {
		return nil, err
	}
	var parties []string
	for i := range units {
		u, err := w.unit(ctx, root, i, programs)
		if err != nil {
			return nil, err
		}
		if u.Own, err = w.draft(ctx, fmt.Sprint("own ", i), u.id); err != nil {
			return nil, err
		}
		w.Units, parties = append(w.Units, u), append(parties, u.id)
	}
	var err error
	w.All, err = w.draft(ctx, "all", parties...)
	return w, err
}

// found registers the community and what is above it.
func (w *Town) found(ctx context.Context, root string) error {
	var made struct {
		District, SubDistrict, Community struct{ ID string }
	}
	s := w.server
	if err := s.do(ctx, root, "registerDistrict", "RegisterDistrictInput", m{"name": "测试区"}, "district { id }", &made); err != nil {
		return err
	}
	if err := s.do(ctx, root, "registerSubDistrict", "RegisterSubDistrictInput",
		m{"district": made.District.ID, "kind": "STREET", "name": "测试街道"}, "subDistrict { id }", &made); err != nil {
		return err
	}
	if err := s.do(ctx, root, "registerCommunity", "RegisterCommunityInput",
		m{"type": "COMMERCIAL", "name": "测试社区", "subDistrict": made.SubDistrict.ID}, "community { id }", &made); err != nil {
		return err
	}
	w.host = made.Community.ID
	var err error
	w.key, err = w.program(ctx, root, w.host, "SECRETARY", "writer", "CONTRACTS_READ", "CONTRACTS_WRITE")
	return err
}

func (w *Town) unit(ctx context.Context, root string, n, programs int) (Unit, error) {
	var made struct{ ResidentUnit struct{ ID string } }
	err := w.server.do(ctx, root, "registerResidentUnit", "RegisterResidentUnitInput", m{
		"kind": "ENTERPRISE", "name": fmt.Sprint("测试单位", n), "registrations": []m{{"community": w.host}}, "creditCode": creditCode(n),
	}, "residentUnit { id }", &made)
	u := Unit{id: made.ResidentUnit.ID}
	for i := 0; err == nil && i < programs; i++ {
		var key string
		key, err = w.program(ctx, root, u.id, "LIAISON", fmt.Sprint("listener ", i), "CONTRACTS_READ")
		u.Keys = append(u.Keys, key)
	}
	return u, err
}

// program makes a service account, and gives back its API key.
func (w *Town) program(ctx context.Context, root, of, role, name string, scopes ...string) (string, error) {
	var made struct{ ServiceAccount struct{ ID string } }
	if err := w.server.do(ctx, root, "createServiceAccount", "CreateServiceAccountInput",
		m{"organisation": of, "name": name, "purpose": "load", "role": role, "scopes": scopes}, "serviceAccount { id }", &made); err != nil {
		return "", err
	}
	var key struct{ Key string }
	err := w.server.do(ctx, root, "createApiKey", "CreateApiKeyInput", m{"serviceAccount": made.ServiceAccount.ID, "name": "load"}, "key", &key)
	return key.Key, err
}

// draft begins a contract of the community with some units.
func (w *Town) draft(ctx context.Context, name string, units ...string) (*Contract, error) {
	parties, promises := []m{{"organisation": w.host, "part": "HOST"}}, []m{}
	for i, u := range units {
		parties = append(parties, m{"organisation": u, "part": "PARTNER"})
		promises = append(promises, m{"key": fmt.Sprint("m", i), "provider": u, "receivers": []string{w.host}, "action": "文艺演出", "dueOn": "2030-06-01"})
	}
	var made struct {
		Contract struct {
			ID      string
			Version int
		}
	}
	err := w.server.do(ctx, w.key, "draftContract", "DraftContractInput", m{
		"clientMutationId": "draft " + name, "title": "契约 " + name, "purpose": "测试", "parties": parties, "commitments": promises,
		"clauses": []m{{"heading": "总则", "body": "双方自愿共建。"}}, "effectiveOn": "2030-01-01", "endsOn": "2030-12-31",
	}, "contract { id version }", &made)
	return &Contract{id: made.Contract.ID}, err
}

// creditCode is the n-th unified social credit code of a region that no authority issues for, after GB 32100-2015.
func creditCode(n int) string {
	const letters = "0123456789ABCDEFGHJKLMNPQRTUWXY"
	own, sum := fmt.Sprintf("%08d", n), 0
	for i, weight := range []int{3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(own[i]-'0') * weight
	}
	code := "91000000" + own + string("0X987654321"[sum%11])
	sum = 0
	for i, weight := 0, 1; i < len(code); i, weight = i+1, weight*3%31 {
		sum += strings.IndexByte(letters, code[i]) * weight
	}
	return code + string(letters[(31-sum%31)%31])
}
