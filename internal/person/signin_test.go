package person_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/person"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

func TestPeopleSignInByLoginNameOrAddressInAnyCase(t *testing.T) {
	w := newWorld(t)
	if _, err := w.people.Enrol(w.ctx, person.Enrolment{LoginName: "Li.Wei", Name: "李伟", Email: new("Li@Example.org")}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.people.SignIn(w.ctx, person.SignInInput{Login: "li.wei", Password: ""}); !fault.Is(err, person.CodeCredentials) {
		t.Errorf("without a password: %v", err)
	}
	if _, err := w.people.ResetPassword(w.ctx, "li.wei", password); err != nil {
		t.Fatal(err)
	}
	for _, login := range []string{"li.wei", "LI.WEI", " Li.Wei ", "li@example.org", "LI@EXAMPLE.ORG", "ｌｉ．ｗｅｉ"} {
		in, err := w.people.SignIn(w.ctx, person.SignInInput{Login: login, Password: password})
		if err != nil {
			t.Errorf("%q: %v", login, err)
			continue
		}
		if in.Token == "" || !in.ExpiresAt.Equal(noon.Add(10*time.Minute)) || *in.Person.LoginName != "li.wei" || in.Person.PasswordHash != "" {
			t.Errorf("%q: got %+v", login, in)
		}
	}
}

func TestAnUnknownAccountAndAWrongPasswordLookTheSame(t *testing.T) {
	w := newWorld(t)
	w.has("li.wei")
	var said []string
	for _, in := range []person.SignInInput{
		{Login: "li.wei", Password: "wrong"},
		{Login: "nobody", Password: "wrong"},
		{Login: "nobody@example.org", Password: password},
		{Login: "", Password: ""},
		{Login: "li.wei", Password: strings.Repeat("x", 1<<20)},
		{Login: strings.Repeat("x", 1<<20), Password: "x"},
		{Login: "li.wei\x00", Password: password},
		{Login: "\xff\xfe", Password: "\xff"},
		{Login: `{"$ne": ""}`, Password: password},
	} {
		_, err := w.people.SignIn(w.ctx, in)
		wants(t, in.Login[:min(len(in.Login), 20)], err, person.CodeCredentials)
		said = append(said, err.Error())
	}
	for _, s := range said {
		if s != said[0] {
			t.Errorf("%q is told from %q", s, said[0])
		}
	}
}

func TestGuessesAreSlowedDownForTheirAddressAlone(t *testing.T) {
	w := newWorld(t)
	w.has("li.wei")
	bad := context.WithValue(w.ctx, addressKey{}, "192.0.2.1")
	good := context.WithValue(w.ctx, addressKey{}, "192.0.2.2")
	for range 5 {
		_, err := w.people.SignIn(bad, person.SignInInput{Login: "li.wei", Password: "wrong"})
		wants(t, "a guess", err, person.CodeCredentials)
	}
	_, err := w.people.SignIn(bad, person.SignInInput{Login: "LI.WEI", Password: password})
	wants(t, "one guess too many", err, person.CodeGuesses)
	if n, ok := fault.Of(err).Params["seconds"].(int); !ok || n < 1 || n > 5 {
		t.Errorf("wait %v seconds", fault.Of(err).Params["seconds"])
	}
	if _, err := w.people.SignIn(good, person.SignInInput{Login: "li.wei", Password: password}); err != nil {
		t.Errorf("from elsewhere: %v", err)
	}
	w.pass(10 * time.Second)
	if _, err := w.people.SignIn(bad, person.SignInInput{Login: "li.wei", Password: password}); err != nil {
		t.Errorf("after the wait: %v", err)
	}
}

func TestASessionEndsByItsOwnTimeAndBySigningOut(t *testing.T) {
	w := newWorld(t)
	w.has("li.wei")
	sign := func() *person.SignedIn {
		in, err := w.people.SignIn(w.ctx, person.SignInInput{Login: "li.wei", Password: password})
		if err != nil {
			t.Fatal(err)
		}
		return in
	}
	first, second := sign(), sign()
	if _, err := w.people.SignOut(w.with(first), person.SignOutInput{}); err != nil {
		t.Fatal(err)
	}
	_, err := w.actor(first)
	wants(t, "after signing out", err, fault.CodeUnauthenticated)
	third := sign()
	if _, err := w.people.SignOut(w.with(second), person.SignOutInput{Everywhere: new(true)}); err != nil {
		t.Fatal(err)
	}
	for _, in := range []*person.SignedIn{second, third} {
		_, err := w.actor(in)
		wants(t, "after signing out everywhere", err, fault.CodeUnauthenticated)
	}
	last := sign()
	w.pass(person.IdleLife)
	_, err = w.actor(last)
	wants(t, "after its time", err, fault.CodeUnauthenticated)
	if n, err := w.people.Tick(w.ctx, w.clock()); err != nil || n != 4 {
		t.Errorf("%d swept, %v", n, err)
	}
	_, err = w.people.SignOut(w.ctx, person.SignOutInput{})
	wants(t, "nobody signs out", err, fault.CodeUnauthenticated)
}

func TestASessionIsNobodyElses(t *testing.T) {
	w := newWorld(t)
	w.has("li.wei")
	other := w.has("wang.fang")
	in, err := w.people.SignIn(w.ctx, person.SignInInput{Login: "li.wei", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	for _, who := range []id.Person{other.ID, "", id.Derived[id.Person](id.KindPerson, "nobody")} {
		_, err := w.people.Actor(w.ctx, who, in.Session)
		wants(t, string(who), err, fault.CodeUnauthenticated)
	}
	_, err = w.people.Actor(w.ctx, in.Person.ID, id.Session(in.Person.ID))
	wants(t, "no session", err, fault.CodeUnauthenticated)
}

func TestSigningInUnderOneMutationIDIsDoneOnce(t *testing.T) {
	w := newWorld(t)
	w.has("li.wei")
	w.has("wang.fang")
	ctx, _ := named(w.ctx, "input")
	if _, err := w.people.SignIn(ctx, person.SignInInput{Login: "li.wei", Password: password}); err != nil {
		t.Fatal(err)
	}
	_, err := w.people.SignIn(ctx, person.SignInInput{Login: "li.wei", Password: password})
	wants(t, "again", err, fault.CodeAlreadyDone, "clientMutationId")
	if _, err := w.people.SignIn(ctx, person.SignInInput{Login: "wang.fang", Password: password}); err != nil {
		t.Errorf("somebody else with the same identifier: %v", err)
	}
}

func TestANewPasswordNeedsTheOldOneAndEndsOtherSessions(t *testing.T) {
	w := newWorld(t)
	w.has("li.wei")
	other, err := w.people.SignIn(w.ctx, person.SignInInput{Login: "li.wei", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	mine, err := w.people.SignIn(w.ctx, person.SignInInput{Login: "li.wei", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	ctx := w.with(mine)
	_, err = w.people.ChangePassword(ctx, person.ChangePasswordInput{OldPassword: "wrong", NewPassword: "another fine password"})
	wants(t, "without the old one", err, person.CodePasswordWrong, "oldPassword")
	_, err = w.people.ChangePassword(w.ctx, person.ChangePasswordInput{OldPassword: password, NewPassword: "another fine password"})
	wants(t, "nobody", err, fault.CodeUnauthenticated)
	ctx, _ = named(ctx, "input")
	in := person.ChangePasswordInput{OldPassword: password, NewPassword: "another fine password"}
	if p, err := w.people.ChangePassword(ctx, in); err != nil || p.PasswordHash != "" {
		t.Fatalf("got %v, %v", p, err)
	}
	if _, err := w.actor(mine); err != nil {
		t.Errorf("the session it was changed in has ended: %v", err)
	}
	_, err = w.actor(other)
	wants(t, "another session", err, fault.CodeUnauthenticated)
	_, err = w.people.SignIn(w.ctx, person.SignInInput{Login: "li.wei", Password: password})
	wants(t, "the old password", err, person.CodeCredentials)
	if _, err := w.people.SignIn(w.ctx, person.SignInInput{Login: "li.wei", Password: in.NewPassword}); err != nil {
		t.Errorf("the new password: %v", err)
	}
	again, once := named(w.with(mine), "input")
	if _, err := w.people.ChangePassword(again, in); err != nil || !once.Replayed {
		t.Errorf("a repeat: replayed is %v, %v", once.Replayed, err)
	}
	in.NewPassword = "yet another password"
	_, err = w.people.ChangePassword(again, in)
	wants(t, "a repeat with another password", err, fault.CodeMismatch, "clientMutationId")
}

func TestNoRemnantOfAPasswordIsRemembered(t *testing.T) {
	w := newWorld(t)
	w.has("li.wei")
	ctx, once := named(w.as("li.wei"), password)
	p, err := w.people.ChangePassword(ctx, person.ChangePasswordInput{OldPassword: password, NewPassword: "another fine password"})
	if err != nil || len(p.Replays) != 1 {
		t.Fatalf("got %v, %v", p, err)
	}
	if r := p.Replays[0]; r.Key != once.Key || r.Hash == once.Hash {
		t.Error("the hash of the input, with both passwords in it, is kept")
	}
	if said := fmt.Sprintf("%v %+v", p, p.PasswordHash); strings.Contains(said, "argon2") {
		t.Error("a person prints their hash")
	}
}

func TestPasswordsThatAnybodyWouldGuessAreRefused(t *testing.T) {
	w := newWorld(t)
	w.has("li.wei-2026")
	for pass, code := range map[string]fault.Code{
		"":                        fault.CodeTooShort,
		"九个字的密码不够长":               fault.CodeTooShort,
		strings.Repeat("长", 129):  fault.CodeTooLong,
		"password123":             person.CodePasswordCommon,
		"PassWord123":             person.CodePasswordCommon,
		"woaini1314":              person.CodePasswordCommon,
		"ababababababab":          person.CodePasswordCommon,
		"li.wei-2026":             person.CodePasswordLogin,
		"LI.WEI-2026":             person.CodePasswordLogin,
		"Name of li.wei-2026":     person.CodePasswordLogin,
		"with a \x07 bell in it":  fault.CodeControl,
		"with a \xff byte in it":  fault.CodeNotUTF8,
		"with a\nline end in it.": fault.CodeControl,
	} {
		_, err := w.people.ResetPassword(w.ctx, "li.wei-2026", pass)
		wants(t, pass, err, code, "password")
	}
	for _, pass := range []string{"十个字的密码就够长了", strings.Repeat("长短句", 42), " spaces around ", "e\u0301tudes 2026"} {
		if _, err := w.people.ResetPassword(w.ctx, "li.wei-2026", pass); err != nil {
			t.Errorf("%q: %v", pass, err)
		}
		w.pass(time.Hour)
		if _, err := w.people.SignIn(w.ctx, person.SignInInput{Login: "li.wei-2026", Password: pass}); err != nil {
			t.Errorf("%q: %v", pass, err)
		}
	}
	if _, err := w.people.SignIn(w.ctx, person.SignInInput{Login: "li.wei-2026", Password: "\u00e9tudes 2026"}); err != nil {
		t.Errorf("the same characters from another keyboard: %v", err)
	}
}

func TestARoleHoldsWithinItsTime(t *testing.T) {
	w := newWorld(t)
	w.has("boss", at("", authz.Administrator))
	li := w.has("li.wei", at(community, authz.Member))
	_, err := w.people.GrantRole(w.as("boss"), person.GrantRoleInput{
		Person: li.ID, Role: authz.Secretary, Organisation: &community, Signing: new(true),
		From: new(noon.Add(time.Hour)), Until: new(noon.Add(2 * time.Hour)),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		after time.Duration
		holds bool
	}{{0, false}, {59 * time.Minute, false}, {time.Hour, true}, {119 * time.Minute, true}, {2 * time.Hour, false}} {
		w.mu.Lock()
		w.now = noon.Add(tt.after)
		w.mu.Unlock()
		a := authz.From(w.as("li.wei"))
		if a.Holds(authz.Secretary, community) != tt.holds || a.Holds(authz.Signer, community) != tt.holds || !a.Holds(authz.Member, community) {
			t.Errorf("after %s: %+v", tt.after, a.Holdings)
		}
	}
}

func TestADemoActorComesWithATokenOfItsOwnClass(t *testing.T) {
	w := newWorld(t)
	p := w.has("li.wei", at(community, authz.Secretary, true))
	signed, err := w.people.DemoToken(w.ctx, p.ID)
	if err != nil || !signed.ExpiresAt.Equal(noon.Add(12*time.Hour)) {
		t.Fatalf("got %+v, %v", signed, err)
	}
	_, err = w.people.DemoToken(w.ctx, "per1_unknown")
	wants(t, "nobody", err, fault.CodeNotFound)
}
