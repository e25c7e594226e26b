package webhook

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/feed"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store/mongostore/mongotest"
)

func change(w *Webhook) command.Change { return command.Change{ExpectedVersion: w.Version} }

func TestEveryStateAndVerbIsDecided(t *testing.T) {
	want := map[State]map[Verb]State{
		Active:    {VerbAlter: Active, VerbPause: Paused, VerbSuspend: Suspended, VerbVanish: Gone, VerbDelete: Deleted},
		Paused:    {VerbAlter: Paused, VerbResume: Active, VerbSuspend: Suspended, VerbDelete: Deleted},
		Suspended: {VerbAlter: Suspended, VerbResume: Active, VerbDelete: Deleted},
		Gone:      {VerbAlter: Gone, VerbResume: Active, VerbDelete: Deleted},
		Deleted:   {},
	}
	for from, verbs := range want {
		for _, v := range []Verb{VerbAlter, VerbPause, VerbResume, VerbSuspend, VerbVanish, VerbDelete} {
			to, ok := next(from, v)
			if expected, allowed := verbs[v]; ok != allowed || ok && to != expected {
				t.Errorf("%s by %s leads to %s, %t", from, v, to, ok)
			}
		}
	}
}

func TestWhatIsWrongWithAWebhookIsSaidAtItsPlace(t *testing.T) {
	w := newWorld(t)
	w.at("erp", nil)
	for name, tt := range map[string]struct {
		alter func(*CreateInput)
		code  fault.Code
		path  string
	}{
		"no name":            {func(in *CreateInput) { in.Name = " " }, fault.CodeRequired, "name"},
		"not https":          {func(in *CreateInput) { in.URL = "ftp://erp/hook" }, fault.CodeMalformed, "url"},
		"a password":         {func(in *CreateInput) { in.URL = "https://me:it@erp/hook" }, CodeCredentials, "url"},
		"a port":             {func(in *CreateInput) { in.URL = "https://erp:22/hook" }, CodePort, "url"},
		"nobody answers":     {func(in *CreateInput) { in.URL = "https://nowhere/hook" }, CodeUnreachable, "url"},
		"an unknown type":    {func(in *CreateInput) { in.Events = []string{"contract.*", "contract.singed"} }, CodeType, "events.1"},
		"a type twice":       {func(in *CreateInput) { in.Events = []string{"contract.*", "contract.*"} }, fault.CodeDuplicate, "events.1"},
		"too many types":     {func(in *CreateInput) { in.Events = make([]string, MaxTypes+1) }, fault.CodeTooMany, "events"},
		"no selection":       {func(in *CreateInput) { in.Selection = new("seq") }, CodeSelection, "selection"},
		"a long selection":   {func(in *CreateInput) { in.Selection = new(strings.Repeat("{", MaxSelection+1)) }, fault.CodeTooLong, "selection"},
		"a seq to come":      {func(in *CreateInput) { in.After = new(int64(7)) }, feed.CodeFuture, "after"},
		"a seq that is none": {func(in *CreateInput) { in.After = new(int64(-1)) }, fault.CodeOutOfRange, "after"},
		"an unknown account": {func(in *CreateInput) { in.ServiceAccount = "" }, fault.CodeNotFound, "serviceAccount"},
		"a stopped account":  {func(*CreateInput) { w.let(false) }, CodeAccount, "serviceAccount"},
	} {
		in := CreateInput{ServiceAccount: account, Name: "ERP", URL: "http://erp/hook"}
		tt.alter(&in)
		_, err := w.Create(w.liaison(), in)
		w.let(true)
		wants(t, name, err, tt.code, strings.Split(tt.path, ".")...)
	}
	_, err := w.Create(w.liaison(), CreateInput{ServiceAccount: account, Name: "n", URL: "http://erp/", Events: []string{"contract.singed"}})
	if meant := fault.Of(err).Params["meant"]; meant != "contract.signed" {
		t.Errorf("meant was %v", meant)
	}
}

