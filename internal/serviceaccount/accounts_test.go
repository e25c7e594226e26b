package serviceaccount_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/serviceaccount"
)

// role is somebody who might try something with an account.
type role struct {
	role authz.Role
	in   id.Organisation
}

func everybody() []role {
	all := []role{{authz.Administrator, ""}}
	for _, in := range []id.Organisation{district, street, community, unit, elsewhere} {
		for _, r := range []authz.Role{authz.Secretary, authz.Liaison, authz.GridSteward, authz.Member, authz.Supervisor, authz.Auditor} {
			all = append(all, role{r, in})
		}
	}
	return all
}

const forbidden, hidden = fault.CodeForbidden, fault.CodeNotFound

func TestWhoMayDoWhatToTheAccountOfAUnit(t *testing.T) {
	w := newWorld(t)
	// What each of those who may do something gets; everybody else does not know of the account.
	give := map[role]fault.Code{
		{authz.Liaison, unit}: "", {authz.Supervisor, street}: "", {authz.Supervisor, district}: "", {authz.Administrator, ""}: "",
		{authz.Secretary, unit}: forbidden, {authz.Supervisor, unit}: forbidden, {authz.Auditor, unit}: forbidden,
		{authz.Auditor, street}: forbidden, {authz.Auditor, district}: forbidden,
	}
	stop := map[role]fault.Code{
		{authz.Liaison, unit}: "", {authz.Supervisor, street}: "", {authz.Supervisor, district}: "", {authz.Administrator, ""}: "",
		{authz.Secretary, unit}: "", {authz.Supervisor, unit}: "", {authz.Auditor, unit}: forbidden,
		{authz.Auditor, street}: forbidden, {authz.Auditor, district}: forbidden,
	}
	change := func(a *serviceaccount.ServiceAccount) command.Change {
		return command.Change{ExpectedVersion: w.today(a).Version}
	}
	for verb, c := range map[string]struct {
		who map[role]fault.Code
		do  func(ctx context.Context, a *serviceaccount.ServiceAccount) error
	}{
		"updateServiceAccount": {give, func(ctx context.Context, a *serviceaccount.ServiceAccount) error {
			_, err := w.Update(ctx, serviceaccount.UpdateInput{Change: change(a), ID: a.ID, Name: new("another")})
			return err
		}},
		"createApiKey": {give, func(ctx context.Context, a *serviceaccount.ServiceAccount) error {
			_, err := w.CreateKey(ctx, serviceaccount.CreateKeyInput{ServiceAccount: a.ID, Name: "server"})
			return err
		}},
		"addClientKey": {give, func(ctx context.Context, a *serviceaccount.ServiceAccount) error {
			_, err := w.AddClientKey(ctx, serviceaccount.AddClientKeyInput{ServiceAccount: a.ID, Name: "server", PublicKey: newPublic(t)})
			return err
		}},
		"rotateClientSecret": {give, func(ctx context.Context, a *serviceaccount.ServiceAccount) error {
			_, err := w.Rotate(ctx, serviceaccount.RotateInput{ServiceAccount: a.ID})
			return err
		}},
		"enableServiceAccount": {give, func(ctx context.Context, a *serviceaccount.ServiceAccount) error {
			if w.today(a).Status == serviceaccount.Active {
				_, err := w.Disable(w.admin(), serviceaccount.StopInput{Change: change(a), ID: a.ID, Reason: "for a while"})
				must(t, err)
			}
			_, err := w.Enable(ctx, serviceaccount.EnableInput{Change: change(a), ID: a.ID})
			return err
		}},
		"disableServiceAccount": {stop, func(ctx context.Context, a *serviceaccount.ServiceAccount) error {
			_, err := w.Disable(ctx, serviceaccount.StopInput{Change: change(a), ID: a.ID, Reason: "for a while"})
			return err
		}},
		"endServiceAccount": {stop, func(ctx context.Context, a *serviceaccount.ServiceAccount) error {
			_, err := w.End(ctx, serviceaccount.StopInput{Change: change(a), ID: a.ID, Reason: "for good"})
			return err
		}},
		"revokeApiKey": {stop, func(ctx context.Context, a *serviceaccount.ServiceAccount) error {
			_, err := w.RevokeKey(ctx, serviceaccount.RevokeKeyInput{ID: w.today(a).APIKeys[0].ID})
			return err
		}},
		"removeClientKey": {stop, func(ctx context.Context, a *serviceaccount.ServiceAccount) error {
			_, err := w.RemoveClientKey(ctx, serviceaccount.RemoveClientKeyInput{ID: w.today(a).ClientKeys[0].ID})
			return err
		}},
		"serviceAccount": {map[role]fault.Code{
			{authz.Liaison, unit}: "", {authz.Secretary, unit}: "", {authz.Supervisor, unit}: "", {authz.Auditor, unit}: "",
			{authz.Supervisor, street}: "", {authz.Auditor, street}: "", {authz.Supervisor, district}: "", {authz.Auditor, district}: "",
			{authz.Administrator, ""}: "",
		}, func(ctx context.Context, a *serviceaccount.ServiceAccount) error {
			_, err := w.ServiceAccount(ctx, a.ID)
			return err
		}},
	} {
		t.Run(verb, func(t *testing.T) {
			for _, r := range everybody() {
				a := w.account(authz.ScopeContractsRead)
				w.key(a)
				_, err := w.AddClientKey(w.as(authz.Liaison, unit), serviceaccount.AddClientKeyInput{ServiceAccount: a.ID, Name: "server", PublicKey: newPublic(t)})
				must(t, err)
				want, known := c.who[r]
				if !known {
					want = hidden
				}
				wants(t, string(r.role)+" in "+string(r.in), c.do(w.as(r.role, r.in), a), want)
			}
		})
	}
}

