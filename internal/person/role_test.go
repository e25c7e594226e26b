package person_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/person"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
)

var roles = []authz.Role{
	authz.Secretary, authz.Liaison, authz.GridSteward, authz.Member, authz.Supervisor, authz.Auditor, authz.Administrator,
}

func TestEveryRoleFitsItsKindOfOrganisation(t *testing.T) {
	w := newWorld(t)
	w.has("boss", at("", authz.Administrator))
	boss := w.as("boss")
	who := w.has("li.wei")
	fits := map[authz.Role][]id.Organisation{
		authz.Secretary:   {community, elsewhere},
		authz.GridSteward: {community, elsewhere},
		authz.Liaison:     {unit},
		authz.Supervisor:  {street, district},
		authz.Auditor:     {street, district},
		authz.Member:      {community, elsewhere, unit, street, district},
	}
	for _, role := range append(roles, authz.Signer, authz.Anyone, "", "KING") {
		for _, in := range []id.Organisation{community, elsewhere, unit, street, district, "", "com1_nowhere"} {
			input := person.GrantRoleInput{Person: who.ID, Role: role}
			if in != "" {
				input.Organisation = &in
			}
			_, err := w.people.GrantRole(boss, input)
			name := fmt.Sprintf("%s in %s", role, in)
			switch {
			case in == "com1_nowhere":
				wants(t, name, err, fault.CodeNotFound, "organisation")
			case in == "" && role != authz.Administrator:
				wants(t, name, err, fault.CodeRequired, "organisation")
			case slices.Contains(fits[role], in), in == "" && role == authz.Administrator:
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
			default:
				wants(t, name, err, person.CodeRoleUnfit, "role")
			}
		}
	}
	for _, role := range roles {
		_, err := w.people.GrantRole(boss, person.GrantRoleInput{Person: who.ID, Role: role, Organisation: place(role), Signing: new(true)})
		if can := role == authz.Secretary || role == authz.Liaison || role == authz.Supervisor; can != (err == nil) {
			t.Errorf("%s with the signing right: %v", role, err)
		}
	}
}

// place is where a role can be held.
func place(r authz.Role) *id.Organisation {
	switch r {
	case authz.Administrator:
		return nil
	case authz.Liaison:
		return &unit
	case authz.Supervisor, authz.Auditor:
		return &street
	}
	return &community
}

func TestWhoMayGrantWhichRole(t *testing.T) {
	w := newWorld(t)
	w.has("administrator", at("", authz.Administrator))
	w.has("district", at(district, authz.Supervisor))
	w.has("supervisor", at(street, authz.Supervisor))
	w.has("auditor", at(street, authz.Auditor))
	w.has("secretary", at(community, authz.Secretary, true))
	w.has("liaison", at(unit, authz.Liaison, true))
	w.has("member", at(community, authz.Member), at(unit, authz.Member))
	w.has("outsider", at(elsewhere, authz.Secretary, true))
	may := map[authz.Role][]string{
		authz.Secretary:     {"administrator", "district", "supervisor"},
		authz.Liaison:       {"administrator", "district", "supervisor", "liaison"}, // a host gives the first one alone
		authz.GridSteward:   {"administrator", "district", "supervisor", "secretary"},
		authz.Member:        {"administrator", "district", "supervisor", "secretary"},
		authz.Supervisor:    {"administrator", "district"},
		authz.Auditor:       {"administrator", "district"},
		authz.Administrator: {"administrator"},
	}
	for _, role := range roles {
		for _, login := range []string{"administrator", "district", "supervisor", "auditor", "secretary", "liaison", "member", "outsider"} {
			in := person.InvitePersonInput{Role: role, Organisation: place(role)}
			_, err := w.people.InvitePerson(w.as(login), in)
			refused := fault.Is(err, fault.CodeForbidden) || fault.Is(err, person.CodeHasLiaison)
			if allowed := slices.Contains(may[role], login); allowed && err != nil || !allowed && !refused {
				t.Errorf("%s invites a %s: %v", login, role, err)
			}
		}
		_, err := w.people.InvitePerson(w.ctx, person.InvitePersonInput{Role: role, Organisation: place(role)})
		wants(t, "nobody invites", err, fault.CodeUnauthenticated)
	}
}