func TestOnlyWhoCouldHaveMadeTheAccountMakesWebhooks(t *testing.T) {
	w := newWorld(t)
	w.at("erp", nil)
	in := CreateInput{ServiceAccount: account, Name: "ERP", URL: "http://erp/hook"}
	for _, tt := range []struct {
		who  authz.Role
		in   id.Organisation
		code fault.Code
	}{{authz.Auditor, unit, fault.CodeForbidden}, {authz.Member, unit, fault.CodeForbidden}, {authz.Liaison, elsewhere, fault.CodeForbidden}} {
		_, err := w.Create(w.as(tt.who, tt.in), in)
		wants(t, string(tt.who), err, tt.code)
	}
	_, err := w.Create(t.Context(), in)
	wants(t, "nobody", err, fault.CodeUnauthenticated)
	program := authz.With(t.Context(), authz.Actor{Service: account, Holdings: []authz.Holding{{Role: authz.Liaison, Organisation: unit}}})
	_, err = w.Create(program, in)
	wants(t, "a program", err, authz.CodePersonNeeded)
	for _, who := range []struct {
		role authz.Role
		in   id.Organisation
	}{{authz.Liaison, unit}, {authz.Supervisor, street}, {authz.Administrator, ""}} {
		_, err := w.Create(w.as(who.role, who.in), in)
		must(t, err)
	}
	n := 10
	if c, err := w.Webhooks(w.as(authz.Auditor, unit), unit, &Filter{State: &StateChoice{Eq: new(Active)}}, page.Args{First: &n}); err != nil || len(c.Edges) != 3 {
		t.Errorf("listed: %v", err)
	}
	_, err = w.Webhooks(w.as(authz.Liaison, elsewhere), unit, nil, page.Args{First: &n})
	wants(t, "another's list", err, fault.CodeForbidden)
}

func TestAnOrganisationHasOnlySoManyWebhooks(t *testing.T) {
	w := newWorld(t)
	w.at("erp", nil)
	var last *Webhook
	for i := range MaxLive {
		last = w.made("erp", func(in *CreateInput) { in.Name = fmt.Sprint("ERP ", i) }).Webhook
	}
	_, err := w.Create(w.liaison(), CreateInput{ServiceAccount: account, Name: "ERP", URL: "http://erp/hook"})
	wants(t, "one more", err, CodeMost)
	gone, err := w.Delete(w.liaison(), StopInput{change(last), last.ID})
	must(t, err)
	if gone.State != Deleted || gone.URL != "" || len(gone.Secrets) != 0 {
		t.Errorf("deleted: %+v", gone)
	}
	_, err = w.Test(w.liaison(), TestInput{ID: last.ID})
	wants(t, "a deleted one", err, CodeState, "id")
	_, err = w.Resume(w.liaison(), StopInput{change(gone), last.ID})
	wants(t, "a deleted one", err, CodeState)
	w.made("erp")
}

func TestAPausedWebhookGoesOnWhereItStopped(t *testing.T) {
	w := newWorld(t)
	e := w.at("erp", nil)
	m := w.made("erp")
	paused, err := w.Pause(w.liaison(), StopInput{change(m.Webhook), m.Webhook.ID})
	must(t, err)
	_, err = w.Pause(w.liaison(), StopInput{change(m.Webhook), m.Webhook.ID})
	wants(t, "an old version", err, fault.CodeConflict, "expectedVersion")
	w.happen("contract.signed", "a")
	w.settle()
	if len(e.all()) != 0 {
		t.Fatal("a paused webhook sends")
	}
	_, err = w.Resume(w.liaison(), StopInput{change(paused), paused.ID})
	must(t, err)
	w.settle()
	if len(e.seqs()) != 1 {
		t.Error("what happened meanwhile was not sent")
	}
	now := w.today(paused.ID)
	changed, err := w.Update(w.liaison(), UpdateInput{Change: change(now), ID: now.ID, Name: new("ERP 2"), URL: new("http://erp/other"), Events: []string{"fulfilment.*"}, Selection: new("{ seq }")})
	must(t, err)
	if changed.Name != "ERP 2" || changed.URL != "http://erp/other" || *changed.Selection != "{ seq }" {
		t.Errorf("changed: %+v", changed)
	}
	_, err = w.Update(w.liaison(), UpdateInput{Change: change(changed), ID: now.ID, URL: new("http://nowhere/")})
	wants(t, "to nowhere", err, CodeUnreachable, "url")
	w.happen("contract.signed", "a")
	w.happen("fulfilment.reported", "f")
	w.settle()
	if got := e.all(); len(got) != 2 || !strings.Contains(string(got[1].body), `"selected":true`) {
		t.Errorf("sent: %s", got[len(got)-1].body)
	}
}