func TestWhoMakesAnAccountHoldsItsRoleOrMayGrantIt(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		of  id.Organisation
		act authz.Role
		who []role
	}{
		{unit, authz.Liaison, []role{{authz.Liaison, unit}, {authz.Supervisor, street}, {authz.Supervisor, district}, {authz.Administrator, ""}}},
		{community, authz.Secretary, []role{{authz.Secretary, community}, {authz.Supervisor, street}, {authz.Supervisor, district}, {authz.Administrator, ""}}},
		{street, authz.Supervisor, []role{{authz.Supervisor, street}, {authz.Supervisor, district}, {authz.Administrator, ""}}},
		{street, authz.Auditor, []role{{authz.Supervisor, district}, {authz.Administrator, ""}}},
		{district, authz.Supervisor, []role{{authz.Supervisor, district}, {authz.Administrator, ""}}},
		{district, authz.Auditor, []role{{authz.Administrator, ""}}},
	} {
		for _, r := range everybody() {
			a, err := w.Create(w.as(r.role, r.in), serviceaccount.CreateInput{Organisation: c.of, Name: "n", Purpose: "p", Role: c.act})
			want := forbidden
			if slices.Contains(c.who, r) {
				want = ""
			}
			wants(t, string(r.role)+" in "+string(r.in)+" makes a "+string(c.act)+" of "+string(c.of), err, want)
			if err == nil && (a.Status != serviceaccount.Active || !a.ExpiresAt.Equal(noon.AddDate(1, 0, 0)) || a.CreatedBy == nil) {
				t.Errorf("made %+v", a)
			}
		}
	}
	in := serviceaccount.CreateInput{Organisation: unit, Name: "n", Purpose: "p", Role: authz.Liaison}
	_, err := w.Create(t.Context(), in)
	wants(t, "nobody", err, fault.CodeUnauthenticated)
	program := authz.Actor{Service: "sva", Scopes: []string{"PEOPLE_WRITE"}, Holdings: []authz.Holding{{Role: authz.Liaison, Organisation: unit}}}
	_, err = w.Create(authz.With(t.Context(), program), in)
	wants(t, "a program", err, authz.CodePersonNeeded)
}