func TestAHostAppointsAUnitsFirstLiaisonAlone(t *testing.T) {
	w := newWorld(t)
	w.has("secretary", at(community, authz.Secretary))
	invite := func(login string) error {
		_, err := w.people.InvitePerson(w.as(login), person.InvitePersonInput{Role: authz.Liaison, Organisation: &unit})
		return err
	}
	if err := invite("secretary"); err != nil {
		t.Fatalf("the first one: %v", err)
	}
	w.has("liaison", at(unit, authz.Liaison))
	wants(t, "another one by the host", invite("secretary"), person.CodeHasLiaison, "organisation")
	if err := invite("liaison"); err != nil {
		t.Errorf("another one by the unit: %v", err)
	}
}

func TestNobodyGivesThemselvesARole(t *testing.T) {
	w := newWorld(t)
	host := w.has("secretary", at(community, authz.Secretary))
	_, err := w.people.GrantRole(w.as("secretary"), person.GrantRoleInput{Person: host.ID, Role: authz.Liaison, Organisation: &unit})
	wants(t, "a host's secretary in a unit", err, person.CodeRoleToOneself, "person")
	sent, err := w.people.InvitePerson(w.as("secretary"), person.InvitePersonInput{Role: authz.Liaison, Organisation: &unit})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.people.AcceptInvitation(w.as("secretary"), person.AcceptInvitationInput{Code: sent.Code})
	wants(t, "by an invitation of their own", err, person.CodeRoleToOneself, "code")
	ops := w.has("administrator", at("", authz.Administrator))
	_, err = w.people.GrantRole(w.as("administrator"), person.GrantRoleInput{Person: ops.ID, Role: authz.Auditor, Organisation: &district})
	wants(t, "an administrator an auditor", err, person.CodeRoleToOneself, "person")
}

