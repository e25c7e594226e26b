package person_test

import (
	"context"
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
	"github.com/cobuild/cobuild/internal/platform/token"
)

func (w *world) signedIn() *person.SignedIn {
	w.t.Helper()
	in, err := w.people.SignIn(w.ctx, person.SignInInput{Login: "li.wei", Password: password})
	if err != nil {
		w.t.Fatal(err)
	}
	return in
}

func (w *world) refresh(token string) (*person.SignedIn, error) {
	return w.people.Refresh(w.ctx, person.RefreshInput{RefreshToken: token})
}

func (w *world) refreshed(token string) *person.SignedIn {
	w.t.Helper()
	in, err := w.refresh(token)
	if err != nil {
		w.t.Fatal(err)
	}
	return in
}

func TestARefreshTokenIsGoodOnceAndGivesTheNext(t *testing.T) {
	w := newWorld(t)
	w.has("li.wei")
	in := w.signedIn()
	seen := map[string]bool{in.RefreshToken: true}
	for range 5 {
		w.pass(time.Hour)
		next := w.refreshed(in.RefreshToken)
		if seen[next.RefreshToken] || next.Session != in.Session || next.Person.ID != in.Person.ID || next.Token == "" {
			t.Fatalf("after %+v comes %+v", in, next)
		}
		if !next.RefreshExpiresAt.Equal(w.clock().Add(person.IdleLife)) {
			t.Errorf("it is good until %v", next.RefreshExpiresAt)
		}
		if _, err := w.actor(next); err != nil {
			t.Error(err)
		}
		seen[next.RefreshToken], in = true, next
	}
}

func TestAReusedRefreshTokenEndsItsFamily(t *testing.T) {
	w := newWorld(t)
	w.has("li.wei")
	first, other := w.signedIn(), w.signedIn()
	second := w.refreshed(first.RefreshToken)
	third := w.refreshed(second.RefreshToken)
	_, err := w.refresh(first.RefreshToken)
	wants(t, "the first once more", err, person.CodeReused, "refreshToken")
	_, err = w.refresh(third.RefreshToken)
	wants(t, "the one that was good until then", err, person.CodeRefresh, "refreshToken")
	for _, in := range []*person.SignedIn{first, second, third} {
		_, err = w.actor(in)
		wants(t, "an access token of the family", err, fault.CodeUnauthenticated)
	}
	if _, err := w.actor(other); err != nil {
		t.Errorf("another session of the same person: %v", err)
	}
	w.refreshed(other.RefreshToken)
}

func TestAGuessEndsNobodysSession(t *testing.T) {
	w := newWorld(t)
	w.has("li.wei")
	mine, theirs := w.signedIn(), w.signedIn()
	swapped := strings.Replace(theirs.RefreshToken, tail(theirs.Session), tail(mine.Session), 1)
	for what, guess := range map[string]string{
		"nothing":                   "",
		"another word":              "hello",
		"a changed letter":          mine.RefreshToken[:len(mine.RefreshToken)-2] + "AA",
		"without its prefix":        strings.TrimPrefix(mine.RefreshToken, "cbr_"),
		"another session's secrets": swapped,
		"too long":                  mine.RefreshToken + "AAAA",
		"an access token":           mine.Token,
	} {
		_, err := w.refresh(guess)
		wants(t, what, err, fault.CodeMalformed, "refreshToken")
	}
	if _, err := w.actor(mine); err != nil {
		t.Error(err)
	}
	w.refreshed(mine.RefreshToken)
}

func tail(s id.Session) string { return strings.TrimPrefix(string(s), "ses1_") }

func TestOfTwoWhoBringTheSameTokenTheLaterOneEndsTheSession(t *testing.T) {
	w := newWorld(t)
	w.has("li.wei")
	for range 10 {
		in := w.signedIn()
		var wg sync.WaitGroup
		errs := make([]error, 4)
		for i := range errs {
			wg.Go(func() { _, errs[i] = w.refresh(in.RefreshToken) })
		}
		wg.Wait()
		won := 0
		for _, err := range errs {
			switch {
			case err == nil:
				won++
			case !fault.Is(err, person.CodeReused) && !fault.Is(err, person.CodeRefresh):
				t.Errorf("got %v", err)
			}
		}
		if won > 1 {
			t.Fatalf("%d of them got new tokens", won)
		}
		_, err := w.actor(in)
		wants(t, "the session", err, fault.CodeUnauthenticated)
	}
}