func TestWhatAnAccountCannotBe(t *testing.T) {
	w := newWorld(t)
	good := serviceaccount.CreateInput{Organisation: unit, Name: "n", Purpose: "p", Role: authz.Liaison}
	for name, c := range map[string]struct {
		alter func(*serviceaccount.CreateInput)
		code  fault.Code
		path  string
	}{
		"of no organisation":       {func(i *serviceaccount.CreateInput) { i.Organisation = "unt1_none" }, fault.CodeNotFound, "organisation"},
		"a secretary of a unit":    {func(i *serviceaccount.CreateInput) { i.Role = authz.Secretary }, serviceaccount.CodeRole, "role"},
		"an administrator":         {func(i *serviceaccount.CreateInput) { i.Role = authz.Administrator }, serviceaccount.CodeRole, "role"},
		"a member":                 {func(i *serviceaccount.CreateInput) { i.Role = authz.Member }, serviceaccount.CodeRole, "role"},
		"without a name":           {func(i *serviceaccount.CreateInput) { i.Name = " " }, fault.CodeRequired, "name"},
		"without a purpose":        {func(i *serviceaccount.CreateInput) { i.Purpose = "" }, fault.CodeRequired, "purpose"},
		"of a purpose too long":    {func(i *serviceaccount.CreateInput) { i.Purpose = strings.Repeat("长", 501) }, fault.CodeTooLong, "purpose"},
		"able to sign":             {func(i *serviceaccount.CreateInput) { i.Scopes = []authz.Scope{authz.ScopeContractsSign} }, serviceaccount.CodeScope, "scopes.0"},
		"given what all have":      {func(i *serviceaccount.CreateInput) { i.Scopes = []authz.Scope{authz.ScopePublic} }, serviceaccount.CodeScope, "scopes.0"},
		"given a scope twice":      {func(i *serviceaccount.CreateInput) { i.Scopes = []authz.Scope{"PEOPLE_READ", "PEOPLE_READ"} }, fault.CodeDuplicate, "scopes.1"},
		"good for over a year":     {func(i *serviceaccount.CreateInput) { i.ExpiresAt = new(noon.AddDate(1, 0, 1)) }, serviceaccount.CodeExpiry, "expiresAt"},
		"over before it has begun": {func(i *serviceaccount.CreateInput) { i.ExpiresAt = new(noon) }, serviceaccount.CodeExpiry, "expiresAt"},
	} {
		in := good
		c.alter(&in)
		_, err := w.Create(w.admin(), in)
		if f := fault.Of(err); err == nil || f.Code != c.code || strings.Join(f.Path, ".") != c.path {
			t.Errorf("%s: got %v at %v, want %s at %s", name, err, f.Path, c.code, c.path)
		}
	}
}

func TestEveryVerbInEveryState(t *testing.T) {
	w := newWorld(t)
	for from, allowed := range map[serviceaccount.Status][]string{
		serviceaccount.Active:   {"disable", "end", "use"},
		serviceaccount.Disabled: {"enable", "end"},
		serviceaccount.Ended:    {},
	} {
		for _, verb := range []string{"disable", "enable", "end", "use"} {
			a := w.account()
			stop := serviceaccount.StopInput{Change: command.Change{ExpectedVersion: 1}, ID: a.ID, Reason: "r"}
			var err error
			switch from {
			case serviceaccount.Disabled:
				a, err = w.Disable(w.admin(), stop)
			case serviceaccount.Ended:
				a, err = w.End(w.admin(), stop)
			}
			must(t, err)
			stop.ExpectedVersion = a.Version
			switch verb {
			case "disable":
				_, err = w.Disable(w.admin(), stop)
			case "enable":
				_, err = w.Enable(w.admin(), serviceaccount.EnableInput{Change: stop.Change, ID: a.ID})
			case "end":
				_, err = w.End(w.admin(), stop)
			case "use":
				_, err = w.Rotate(w.admin(), serviceaccount.RotateInput{ServiceAccount: a.ID})
			}
			want := serviceaccount.CodeState
			if slices.Contains(allowed, verb) {
				want = ""
			}
			wants(t, verb+" when "+string(from), err, want)
		}
	}
}

func TestAnAccountIsRenewedAndNarrowed(t *testing.T) {
	w := newWorld(t)
	a := w.account(authz.ScopePeopleRead, authz.ScopeContractsRead)
	key := w.key(a)
	in := serviceaccount.UpdateInput{ID: a.ID, Scopes: []authz.Scope{authz.ScopeContractsRead}, Purpose: new("less")}
	_, err := w.Update(w.admin(), in)
	wants(t, "a stale version", err, fault.CodeConflict)
	in.ExpectedVersion = w.today(a).Version
	_, err = w.Update(w.admin(), in)
	must(t, err)
	if who, err := w.ByKey(t.Context(), key.Text); err != nil || !slices.Equal(who.Scopes, []string{"CONTRACTS_READ"}) {
		t.Errorf("narrowed to %v, %v", who.Scopes, err)
	}
	w.pass(80 * 24 * time.Hour)
	in = serviceaccount.UpdateInput{ID: a.ID, ExpiresAt: new(w.clock().AddDate(1, 0, 0))}
	in.ExpectedVersion = w.today(a).Version
	renewed, err := w.Update(w.admin(), in)
	must(t, err)
	if !renewed.ExpiresAt.Equal(noon.Add(80*24*time.Hour).AddDate(1, 0, 0)) || renewed.Purpose != "less" || len(renewed.Scopes) != 1 {
		t.Errorf("renewed: %+v", renewed)
	}
	in.ExpiresAt = new(w.clock().AddDate(2, 0, 0))
	_, err = w.Update(w.admin(), in)
	wants(t, "two years", err, serviceaccount.CodeExpiry)
}