func TestNobodyExtendsTheirOwnSigningRight(t *testing.T) {
	w := newWorld(t)
	su := w.has("supervisor", at(street, authz.Supervisor))
	li := w.has("liaison", at(unit, authz.Liaison))
	colleague := w.has("colleague", at(unit, authz.Member))
	_, err := w.people.GrantRole(w.as("supervisor"), person.GrantRoleInput{Person: su.ID, Role: authz.Secretary, Organisation: &community, Signing: new(true)})
	wants(t, "a supervisor to themself", err, person.CodeSigningOwn, "signing")
	_, err = w.people.GrantRole(w.as("liaison"), person.GrantRoleInput{Person: li.ID, Role: authz.Liaison, Organisation: &unit, Signing: new(true)})
	wants(t, "a liaison to themself", err, person.CodeSigningOwn, "signing")
	_, err = w.people.GrantRole(w.as("liaison"), person.GrantRoleInput{Person: colleague.ID, Role: authz.Liaison, Organisation: &unit, Signing: new(true)})
	wants(t, "a liaison without the right to a colleague", err, person.CodeSigningLent, "signing")
	sent, err := w.people.InvitePerson(w.as("supervisor"), person.InvitePersonInput{Role: authz.Secretary, Organisation: &community, Signing: new(true)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.people.AcceptInvitation(w.as("supervisor"), person.AcceptInvitationInput{Code: sent.Code})
	wants(t, "by an invitation to themself", err, person.CodeSigningOwn, "code")
	p, err := w.people.GrantRole(w.as("supervisor"), person.GrantRoleInput{Person: li.ID, Role: authz.Liaison, Organisation: &unit, Signing: new(true)})
	if err != nil || len(p.Roles) != 2 {
		t.Fatalf("from above: %v, %v", p, err)
	}
	if _, err := w.people.GrantRole(w.as("liaison"), person.GrantRoleInput{Person: colleague.ID, Role: authz.Liaison, Organisation: &unit, Signing: new(true)}); err != nil {
		t.Errorf("a liaison with the right to a colleague: %v", err)
	}
}

func TestAHostDoesNotGiveItsUnitASigner(t *testing.T) {
	w := newWorld(t)
	w.has("secretary", at(community, authz.Secretary, true))
	colleague := w.has("colleague", at(unit, authz.Member))
	_, err := w.people.GrantRole(w.as("secretary"), person.GrantRoleInput{Person: colleague.ID, Role: authz.Liaison, Organisation: &unit, Signing: new(true)})
	if err == nil {
		t.Error("a host's secretary granted the signing right of the other side")
	}
	_, err = w.people.InvitePerson(w.as("secretary"), person.InvitePersonInput{Role: authz.Liaison, Organisation: &unit, Signing: new(true)})
	wants(t, "the host's secretary invites a signer", err, person.CodeSigningLent, "signing")
	if _, err = w.people.InvitePerson(w.as("secretary"), person.InvitePersonInput{Role: authz.Liaison, Organisation: &unit}); err != nil {
		t.Errorf("a liaison without the signing right: %v", err)
	}
}

func TestARoleIsHeldOnceAtATime(t *testing.T) {
	w := newWorld(t)
	w.has("boss", at("", authz.Administrator))
	boss := w.as("boss")
	li := w.has("li.wei")
	hour := func(n int) *time.Time { return new(noon.Add(time.Duration(n) * time.Hour)) }
	for i, tt := range []struct {
		from, until *time.Time
		signing     bool
		code        fault.Code
	}{
		{hour(2), hour(4), false, ""},
		{hour(3), hour(5), false, person.CodeRoleHeld},
		{hour(1), nil, false, person.CodeRoleHeld},
		{nil, hour(3), false, person.CodeRoleHeld},
		{hour(4), hour(6), false, ""},
		{nil, hour(2), false, ""},
		{hour(3), hour(5), true, ""}, // adds the signing right
		{hour(3), hour(4), true, person.CodeRoleHeld},
		{hour(7), hour(7), false, person.CodeValidity},
		{hour(8), hour(7), false, person.CodeValidity},
		{hour(-2), hour(-1), false, person.CodeValidity},
		{hour(6), nil, false, ""},
	} {
		_, err := w.people.GrantRole(boss, person.GrantRoleInput{
			Person: li.ID, Role: authz.Secretary, Organisation: &community, From: tt.from, Until: tt.until, Signing: &tt.signing,
		})
		if tt.code == "" && err != nil || tt.code != "" && !fault.Is(err, tt.code) {
			t.Errorf("%d: got %v, want %q", i, err, tt.code)
		}
	}
}

func TestARevokedRoleIsGoneAtTheNextRequest(t *testing.T) {
	w := newWorld(t)
	w.has("supervisor", at(street, authz.Supervisor))
	p := w.has("secretary", at(community, authz.Secretary, true))
	w.has("liaison", at(unit, authz.Liaison))
	w.has("outsider", at(elsewhere, authz.Secretary))
	in, err := w.people.SignIn(w.ctx, person.SignInInput{Login: "secretary", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	role := person.RevokeRoleInput{Role: p.Roles[0].ID}
	_, err = w.people.RevokeRole(w.as("outsider"), role)
	wants(t, "by an outsider", err, fault.CodeNotFound, "role")
	_, err = w.people.RevokeRole(w.ctx, role)
	wants(t, "by nobody", err, fault.CodeUnauthenticated)
	_, err = w.people.RevokeRole(w.as("supervisor"), person.RevokeRoleInput{Role: role.Role + "x"})
	wants(t, "of no role", err, fault.CodeNotFound, "role")
	_, err = w.people.RevokeRole(w.as("supervisor"), person.RevokeRoleInput{Role: id.Role(p.ID)})
	wants(t, "of what is no role", err, fault.CodeWrongID, "role")
	stale := role
	stale.ExpectedVersion = new(p.Version + 1)
	_, err = w.people.RevokeRole(w.as("supervisor"), stale)
	wants(t, "of another version", err, fault.CodeConflict, "expectedVersion")
	ctx, once := named(w.as("supervisor"), "input")
	after, err := w.people.RevokeRole(ctx, role)
	if err != nil || after.LoginName != nil {
		t.Fatalf("got %+v, %v", after, err)
	}
	if a, err := w.actor(in); err != nil || len(a.Holdings) != 0 {
		t.Errorf("the next request has %v, %v", a.Holdings, err)
	}
	if _, err := w.people.RevokeRole(ctx, role); err != nil || !once.Replayed {
		t.Errorf("a repeat: %v", err)
	}
	_, err = w.people.RevokeRole(w.as("supervisor"), role)
	wants(t, "twice", err, person.CodeRoleEnded, "role")
	me := w.has("wang.fang", at(unit, authz.Member))
	if _, err := w.people.RevokeRole(w.as("wang.fang"), person.RevokeRoleInput{Role: me.Roles[0].ID}); err != nil {
		t.Errorf("one's own: %v", err)
	}
}

// A client may use its name of a mutation again once that is forgotten: what it makes then is another role.
func TestARoleGrantedUnderANameOfLongAgoIsRevokedAlone(t *testing.T) {
	w := newWorld(t)
	w.has("supervisor", at(street, authz.Supervisor))
	who := w.has("wang.fang", at(unit, authz.Member))
	grant := func(role authz.Role, where id.Organisation) (*person.Person, bool) {
		t.Helper()
		ctx, once := named(w.as("supervisor"), string(role))
		p, err := w.people.GrantRole(ctx, person.GrantRoleInput{Person: who.ID, Role: role, Organisation: &where})
		if err != nil {
			t.Fatal(err)
		}
		return p, once.Replayed
	}
	grant(authz.Secretary, community)
	if p, again := grant(authz.Secretary, community); !again || len(p.Roles) != 2 {
		t.Fatalf("sent again: %v, %+v", again, p.Roles)
	}
	w.pass(store.RememberFor + time.Hour)
	other := store.WithOnce(w.as("supervisor"), store.NewOnce("supervisor", "other", nil)) // it lets go of names that are too old
	if _, err := w.people.GrantRole(other, person.GrantRoleInput{Person: who.ID, Role: authz.Member, Organisation: new(community)}); err != nil {
		t.Fatal(err)
	}
	p, again := grant(authz.Liaison, unit)
	if again || len(p.Roles) != 4 || p.Roles[1].ID == p.Roles[3].ID {
		t.Fatalf("used again: %v, %+v", again, p.Roles)
	}
	for n, role := range p.Roles[1:] {
		p, err := w.people.RevokeRole(w.as("supervisor"), person.RevokeRoleInput{Role: role.ID})
		if err != nil {
			t.Fatalf("role %d: %v", n, err)
		}
		for m, h := range p.Roles[1:] {
			if gone := h.RevokedAt != nil; gone != (m <= n) {
				t.Errorf("after revoking %d, role %d is gone: %v", n, m, gone)
			}
		}
	}
}

func TestTheLastAdministratorStays(t *testing.T) {
	w := newWorld(t)
	_, err := w.people.CreateAdministrator(w.ctx, "first", "First", "short")
	wants(t, "a short password", err, fault.CodeTooShort, "password")
	first, err := w.people.CreateAdministrator(w.ctx, "first", "First", password)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.people.CreateAdministrator(w.ctx, "First", "Again", password)
	wants(t, "the same login name", err, fault.CodeTaken, "loginName")
	_, err = w.people.RevokeRole(w.as("first"), person.RevokeRoleInput{Role: first.Roles[0].ID})
	wants(t, "the only one", err, person.CodeLastAdministrator)
	temporary := w.has("temporary")
	if _, err := w.people.GrantRole(w.as("first"), person.GrantRoleInput{Person: temporary.ID, Role: authz.Administrator, Until: new(noon.Add(time.Hour))}); err != nil {
		t.Fatal(err)
	}
	_, err = w.people.RevokeRole(w.as("first"), person.RevokeRoleInput{Role: first.Roles[0].ID})
	wants(t, "the only one without an end", err, person.CodeLastAdministrator)
}

func TestAdministratorsWhoDismissEachOtherAtOnceLeaveOne(t *testing.T) {
	w := newWorld(t)
	const n = 6
	var all []*person.Person
	for i := range n {
		p, err := w.people.CreateAdministrator(w.ctx, fmt.Sprintf("admin%d", i), "A", password)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	var wg sync.WaitGroup
	for i := range n {
		ctx := w.as(fmt.Sprintf("admin%d", i))
		for j := range n {
			wg.Go(func() { _, _ = w.people.RevokeRole(ctx, person.RevokeRoleInput{Role: all[j].Roles[0].ID}) })
		}
	}
	wg.Wait()
	left := 0
	for i := range n {
		if authz.From(w.as(fmt.Sprintf("admin%d", i))).Holds(authz.Administrator, "") {
			left++
		}
	}
	if left != 1 {
		t.Errorf("%d administrators are left", left)
	}
}

func TestOthersSeeANameAndTheRolesTheyMayKnowOf(t *testing.T) {
	w := newWorld(t)
	w.has("secretary", at(community, authz.Secretary))
	w.has("outsider", at(elsewhere, authz.Secretary))
	w.has("supervisor", at(street, authz.Supervisor))
	w.has("boss", at("", authz.Administrator))
	p := w.has("li.wei", at(community, authz.Member), at(elsewhere, authz.GridSteward))
	for login, n := range map[string]int{"secretary": 1, "outsider": 1, "supervisor": 1, "boss": 2, "li.wei": 2} {
		got, err := w.people.Person(w.as(login), p.ID)
		if err != nil {
			t.Errorf("%s: %v", login, err)
			continue
		}
		if len(got.Roles) != n || got.PasswordHash != "" || (got.LoginName != nil) != (login == "li.wei") || (got.Language != nil) != (login == "li.wei") {
			t.Errorf("%s sees %+v", login, got)
		}
		if login != "li.wei" && got.Organisations != nil {
			t.Errorf("%s sees the organisations %v", login, got.Organisations)
		}
	}
	w.has("liaison", at(unit, authz.Liaison))
	_, err := w.people.Person(w.as("liaison"), p.ID)
	wants(t, "a liaison", err, fault.CodeNotFound)
	if got, err := w.people.Many(w.as("liaison"), []id.Person{p.ID}); err != nil || got[0] != nil {
		t.Errorf("a liaison, among many: %v, %v", got, err)
	}
	if me, err := w.people.Viewer(w.as("li.wei")); err != nil || me.ID != p.ID {
		t.Errorf("the viewer is %v, %v", me, err)
	}
	if me, err := w.people.Viewer(w.ctx); err != nil || me != nil {
		t.Errorf("the viewer is %v, %v", me, err)
	}
}

func TestTheListOfPeopleIsForThoseWhoMaySeeThem(t *testing.T) {
	w := newWorld(t)
	w.has("secretary", at(community, authz.Secretary))
	w.has("supervisor", at(street, authz.Supervisor))
	w.has("auditor", at(district, authz.Auditor))
	w.has("liaison", at(unit, authz.Liaison))
	w.has("member", at(community, authz.Member))
	w.has("boss", at("", authz.Administrator))
	for i := range 5 {
		w.has(fmt.Sprintf("steward%d", i), at(community, authz.GridSteward), at(elsewhere, authz.Member))
	}
	for login, want := range map[string]int{"secretary": 7, "supervisor": 7, "auditor": 7, "boss": 7, "liaison": -1, "member": -1} {
		c, err := w.people.People(w.as(login), community, nil, page.Args{})
		if want < 0 {
			wants(t, login, err, fault.CodeForbidden)
			continue
		}
		if err != nil || len(c.Edges) != want {
			t.Errorf("%s: %v", login, err)
			continue
		}
		if n, err := c.TotalCount(w.as(login)); err != nil || n == nil || *n != want {
			t.Errorf("%s counts %v, %v", login, n, err)
		}
	}
	_, err := w.people.People(w.ctx, community, nil, page.Args{})
	wants(t, "nobody", err, fault.CodeUnauthenticated)
	// That stewards are members elsewhere is not for the secretary of this community to find out.
	_, err = w.people.People(w.as("secretary"), elsewhere, nil, page.Args{})
	wants(t, "elsewhere", err, fault.CodeForbidden)

	ctx := w.as("secretary")
	stewards := &person.Filter{Role: &person.RoleChoice{Eq: new(authz.GridSteward)}}
	var names []string
	var after *string
	for {
		c, err := w.people.People(ctx, community, stewards, page.Args{First: new(2), After: after})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range c.Nodes() {
			names = append(names, p.Name.Clear())
		}
		if after = c.PageInfo.EndCursor; !c.PageInfo.HasNextPage {
			break
		}
	}
	slices.Sort(names)
	if len(slices.Compact(names)) != 5 {
		t.Errorf("page by page: %v", names)
	}
	_, err = w.people.People(ctx, community, nil, page.Args{After: after})
	wants(t, "the cursor of another list", err, fault.CodeBadCursor)
}

func TestARoleThatEndsByTimeLeavesTheList(t *testing.T) {
	w := newWorld(t)
	w.has("boss", at("", authz.Administrator))
	li := w.has("li.wei")
	if _, err := w.people.GrantRole(w.as("boss"), person.GrantRoleInput{Person: li.ID, Role: authz.Member, Organisation: &community, Until: new(noon.Add(time.Hour))}); err != nil {
		t.Fatal(err)
	}
	count := func() int {
		c, err := w.people.People(w.as("boss"), community, nil, page.Args{})
		if err != nil {
			t.Fatal(err)
		}
		return len(c.Edges)
	}
	if n, err := w.people.Tick(w.ctx, w.clock()); n != 0 || err != nil || count() != 1 {
		t.Errorf("before: %d, %v", n, err)
	}
	w.pass(time.Hour)
	if n, err := w.people.Tick(w.ctx, w.clock()); n != 1 || err != nil || count() != 0 {
		t.Errorf("after: %d, %v", n, err)
	}
	if n, err := w.people.Tick(w.ctx, w.clock()); n != 0 || err != nil {
		t.Errorf("again: %d, %v", n, err)
	}
}

func TestWhenACommunityMovesItsPeopleAreSeenFromItsNewPlace(t *testing.T) {
	w := newWorld(t)
	p := w.has("li.wei", at(community, authz.Member))
	w.has("old", at(street, authz.Supervisor))
	w.has("new", at(otherSub, authz.Supervisor))
	w.has("boss", at("", authz.Administrator))
	if _, err := w.people.InvitePerson(w.as("old"), person.InvitePersonInput{Role: authz.Member, Organisation: &community}); err != nil {
		t.Fatal(err)
	}
	w.mu.Lock()
	f := w.facts[community]
	f.Above = []id.Organisation{otherSub, district}
	w.facts[community] = f
	w.mu.Unlock()
	if err := w.people.Resettle(w.ctx, community); err != nil {
		t.Fatal(err)
	}
	_, err := w.people.Person(w.as("old"), p.ID)
	wants(t, "the old supervisor", err, fault.CodeNotFound)
	if _, err := w.people.Person(w.as("new"), p.ID); err != nil {
		t.Errorf("the new supervisor: %v", err)
	}
	for login, want := range map[string]int{"old": 0, "new": 1} {
		if c, err := w.people.Invitations(w.as(login), nil, nil, page.Args{}); err != nil || len(c.Edges) != want {
			t.Errorf("the %s supervisor sees %d invitations, %v", login, len(c.Edges), err)
		}
	}
}

func TestEnrollingAgainFindsThePersonAndAddsWhatIsNew(t *testing.T) {
	w := newWorld(t)
	in := person.Enrolment{LoginName: "li.wei", Name: "李伟", Roles: []person.Standing{at(community, authz.Secretary, true)}}
	first, err := w.people.Enrol(w.ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	in.Roles = append(in.Roles, at(unit, authz.Member))
	w.pass(time.Hour)
	for range 2 {
		again, err := w.people.Enrol(w.ctx, in)
		if err != nil || again.ID != first.ID || len(again.Roles) != 2 {
			t.Fatalf("got %+v, %v", again, err)
		}
	}
	_, err = w.people.Enrol(w.ctx, person.Enrolment{LoginName: "x", Name: "", Email: new("no address"), Language: new(person.Language("FR"))})
	if got := len(fault.All(err)); got != 4 {
		t.Errorf("%d faults, want 4: %v", got, err)
	}
	for _, login := range []string{"a b", "li@wei", ".li", "li-", "li/wei", "<li>", "ab"} {
		if _, err := w.people.Enrol(w.ctx, person.Enrolment{LoginName: login, Name: "X"}); err == nil {
			t.Errorf("%q is a login name", login)
		}
	}
}

func TestEventsTellWhatHappenedAndNothingPersonal(t *testing.T) {
	w := newWorld(t)
	w.has("supervisor", at(street, authz.Supervisor))
	p := w.has("li.wei", at(community, authz.Member))
	ctx := w.as("supervisor")
	got, err := w.people.GrantRole(ctx, person.GrantRoleInput{Person: p.ID, Role: authz.GridSteward, Organisation: &community})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.people.RevokeRole(ctx, person.RevokeRoleInput{Role: got.Roles[1].ID}); err != nil {
		t.Fatal(err)
	}
	raw, err := w.db.Get(w.ctx, "people", string(p.ID))
	if err != nil {
		t.Fatal(err)
	}
	var doc struct{ Outbox []store.Event }
	if err := bson.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	var types []string
	for _, e := range doc.Outbox {
		types = append(types, e.Type)
		for _, secret := range []string{"li.wei", "Name of", "argon2"} {
			if strings.Contains(e.Data.String(), secret) {
				t.Errorf("%s says %q", e.Type, secret)
			}
		}
		if !slices.Contains(e.Audience, string(street)) {
			t.Errorf("%s is for %v", e.Type, e.Audience)
		}
	}
	if want := []string{person.EventEnrolled, person.EventGranted, person.EventGranted, person.EventRevoked}; !slices.Equal(types, want) {
		t.Errorf("told %v", types)
	}
	if last := doc.Outbox[3]; last.Actor != string(authz.From(ctx).Person) {
		t.Errorf("by %s", last.Actor)
	}
}