func TestASessionEndsByIdlenessAndByAge(t *testing.T) {
	w := newWorld(t)
	w.has("li.wei")
	idle := w.signedIn()
	w.pass(person.IdleLife)
	_, err := w.refresh(idle.RefreshToken)
	wants(t, "after a week without use", err, person.CodeRefresh)
	in := w.signedIn()
	began := w.clock()
	for w.clock().Add(person.IdleLife / 2).Before(began.Add(person.SessionLife)) {
		w.pass(person.IdleLife / 2)
		in = w.refreshed(in.RefreshToken)
	}
	if !in.RefreshExpiresAt.Equal(began.Add(person.SessionLife)) {
		t.Errorf("it would last until %v", in.RefreshExpiresAt)
	}
	w.pass(person.IdleLife / 2)
	_, err = w.refresh(in.RefreshToken)
	wants(t, "after thirty days", err, person.CodeRefresh)
}

func TestWhatEndsASessionEndsItsRefreshToken(t *testing.T) {
	w := newWorld(t)
	w.has("li.wei")
	for what, end := range map[string]func(context.Context, *person.SignedIn) error{
		"signing out": func(ctx context.Context, _ *person.SignedIn) error {
			_, err := w.people.SignOut(ctx, person.SignOutInput{})
			return err
		},
		"signing out everywhere": func(context.Context, *person.SignedIn) error {
			_, err := w.people.SignOut(w.as("li.wei"), person.SignOutInput{Everywhere: new(true)})
			return err
		},
		"ending it from elsewhere": func(_ context.Context, in *person.SignedIn) error {
			_, err := w.people.EndSession(w.as("li.wei"), person.EndSessionInput{ID: in.Session})
			return err
		},
		"a new password": func(context.Context, *person.SignedIn) error {
			_, err := w.people.ResetPassword(w.ctx, "li.wei", password)
			return err
		},
	} {
		in := w.signedIn()
		if err := end(w.with(in), in); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		_, err := w.refresh(in.RefreshToken)
		wants(t, what, err, person.CodeRefresh)
		_, err = w.actor(in)
		wants(t, what, err, fault.CodeUnauthenticated)
	}
}

func TestARepeatedRefreshIsNotAnsweredTwice(t *testing.T) {
	w := newWorld(t)
	w.has("li.wei")
	in := w.signedIn()
	again := func() error {
		ctx, _ := named(w.ctx, in.RefreshToken)
		_, err := w.people.Refresh(ctx, person.RefreshInput{RefreshToken: in.RefreshToken})
		return err
	}
	if err := again(); err != nil {
		t.Fatal(err)
	}
	wants(t, "the same mutation again", again(), fault.CodeAlreadyDone)
	if _, err := w.actor(in); err != nil {
		t.Errorf("it was no reuse, and yet: %v", err)
	}
}

func TestPeopleSeeTheirOwnOpenSessionsAndNobodyElses(t *testing.T) {
	w := newWorld(t)
	w.has("li.wei", at(community, authz.Secretary))
	w.has("ops", person.Standing{Role: authz.Administrator})
	w.has("boss", at(street, authz.Supervisor))
	first := w.signedIn()
	w.pass(time.Minute)
	second := w.signedIn()
	ctx := w.with(second)
	list := func() []*person.Session {
		t.Helper()
		c, err := w.people.Sessions(ctx, page.Args{First: new(10)})
		if err != nil {
			t.Fatal(err)
		}
		return c.Nodes()
	}
	all := list()
	if len(all) != 2 || all[0].ID != second.Session || all[1].ID != first.Session || !w.people.Current(ctx, all[0]) || w.people.Current(ctx, all[1]) {
		t.Fatalf("they see %+v", all)
	}
	if all[0].Secret != nil || all[0].Family != nil {
		t.Error("what tokens are recognised by leaves the room")
	}
	for _, login := range []string{"ops", "boss"} {
		other := w.as(login)
		if got, err := w.people.ManySessions(other, []id.Session{first.Session}); err != nil || got[0] != nil {
			t.Errorf("%s sees it: %v", login, err)
		}
		_, err := w.people.EndSession(other, person.EndSessionInput{ID: first.Session})
		wants(t, login+" ends it", err, fault.CodeNotFound)
		c, err := w.people.Sessions(other, page.Args{First: new(10)})
		if err != nil || len(c.Nodes()) != 1 {
			t.Errorf("%s sees %d sessions, %v", login, len(c.Nodes()), err)
		}
	}
	for range 2 {
		if _, err := w.people.EndSession(ctx, person.EndSessionInput{ID: first.Session}); err != nil {
			t.Fatal(err)
		}
	}
	if all = list(); len(all) != 1 || all[0].ID != second.Session {
		t.Errorf("afterwards there are %+v", all)
	}
	_, err := w.people.Sessions(w.ctx, page.Args{})
	wants(t, "nobody lists", err, fault.CodeUnauthenticated)
	_, err = w.people.EndSession(w.ctx, person.EndSessionInput{ID: second.Session})
	wants(t, "nobody ends", err, fault.CodeUnauthenticated)
}