func TestWhatIsLeftOfPeopleAndAccountsIsSeenTo(t *testing.T) {
	w := newWorld(t)
	w.at("erp", nil)
	m := w.made("erp")
	who := *m.Webhook.CreatedBy
	must(t, w.Forget(t.Context(), who))
	must(t, w.Resettle(t.Context(), unit))
	if now := w.today(m.Webhook.ID); now.CreatedBy != nil || now.State != Active {
		t.Errorf("forgotten: %+v", now)
	}
	must(t, w.AccountEnded(t.Context(), account))
	must(t, w.AccountEnded(t.Context(), account))
	if now := w.today(m.Webhook.ID); now.State != Suspended || *now.Cause != CauseAccount {
		t.Errorf("when its account has ended: %+v", now)
	}
	w.happen("contract.signed", "a")
	w.settle()
	if n, err := w.Tick(t.Context(), noon.Add(60*24*time.Hour)); err != nil || n != 0 {
		t.Errorf("swept %d, %v", n, err)
	}
}

func TestDeliveriesAreSweptWhenTheyAreOld(t *testing.T) {
	w := newWorld(t)
	w.at("erp", nil)
	m := w.made("erp")
	w.happen("contract.signed", "a")
	w.settle()
	if n, err := w.Tick(t.Context(), noon.Add(keptFor-time.Hour)); err != nil || n != 0 {
		t.Errorf("too early: %d, %v", n, err)
	}
	n, err := w.Tick(t.Context(), noon.Add(keptFor+time.Hour))
	must(t, err)
	if n != 1 || len(w.sent(m.Webhook.ID, nil)) != 0 {
		t.Errorf("swept %d", n)
	}
}

func TestWebhooksAreKeptAlikeOnBothStores(t *testing.T) {
	w := newWorldOn(t, mongotest.Open(t))
	e := w.at("erp", nil)
	m := w.made("erp")
	w.happen("contract.signed", "a", "b")
	w.settle()
	e.answers(code(http.StatusInternalServerError))
	w.happen("contract.signed", "a")
	w.settle()
	e.answers(nil)
	w.pass(time.Minute)
	w.settle()
	inOrder(t, e.all(), []int64{1, 2, 3}, func(seq int64) string { return string(rune('a' + (seq+1)%2)) })
	n := 10
	if c, err := w.Webhooks(w.as(authz.Supervisor, street), unit, &Filter{State: &StateChoice{In: []State{Active, Paused}}}, page.Args{First: &n}); err != nil || len(c.Edges) != 1 {
		t.Errorf("listed: %v", err)
	}
	f := &DeliveryFilter{State: &DeliveryStateChoice{Eq: new(Delivered)}, Type: &TypeChoice{In: []string{"contract.signed"}}, Since: new(noon)}
	if d := w.sent(m.Webhook.ID, f); len(d) != 3 {
		t.Errorf("%d deliveries are listed", len(d))
	}
	must(t, w.Forget(t.Context(), *m.Webhook.CreatedBy))
	must(t, w.AccountEnded(t.Context(), account))
	if swept, err := w.Tick(t.Context(), noon.Add(keptFor+time.Hour)); err != nil || swept != 3 {
		t.Errorf("swept %d, %v", swept, err)
	}
}