func TestAnOrganisationsAccountsAreListedForThoseWhoMaySeeThem(t *testing.T) {
	w := newWorld(t)
	for range 3 {
		w.account()
	}
	ended := w.account()
	_, err := w.End(w.admin(), serviceaccount.StopInput{Change: command.Change{ExpectedVersion: 1}, ID: ended.ID, Reason: "r"})
	must(t, err)
	two, active := 2, serviceaccount.Active
	for name, c := range map[string]struct {
		ctx  context.Context
		want int
		code fault.Code
	}{
		"its liaison":        {w.as(authz.Liaison, unit), 4, ""},
		"a supervisor above": {w.as(authz.Supervisor, street), 4, ""},
		"an auditor above":   {w.as(authz.Auditor, district), 4, ""},
		"an administrator":   {w.admin(), 4, ""},
		"its host":           {w.as(authz.Secretary, community), 0, fault.CodeForbidden},
		"an outsider":        {w.as(authz.Liaison, elsewhere), 0, fault.CodeForbidden},
		"nobody":             {t.Context(), 0, fault.CodeUnauthenticated},
	} {
		p, err := w.ServiceAccounts(c.ctx, unit, nil, page.Args{First: &two})
		wants(t, name, err, c.code)
		if err != nil {
			continue
		}
		n, err := p.TotalCount(c.ctx)
		if err != nil || n == nil || *n != c.want || len(p.Edges) != 2 {
			t.Errorf("%s sees %v (%v), %d on a page", name, n, err, len(p.Edges))
		}
		p, err = w.ServiceAccounts(c.ctx, unit, &serviceaccount.Filter{Status: &serviceaccount.StatusChoice{Eq: &active}}, page.Args{})
		if err != nil || len(p.Edges) != 3 {
			t.Errorf("%s sees %v active ones", name, err)
		}
	}
	if all, err := w.Many(w.as(authz.Liaison, elsewhere), []id.ServiceAccount{ended.ID}); err != nil || all[0] != nil {
		t.Errorf("an outsider finds %+v (%v)", all[0], err)
	}
	_, err = w.ServiceAccounts(w.admin(), "unt1_none", nil, page.Args{})
	wants(t, "of no organisation", err, fault.CodeNotFound)
}

func TestAnAccountFollowsItsOrganisationToAnotherSupervisor(t *testing.T) {
	w := newWorld(t)
	a := w.account()
	other := id.Derived[id.Organisation](id.KindSubDistrict, "other")
	w.mu.Lock()
	f := w.facts[unit]
	f.Above = []id.Organisation{other}
	w.facts[unit] = f
	w.mu.Unlock()
	must(t, w.Resettle(t.Context(), unit))
	must(t, w.Resettle(t.Context(), unit))
	_, err := w.ServiceAccount(w.as(authz.Supervisor, street), a.ID)
	wants(t, "the supervisor of before", err, fault.CodeNotFound)
	_, err = w.ServiceAccount(w.as(authz.Supervisor, other), a.ID)
	wants(t, "the supervisor of now", err, "")
}

func TestAnOrganisationThatIsNoMoreOrNoLongerFitsEndsItsAccounts(t *testing.T) {
	w := newWorld(t)
	key := w.key(w.account())
	for name, f := range map[string]organisation.Facts{
		"gone": {}, "of another kind": {ID: unit, Kind: organisation.KindCommunity},
	} {
		w.mu.Lock()
		w.facts[unit] = f
		w.mu.Unlock()
		_, err := w.ByKey(w.from(name), key.Text)
		wants(t, name, err, fault.CodeUnauthenticated)
	}
}