func TestTheUseOfASessionIsNotedOnceAMinute(t *testing.T) {
	w := newWorld(t)
	w.has("li.wei")
	in := w.signedIn()
	before := w.kept(in).Rev
	for range 120 {
		w.pass(time.Second)
		if _, err := w.actor(in); err != nil {
			t.Fatal(err)
		}
	}
	if o := w.kept(in); !o.UsedAt.Equal(w.clock()) || o.Rev != before+2 {
		t.Errorf("used at %v, written %d times", o.UsedAt, o.Rev-before)
	}
}

func TestNoTokenIsKept(t *testing.T) {
	w := newWorld(t)
	w.has("li.wei")
	in := w.signedIn()
	next := w.refreshed(in.RefreshToken)
	raw, err := w.db.Get(t.Context(), "sessions", string(in.Session))
	if err != nil {
		t.Fatal(err)
	}
	for _, token := range []string{in.RefreshToken, next.RefreshToken} {
		secret := token[strings.LastIndex(token[:len("cbr_")+27], "_")+1:]
		if strings.Contains(string(raw), secret[:20]) {
			t.Error("a refresh token lies in the store")
		}
	}
}

func FuzzAnyRefreshTokenIsReadOrRefused(f *testing.F) {
	f.Add("cbr_01k9x3c7m2h0v5t8w4qg6znbyd_" + strings.Repeat("A", 70))
	f.Add("cbr__")
	f.Fuzz(func(t *testing.T, s string) {
		w := newWorld(t)
		_, err := w.refresh(s)
		if !fault.Is(err, fault.CodeMalformed) && !fault.Is(err, person.CodeRefresh) {
			t.Fatalf("%q: %v", s, err)
		}
	})
}

func TestManyRequestsAtOnceNoteTheUseOnce(t *testing.T) {
	w := newWorld(t)
	w.has("li.wei")
	in := w.signedIn()
	before := w.kept(in).Rev
	w.pass(2 * time.Minute)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if _, err := w.actor(in); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if o := w.kept(in); o.Rev != before+1 || !o.UsedAt.Equal(w.clock()) {
		t.Errorf("written %d times, used at %v", o.Rev-before, o.UsedAt)
	}
}

// kept is a session as the store holds it.
func (w *world) kept(in *person.SignedIn) person.Session {
	w.t.Helper()
	raw, err := w.db.Get(w.ctx, "sessions", string(in.Session))
	if err != nil {
		w.t.Fatal(err)
	}
	var o person.Session
	if err := bson.Unmarshal(raw, &o); err != nil {
		w.t.Fatal(err)
	}
	return o
}

func TestNoRefreshTokenOutlivesThePassword(t *testing.T) {
	w := newWorld(t)
	w.has("li.wei")
	mine, other := w.signedIn(), w.signedIn()
	_, err := w.people.ChangePassword(w.with(mine), person.ChangePasswordInput{OldPassword: password, NewPassword: "another fine password"})
	if err != nil {
		t.Fatal(err)
	}
	for what, in := range map[string]*person.SignedIn{"the session it was changed in": mine, "another": other} {
		_, err := w.refresh(in.RefreshToken)
		wants(t, what, err, person.CodeRefresh, "refreshToken")
	}
	if _, err := w.actor(mine); err != nil {
		t.Errorf("the session it was changed in has ended: %v", err)
	}
	w.pass(token.AccessLife)
	_, err = w.actor(mine)
	wants(t, "when its access token has ended", err, fault.CodeUnauthenticated)
}

func TestARefusedRefreshPointsAtWhatIsWrong(t *testing.T) {
	w := newWorld(t)
	w.has("li.wei")
	in := w.signedIn()
	again := func(mutation string) error {
		ctx := store.WithOnce(w.ctx, store.NewOnce("", mutation, []byte(in.RefreshToken)))
		_, err := w.people.Refresh(ctx, person.RefreshInput{RefreshToken: in.RefreshToken})
		return err
	}
	if err := again("1"); err != nil {
		t.Fatal(err)
	}
	wants(t, "the same mutation again", again("1"), fault.CodeAlreadyDone, "clientMutationId")
	other, _ := named(w.ctx, "another input")
	_, err := w.people.Refresh(other, person.RefreshInput{RefreshToken: in.RefreshToken})
	wants(t, "its name with another input", err, fault.CodeMismatch, "clientMutationId")
	wants(t, "the same token under another name", again("2"), person.CodeReused, "refreshToken")
	wants(t, "and once more", again("2"), person.CodeRefresh, "refreshToken")
}
