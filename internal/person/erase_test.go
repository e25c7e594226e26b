package person_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/person"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// erasing is the input with which a person is erased by somebody who knows their own password.
func (w *world) erasing(p *person.Person) person.EraseInput {
	now, err := w.people.Person(authz.AsSystem(w.ctx), p.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return person.EraseInput{Change: command.Change{ExpectedVersion: now.Version}, Person: p.ID, Password: new(password)}
}

func TestWhoIsErasedIsNobodyAnyMore(t *testing.T) {
	w := newWorld(t)
	w.has("root", person.Standing{Role: authz.Administrator})
	p := w.has("li.wei", at(community, authz.Secretary), at(unit, authz.Member))
	ctx := w.as("li.wei")
	in := w.erasing(p)
	gone, err := w.people.Erase(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	if gone.ID != p.ID || gone.Name != "" || gone.LoginName != nil || gone.Email != nil || gone.ErasedAt == nil || gone.Language != nil {
		t.Errorf("left: %+v", gone)
	}
	inside, err := w.people.Person(authz.AsSystem(w.ctx), p.ID)
	if err != nil || len(inside.Roles) != 2 || len(inside.Organisations) != 0 || inside.PasswordHash != "" {
		t.Errorf("kept: %+v, %v", inside, err)
	}
	for _, h := range inside.Roles {
		if h.RevokedAt == nil || h.RevokedBy != p.ID {
			t.Errorf("the role goes on: %+v", h)
		}
	}
	_, err = w.people.SignIn(w.ctx, person.SignInInput{Login: "li.wei", Password: password})
	wants(t, "signing in", err, person.CodeCredentials)
	a := authz.From(ctx)
	_, err = w.people.Actor(w.ctx, a.Person, a.Session)
	wants(t, "the session", err, fault.CodeUnauthenticated)
	_, err = w.people.Erase(w.as("root"), w.erasing(p))
	wants(t, "once more", err, person.CodeErased, "person")
	_, err = w.people.GrantRole(w.as("root"), person.GrantRoleInput{Person: p.ID, Role: authz.Member, Organisation: &community})
	wants(t, "a role for who was erased", err, person.CodeErased)
	_, err = w.people.Enrol(w.ctx, person.Enrolment{LoginName: "li.wei", Name: "Li Wei"})
	wants(t, "an import of the same person", err, person.CodeErased, "loginName")
	sent := w.invite()
	if _, err := w.people.AcceptInvitation(w.ctx, person.AcceptInvitationInput{
		Code: sent.Code, LoginName: new("li.wei"), Password: new(password), Name: new("Another"),
	}); err != nil {
		t.Errorf("somebody else takes the name: %v", err)
	}
}

func TestTheJournalLearnsOfAnErasureAndNotOfWhom(t *testing.T) {
	w := newWorld(t)
	p := w.has("li.wei", at(community, authz.Member))
	if _, err := w.people.Erase(w.as("li.wei"), w.erasing(p)); err != nil {
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
	}
	if want := []string{person.EventEnrolled, person.EventGranted, person.EventRevoked, person.EventErased}; !slices.Equal(types, want) {
		t.Errorf("told %v", types)
	}
	if bytes.Contains(raw, []byte("li.wei")) {
		t.Errorf("kept: %q", raw)
	}
}

func TestWhoMayErase(t *testing.T) {
	w := newWorld(t)
	w.has("root", person.Standing{Role: authz.Administrator})
	w.has("secretary", at(community, authz.Secretary, true))
	w.has("stranger", at(elsewhere, authz.Secretary))
	p := w.has("li.wei", at(community, authz.Member))
	in := w.erasing(p)
	for who, want := range map[string]fault.Code{"secretary": fault.CodeForbidden, "stranger": fault.CodeNotFound} {
		_, err := w.people.Erase(w.as(who), in)
		if !fault.Is(err, want) {
			t.Errorf("%s: got %v", who, err)
		}
	}
	_, err := w.people.Erase(w.ctx, in)
	wants(t, "nobody", err, fault.CodeUnauthenticated)
	_, err = w.people.Erase(authz.With(w.ctx, authz.Actor{Service: "sva", Scopes: []string{"PEOPLE_WRITE"}}), in)
	wants(t, "a program", err, authz.CodePersonNeeded)
	_, err = w.people.Erase(w.as("root"), person.EraseInput{Person: id.Derived[id.Person](id.KindPerson, "none"), Password: new(password)})
	wants(t, "nobody of that name", err, fault.CodeNotFound, "person")
	if _, err := w.people.Erase(w.as("root"), in); err != nil {
		t.Errorf("an administrator: %v", err)
	}
}

func TestErasingAsksOnceMoreWhoItIs(t *testing.T) {
	w := newWorld(t)
	p := w.has("li.wei", at(community, authz.Member))
	ctx := w.as("li.wei")
	in := w.erasing(p)
	in.Password = new("something else")
	_, err := w.people.Erase(ctx, in)
	wants(t, "a wrong password", err, person.CodePasswordWrong, "password")
	w.pass(6 * time.Minute)
	in.Password = nil
	_, err = w.people.Erase(ctx, in)
	wants(t, "an old session", err, person.CodeNotFresh, "password")
	in.ExpectedVersion--
	_, err = w.people.Erase(w.as("li.wei"), in)
	wants(t, "an old version", err, fault.CodeConflict)
	in.ExpectedVersion++
	if _, err := w.people.Erase(w.as("li.wei"), in); err != nil {
		t.Errorf("in a session begun just now: %v", err)
	}
}

func TestTheLastAdministratorAndTheLastSignerStay(t *testing.T) {
	w := newWorld(t)
	w.service.Bound = func(_ context.Context, o id.Organisation) (bool, error) { return o == community, nil }
	var err error
	if w.people, err = person.Open(w.ctx, w.db, w.service); err != nil {
		t.Fatal(err)
	}
	root := w.has("root", person.Standing{Role: authz.Administrator})
	_, err = w.people.Erase(w.as("root"), w.erasing(root))
	wants(t, "the last administrator", err, person.CodeLastAdministrator, "person")
	lone := w.has("secretary", at(community, authz.Secretary, true))
	_, err = w.people.Erase(w.as("secretary"), w.erasing(lone))
	wants(t, "the last signer", err, person.CodeLastSigner, "person")
	free := w.has("liaison", at(unit, authz.Liaison, true)) // bound by nothing
	if _, err := w.people.Erase(w.as("liaison"), w.erasing(free)); err != nil {
		t.Errorf("whose organisation is bound by nothing: %v", err)
	}
	w.has("other", at(community, authz.Secretary, true))
	w.has("root2", person.Standing{Role: authz.Administrator})
	for name, p := range map[string]*person.Person{"secretary": lone, "root": root} {
		if _, err := w.people.Erase(w.as(name), w.erasing(p)); err != nil {
			t.Errorf("%s, who has a successor: %v", name, err)
		}
	}
}

func TestErasingTwiceUnderOneNameErasesOnce(t *testing.T) {
	w := newWorld(t)
	w.has("root", person.Standing{Role: authz.Administrator})
	p := w.has("li.wei", at(community, authz.Member))
	in := w.erasing(p)
	for i := range 2 {
		once := store.NewOnce("root", "erase", []byte("x"))
		got, err := w.people.Erase(store.WithOnce(w.as("root"), once), in)
		if err != nil || got.ErasedAt == nil || once.Replayed != (i == 1) {
			t.Errorf("%d: got %v, %v, replayed %v", i, got, err, once.Replayed)
		}
	}
}

func TestTheFileNeverHoldsWhoPeopleAre(t *testing.T) {
	w := newWorld(t)
	mail := "wang.fang@example.org"
	w.has("supervisor", at(street, authz.Supervisor))
	sent, err := w.people.InvitePerson(w.as("supervisor"), person.InvitePersonInput{Role: authz.Member, Organisation: &community, Name: new("Wang the Invited")})
	if err != nil {
		t.Fatal(err)
	}
	p, err := w.people.AcceptInvitation(w.ctx, person.AcceptInvitationInput{Code: sent.Code, LoginName: new("wang.fang.login"), Password: new(password), Email: &mail})
	if err != nil || p.Name != "Wang the Invited" {
		t.Fatal(p, err)
	}
	if left, err := w.people.Invitation(w.as("supervisor"), sent.Invitation.ID); err != nil || left.Name != nil {
		t.Errorf("the invitation still names %v, %v", left, err)
	}
	if _, err := w.people.SignIn(w.ctx, person.SignInInput{Login: mail, Password: password}); err != nil {
		t.Errorf("by address: %v", err)
	}
	holdsNone := func(when string) {
		t.Helper()
		raw, err := os.ReadFile(w.path)
		if err != nil {
			t.Fatal(err)
		}
		for _, plain := range []string{mail, "wang.fang.login", "Wang the Invited", "Name of supervisor"} {
			if bytes.Contains(raw, []byte(plain)) {
				t.Errorf("%s the file holds %q", when, plain)
			}
		}
	}
	holdsNone("at first")
	if _, err := w.people.Erase(w.as("wang.fang.login"), w.erasing(p)); err != nil {
		t.Fatal(err)
	}
	holdsNone("afterwards")
	key, err := w.db.Get(w.ctx, "personal_keys", string(p.ID))
	if err != nil || len(key.Lookup("secret").Value) > 0 || len(key.Lookup("destroyedAt").Value) == 0 {
		t.Errorf("the secret is there still: %s, %v", key, err)
	}
}

func TestAFolderFromBeforeAnythingWasEncryptedGoesOn(t *testing.T) {
	w := newWorld(t)
	p := w.has("li.wei", at(community, authz.Member))
	raw, err := w.db.Get(w.ctx, "people", string(p.ID))
	if err != nil {
		t.Fatal(err)
	}
	var doc bson.D
	if err := bson.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	var old bson.D // as the program wrote it then
	for _, e := range doc {
		switch e.Key {
		case "sealedWith", "loginNameBlind":
			continue
		case "shape":
			e.Value = 1
		case "name":
			e.Value = "Old Name"
		case "loginName":
			e.Value = "li.wei"
		}
		old = append(old, e)
	}
	rev, _ := raw.Lookup("rev").AsInt64OK()
	if raw, err = bson.Marshal(old); err == nil {
		err = errors.Join(w.db.Delete(w.ctx, "people", string(p.ID), rev), w.db.Insert(w.ctx, "people", raw))
	}
	if err != nil {
		t.Fatal(err)
	}
	if w.people, err = person.Open(w.ctx, w.db, w.service); err != nil {
		t.Fatal(err)
	}
	got, err := w.people.SignIn(w.ctx, person.SignInInput{Login: "li.wei", Password: password})
	if err != nil || got.Person.Name != "Old Name" {
		t.Fatalf("got %v, %v", got, err)
	}
	if raw, err = w.db.Get(w.ctx, "people", string(p.ID)); err != nil || bytes.Contains(raw, []byte("Old Name")) || bytes.Contains(raw, []byte("li.wei")) {
		t.Errorf("kept: %q, %v", raw, err)
	}
}
