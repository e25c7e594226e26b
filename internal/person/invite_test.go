package person_test

import (
	"context"
	"fmt"
	"strconv"
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

// invite has a supervisor invite a secretary with the signing right.
func (w *world) invite() *person.Invited {
	w.t.Helper()
	w.has("supervisor", at(street, authz.Supervisor))
	sent, err := w.people.InvitePerson(w.as("supervisor"), person.InvitePersonInput{
		Role: authz.Secretary, Organisation: &community, Signing: new(true), Name: new("王芳"),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return sent
}

// relay takes the events out of the documents, as the relay does.
func (w *world) relay() {
	w.t.Helper()
	for _, o := range w.people.Outboxes() {
		parked, err := o.Pending(w.ctx, 100)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, p := range parked {
			var taken []string
			for _, e := range p.Events {
				taken = append(taken, e.ID)
			}
			if err := o.Clear(w.ctx, p.ID, p.Rev, taken); err != nil {
				w.t.Fatal(err)
			}
		}
	}
}

func newcomer(code string) person.AcceptInvitationInput {
	return person.AcceptInvitationInput{Code: code, LoginName: new("Wang.Fang"), Password: new(password), Email: new("Wang@Example.org")}
}

func TestAnInvitationMakesAPersonWithItsRole(t *testing.T) {
	w := newWorld(t)
	sent := w.invite()
	p, err := w.people.AcceptInvitation(w.ctx, newcomer(sent.Code))
	if err != nil {
		t.Fatal(err)
	}
	if p.Name != "王芳" || *p.LoginName != "wang.fang" || *p.Email != "wang@example.org" || *p.Language != person.Chinese || p.PasswordHash != "" {
		t.Errorf("got %+v", p)
	}
	a := authz.From(w.as("wang@example.org"))
	if a.Person != p.ID || !a.Holds(authz.Secretary, community) || !a.Holds(authz.Signer, community) {
		t.Errorf("acts as %+v", a)
	}
	v, err := w.people.Invitation(w.as("supervisor"), sent.Invitation.ID)
	if err != nil || v.Status != person.InvitationAccepted || v.AcceptedBy != p.ID {
		t.Errorf("the invitation is %+v, %v", v, err)
	}
	_, err = w.people.AcceptInvitation(w.ctx, person.AcceptInvitationInput{
		Code: sent.Code, LoginName: new("somebody.else"), Password: new(password), Name: new("X"),
	})
	wants(t, "a second time", err, person.CodeInvitationUsed, "code")
}

func TestACodeIsTakenAsPeopleTypeIt(t *testing.T) {
	for _, typed := range []func(string) string{
		strings.ToLower,
		func(s string) string { return strings.ReplaceAll(s, "-", " ") },
		func(s string) string { return " " + strings.ReplaceAll(s, "-", "") + " " },
		func(s string) string { return strings.NewReplacer("0", "O", "1", "l").Replace(s) },
	} {
		w := newWorld(t)
		sent := w.invite()
		if _, err := w.people.AcceptInvitation(w.ctx, newcomer(typed(sent.Code))); err != nil {
			t.Errorf("%s as %s: %v", sent.Code, typed(sent.Code), err)
		}
	}
}

func TestAnInvitationGivesItsRoleToWhoeverIsSignedIn(t *testing.T) {
	w := newWorld(t)
	sent := w.invite()
	li := w.has("li.wei", at(unit, authz.Liaison))
	_, err := w.people.AcceptInvitation(w.as("li.wei"), newcomer(sent.Code))
	wants(t, "with another account", err, person.CodeSignedIn)
	p, err := w.people.AcceptInvitation(w.as("li.wei"), person.AcceptInvitationInput{Code: sent.Code})
	if err != nil || p.ID != li.ID || len(p.Roles) != 2 {
		t.Fatalf("got %+v, %v", p, err)
	}
	if a := authz.From(w.as("li.wei")); !a.Holds(authz.Signer, community) || a.Holds(authz.Signer, unit) {
		t.Errorf("acts as %+v", a)
	}
	_, err = w.people.AcceptInvitation(w.as("li.wei"), person.AcceptInvitationInput{Code: sent.Code})
	wants(t, "a second time", err, person.CodeInvitationUsed, "code")
	again, err := w.people.InvitePerson(w.as("supervisor"), person.InvitePersonInput{Role: authz.Secretary, Organisation: &community})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.people.AcceptInvitation(w.as("li.wei"), person.AcceptInvitationInput{Code: again.Code})
	wants(t, "a role already held", err, person.CodeRoleHeld)
	if v, err := w.people.Invitation(w.as("supervisor"), again.Invitation.ID); err != nil || v.Status != person.InvitationSent {
		t.Errorf("and the invitation is lost: %v, %v", v, err)
	}
}

func TestWhatANewPersonBringsIsCheckedAllAtOnce(t *testing.T) {
	w := newWorld(t)
	sent := w.invite()
	w.has("taken")
	_, err := w.people.AcceptInvitation(w.ctx, person.AcceptInvitationInput{Code: sent.Code})
	if got := fmt.Sprint(err); got != "REQUIRED at loginName; REQUIRED at password" {
		t.Errorf("nothing: %s", got)
	}
	_, err = w.people.AcceptInvitation(w.ctx, person.AcceptInvitationInput{
		Code: sent.Code, LoginName: new("a@b"), Password: new("short"), Name: new(strings.Repeat("名", 61)), Email: new("x"), Language: new(person.Language("FR")),
	})
	if got := len(fault.All(err)); got != 5 {
		t.Errorf("%d faults, want 5: %v", got, err)
	}
	_, err = w.people.AcceptInvitation(w.ctx, person.AcceptInvitationInput{Code: sent.Code, LoginName: new("TAKEN"), Password: new(password)})
	wants(t, "a name that is taken", err, fault.CodeTaken, "loginName")
	if _, err := w.people.AcceptInvitation(w.ctx, newcomer(sent.Code)); err != nil {
		t.Errorf("after all that: %v", err)
	}
}

func TestAnInvitationThatIsOverIsRefused(t *testing.T) {
	w := newWorld(t)
	sent := w.invite()
	for _, code := range []string{"", "AAAAA", "AAAAA-AAAAA-AAAAA-AAAAA", sent.Code + "A", "\xff", strings.Repeat("A", 1<<20), "UUUUU-UUUUU-UUUUU-UUUUU"} {
		_, err := w.people.AcceptInvitation(context.WithValue(w.ctx, addressKey{}, fmt.Sprintf("%.9s", code)), newcomer(code))
		wants(t, fmt.Sprintf("%.30q", code), err, person.CodeInvitation, "code")
	}
	ctx := w.as("supervisor")
	_, err := w.people.RevokeInvitation(ctx, person.RevokeInvitationInput{ID: sent.Invitation.ID})
	wants(t, "of another version", err, fault.CodeConflict, "expectedVersion")
	w.has("outsider", at(elsewhere, authz.Secretary))
	revoke := person.RevokeInvitationInput{ID: sent.Invitation.ID}
	revoke.ExpectedVersion = sent.Invitation.Version
	_, err = w.people.RevokeInvitation(w.as("outsider"), revoke)
	wants(t, "by an outsider", err, fault.CodeNotFound, "id")
	if v, err := w.people.RevokeInvitation(ctx, revoke); err != nil || v.Status != person.InvitationRevoked {
		t.Fatalf("got %v, %v", v, err)
	}
	_, err = w.people.AcceptInvitation(w.ctx, newcomer(sent.Code))
	wants(t, "revoked", err, person.CodeInvitationRevoked, "code")

	late, err := w.people.InvitePerson(ctx, person.InvitePersonInput{Role: authz.Secretary, Organisation: &community})
	if err != nil {
		t.Fatal(err)
	}
	w.pass(person.InvitationLife)
	_, err = w.people.AcceptInvitation(w.ctx, newcomer(late.Code))
	wants(t, "after 14 days", err, person.CodeInvitationOver, "code")
	w.relay()
	if n, err := w.people.Tick(w.ctx, w.clock()); err != nil || n == 0 {
		t.Errorf("%d swept, %v", n, err)
	}
	w.pass(time.Hour)
	_, err = w.people.AcceptInvitation(w.ctx, newcomer(late.Code))
	wants(t, "swept away", err, person.CodeInvitation, "code")
}

func TestTooManyWrongCodesVoidAnInvitation(t *testing.T) {
	w := newWorld(t)
	sent := w.invite()
	for i := range 10 {
		ctx := context.WithValue(w.ctx, addressKey{}, strconv.Itoa(i))
		_, err := w.people.AcceptInvitation(ctx, newcomer(sent.Code[:22]+string("ABCDEFGHJK"[i])))
		if err == nil {
			t.Skip("the guess was right")
		}
		wants(t, "a guess", err, person.CodeInvitation, "code")
	}
	_, err := w.people.AcceptInvitation(w.ctx, newcomer(sent.Code))
	wants(t, "the right code after them", err, person.CodeInvitation, "code")
}

func TestACodeIsShownOnce(t *testing.T) {
	w := newWorld(t)
	w.has("secretary", at(community, authz.Secretary, true))
	ctx, _ := named(w.as("secretary"), "input")
	in := person.InvitePersonInput{Role: authz.Liaison, Organisation: &unit}
	sent, err := w.people.InvitePerson(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.people.InvitePerson(ctx, in)
	wants(t, "a repeat", err, fault.CodeAlreadyDone, "clientMutationId")
	other, _ := named(ctx, "other input")
	_, err = w.people.InvitePerson(other, in)
	wants(t, "a repeat with other input", err, fault.CodeMismatch, "clientMutationId")
	c, err := w.people.Invitations(ctx, &unit, &person.InvitationFilter{Status: &person.InvitationStatusChoice{Eq: new(person.InvitationSent)}}, page.Args{})
	if err != nil || len(c.Edges) != 1 {
		t.Fatalf("%d invitations, %v", len(c.Edges), err)
	}
	raw, err := w.db.Get(w.ctx, "invitations", string(sent.Invitation.ID))
	if err != nil || strings.Contains(raw.String(), strings.ReplaceAll(sent.Code, "-", "")[6:]) {
		t.Errorf("the code is in the store, %v", err)
	}
	_, err = w.people.Invitations(w.ctx, nil, nil, page.Args{})
	wants(t, "nobody lists", err, fault.CodeUnauthenticated)
}

func TestARepeatedAcceptanceAnswersTheSame(t *testing.T) {
	w := newWorld(t)
	sent := w.invite()
	ctx, _ := named(w.ctx, "with a password in it")
	first, err := w.people.AcceptInvitation(ctx, newcomer(sent.Code))
	if err != nil {
		t.Fatal(err)
	}
	ctx, once := named(w.ctx, "with a password in it")
	again, err := w.people.AcceptInvitation(ctx, newcomer(sent.Code))
	if err != nil || again.ID != first.ID || !once.Replayed {
		t.Fatalf("got %v, %v, replayed is %v", again, err, once.Replayed)
	}
	other := newcomer(sent.Code)
	other.Name, other.LoginName, other.Email = new("another name"), new("another.login"), new("another@example.org")
	if again, err := w.people.AcceptInvitation(ctx, other); err != nil || again.ID != first.ID {
		t.Errorf("a hash is kept that tells of names: %v", err)
	}
	other.Language = new(person.English)
	_, err = w.people.AcceptInvitation(ctx, other)
	wants(t, "with other input", err, fault.CodeMismatch)
	v, err := w.people.Invitation(w.as("supervisor"), sent.Invitation.ID)
	if err != nil || len(v.Replays) != 1 || v.Replays[0].Hash == once.Hash {
		t.Errorf("the hash of the whole input is kept: %+v, %v", v.Replays, err)
	}
}

func TestOfManyWithOneCodeOneBecomesAPerson(t *testing.T) {
	w := newWorld(t)
	sent := w.invite()
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := map[id.Person]bool{}
	for i := range 12 {
		ctx := context.WithValue(w.ctx, addressKey{}, strconv.Itoa(i))
		wg.Go(func() {
			in := person.AcceptInvitationInput{Code: sent.Code, LoginName: new(fmt.Sprintf("racer%d", i)), Password: new(password)}
			p, err := w.people.AcceptInvitation(ctx, in)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil && p.LoginName.Clear() == *in.LoginName:
				won[p.ID] = true
			case err == nil:
				t.Errorf("racer%d is told of %s", i, p.LoginName.Clear())
			default:
				wants(t, *in.LoginName, err, person.CodeInvitationUsed, "code")
			}
		})
	}
	wg.Wait()
	if len(won) != 1 {
		t.Errorf("%d have won", len(won))
	}
}

// failing is a store that fails to insert people for a while.
type failing struct {
	store.Backend
	down bool
}

func (f *failing) Insert(ctx context.Context, coll string, doc bson.Raw) error {
	if f.down && coll == "people" {
		return fmt.Errorf("%w: the disk is full", store.ErrUnavailable)
	}
	return f.Backend.Insert(ctx, coll, doc)
}

func TestAnAcceptanceThatWasCutShortIsFinishedWithTheSameCode(t *testing.T) {
	w := newWorld(t)
	sent := w.invite()
	f := &failing{Backend: w.db, down: true}
	s, err := person.Open(w.ctx, f, w.service)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.AcceptInvitation(w.ctx, newcomer(sent.Code))
	wants(t, "while the store is down", err, fault.CodeUnavailable)
	w.has("li.wei")
	_, err = s.AcceptInvitation(w.as("li.wei"), person.AcceptInvitationInput{Code: sent.Code})
	wants(t, "somebody else meanwhile", err, person.CodeInvitationUsed, "code")
	f.down = false
	if _, err := s.AcceptInvitation(w.ctx, newcomer(sent.Code)); err != nil {
		t.Fatal(err)
	}
	if a := authz.From(w.as("wang.fang")); !a.Holds(authz.Secretary, community) {
		t.Errorf("acts as %+v", a)
	}
}
