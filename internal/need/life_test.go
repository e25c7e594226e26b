package need

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/exchange"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/lifetable"
)

// The tables of the pages are the program's, in every state and for every verb.
func TestTheLifeOfANeedIsAsThePagesTellIt(t *testing.T) {
	for page, heading := range map[string]string{"exchange.md": "The life of a need", "exchange.zh-CN.md": "需求的状态"} {
		rows, err := lifetable.Read("../../docs/"+page, heading)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, from := range append(Statuses(), unborn) {
			for _, v := range Verbs() {
				name := string(from)
				if from == unborn {
					name = "–"
				}
				var want []string
				if row := lifetable.Find(rows, name, string(v)); row != nil {
					want = row.To
					n++
				}
				var have []string
				for _, to := range Targets(from, v) {
					have = append(have, string(to))
				}
				if !slices.Equal(want, have) {
					t.Errorf("%s: %s in %s leads to %v, the page says %v", page, v, name, have, want)
				}
			}
		}
		if n != len(rows) {
			t.Errorf("%s: of %d rows %d are of this room", page, len(rows), n)
		}
	}
}

// in brings a need into a state, with the claims that go with it.
func (w *world) in(s Status) *Need {
	w.t.Helper()
	collect := func() *Need {
		n, err := w.Collect(w.steward(), CollectInput{Need: input(asksAcceptance)})
		w.fine(err)
		return n
	}
	claimed := func() *Need {
		n := w.published(asksAcceptance)
		c := w.claimed(0, n, 10)
		_, err := w.AcceptClaim(w.secretary(), exchange.AcceptInput{ID: c.ID})
		w.fine(err)
		return w.reread(n)
	}
	fulfilled := func() *Need {
		n := claimed()
		return w.reported(0, n.Claims[0])
	}
	switch s {
	case Collected:
		return collect()
	case Verified:
		n := collect()
		n, err := w.Verify(w.secretary(), VerifyInput{ID: n.ID, Change: change(n)})
		w.fine(err)
		return n
	case Published:
		n := w.published(asksAcceptance)
		w.claimed(0, n, 4)
		return w.reread(n)
	case Claimed:
		return claimed()
	case Fulfilled:
		return fulfilled()
	case Confirmed:
		n := fulfilled()
		n, err := w.Confirm(w.secretary(), ConfirmInput{ID: n.ID, Change: change(n)})
		w.fine(err)
		return n
	case Withdrawn:
		n := w.published()
		n, err := w.Withdraw(w.secretary(), WithdrawInput{ID: n.ID, Change: change(n)})
		w.fine(err)
		return n
	}
	n := w.published()
	at := w.now()
	w.wait(60 * 24 * time.Hour)
	w.tick()
	w.wait(at.Sub(w.now()))
	return w.reread(n)
}

// Every verb is tried in every state: where the table has it, it is done or refused for another reason, and where it has
// not, it is refused for the state and nothing is changed.
func TestAVerbIsDoneOnlyInTheStatesThatHaveIt(t *testing.T) {
	w := open(t)
	for _, s := range Statuses() {
		for _, v := range Verbs() {
			if v == VerbCollect || v == VerbExpire {
				continue
			}
			n := w.in(s)
			if n.Status != s {
				t.Fatalf("%s is %s", s, n.Status)
			}
			err := w.do(v, n)
			after := w.reread(n)
			switch has := len(Targets(s, v)) > 0; {
			case !has && !fault.Is(err, CodeWrongState) && !fault.Is(err, exchange.CodeClaimState):
				t.Errorf("%s in %s: %v", v, s, err)
			case !has && after.Version != n.Version:
				t.Errorf("%s in %s changed it", v, s)
			case has && fault.Is(err, CodeWrongState):
				t.Errorf("%s in %s is refused", v, s)
			case has && err == nil && !slices.Contains(Targets(s, v), after.Status):
				t.Errorf("%s led from %s to %s", v, s, after.Status)
			}
		}
	}
}

// do does a verb as who may.
func (w *world) do(v Verb, n *Need) error {
	claim := id.Within[id.Claim](id.KindNeedClaim, string(n.ID), "none")
	if len(n.Claims) > 0 {
		claim = n.Claims[0].ID
	}
	in, err := input(), error(nil)
	switch v {
	case VerbChange:
		_, err = w.Change(w.secretary(), ChangeInput{ID: n.ID, Change: change(n), Need: in})
	case VerbVerify:
		_, err = w.Verify(w.secretary(), VerifyInput{ID: n.ID, Change: change(n)})
	case VerbPublish:
		_, err = w.Publish(w.secretary(), PublishInput{ID: &n.ID, ExpectedVersion: &n.Version})
	case VerbClaim:
		_, err = w.Claim(w.system(), ClaimInput{Need: n.ID, Claimant: &w.units[7], Quantity: 1})
	case VerbAccept:
		_, err = w.AcceptClaim(w.secretary(), exchange.AcceptInput{ID: claim})
	case VerbDecline:
		_, err = w.DeclineClaim(w.secretary(), exchange.DeclineInput{ID: claim})
	case VerbLeave:
		_, err = w.WithdrawClaim(w.system(), exchange.WithdrawInput{ID: claim})
	case VerbClose:
		_, err = w.Close(w.secretary(), CloseInput{ID: n.ID, Change: change(n)})
	case VerbReport:
		_, err = w.Report(w.system(), ReportInput{Claim: claim})
	case VerbReturn:
		_, err = w.Return(w.secretary(), ReturnInput{ID: n.ID, Change: change(n), Reason: "未送达"})
	case VerbConfirm:
		_, err = w.Confirm(w.secretary(), ConfirmInput{ID: n.ID, Change: change(n)})
	case VerbConsent:
		_, err = w.Consent(w.secretary(), ConsentInput{ID: n.ID, Consent: true})
	case VerbWithdraw:
		_, err = w.Withdraw(w.secretary(), WithdrawInput{ID: n.ID, Change: change(n)})
	}
	return err
}

func TestANeedIsCollectedVerifiedPublishedSharedDoneAndConfirmed(t *testing.T) {
	w := open(t)
	n, err := w.Collect(w.steward(), CollectInput{Need: input()})
	w.fine(err)
	if _, err := w.Need(w.unit(0), n.ID); !fault.Is(err, fault.CodeNotFound) {
		t.Errorf("before it is published a neighbour gets %v", err)
	}
	n, err = w.Verify(w.secretary(), VerifyInput{ID: n.ID, Change: change(n)})
	w.fine(err)
	n, err = w.Publish(w.secretary(), PublishInput{ID: &n.ID, ExpectedVersion: &n.Version})
	w.fine(err)
	first, second := w.claimed(0, n, 6), w.claimed(1, n, 4)
	if n = w.reread(n); n.Status != Claimed || n.Left() != 0 {
		t.Fatalf("claimed by two it is %s with %d left", n.Status, n.Left())
	}
	if n = w.reported(0, first); n.Status != Claimed {
		t.Fatalf("with one share done it is %s", n.Status)
	}
	if n = w.reported(1, second); n.Status != Fulfilled || n.FulfilledAt == nil {
		t.Fatalf("with both done it is %s", n.Status)
	}
	n, err = w.Return(w.secretary(), ReturnInput{ID: n.ID, Change: change(n), Claims: []id.Claim{second.ID}, Reason: "少送两份"})
	w.fine(err)
	if n.Status != Claimed || n.Find(first.ID).Status != exchange.ClaimFulfilled || *n.Find(second.ID).Reason != "少送两份" || n.FulfilledAt != nil {
		t.Fatalf("returned it is %+v", n)
	}
	n = w.reported(1, second)
	n, err = w.Confirm(w.secretary(), ConfirmInput{ID: n.ID, Change: command.Change{ExpectedVersion: w.reread(n).Version}})
	w.fine(err)
	if n.Status != Confirmed || n.EndedAt == nil {
		t.Errorf("confirmed it is %+v", n)
	}
	w.tells(n, ToldCollected, ToldVerified, ToldPublished, ToldClaimed, ToldClaimed, ToldReported, ToldReported, ToldFulfilled, ToldReturned, ToldReported, ToldFulfilled, ToldConfirmed)
}

func TestAChangedNeedIsVerifiedAgain(t *testing.T) {
	w := open(t)
	n := w.in(Verified)
	n, err := w.Change(w.steward(), ChangeInput{ID: n.ID, Change: change(n), Need: input(func(in *Input) { in.Quantity = 12 })})
	w.fine(err)
	if n.Status != Collected || n.Quantity != 12 || n.VerifiedAt != nil || n.VerifiedBy != "" {
		t.Errorf("it is %+v", n)
	}
	_, err = w.Change(w.steward(), ChangeInput{ID: n.ID, Change: change(n), Need: input(func(in *Input) { in.Kind, in.Publisher = new(MicroWish), &w.away })})
	if all := fault.All(err); len(all) != 2 || all[0].Code != exchange.CodeFixed || all[1].Code != exchange.CodeFixed {
		t.Errorf("kind and publisher change: %v", err)
	}
}

func TestANeedIsClosedWithWhatIsClaimed(t *testing.T) {
	w := open(t)
	n := w.published()
	_, err := w.Close(w.secretary(), CloseInput{ID: n.ID, Change: change(n)})
	refused(t, err, CodeNoClaims, "")
	c := w.claimed(0, n, 3)
	n, err = w.Close(w.secretary(), CloseInput{ID: n.ID, Change: change(w.reread(n))})
	w.fine(err)
	if n.Status != Claimed || !n.Closed || n.Left() != 7 {
		t.Fatalf("closed it is %+v", n)
	}
	_, err = w.claim(w.unit(1), n, 1)
	refused(t, err, CodeWrongState, "need")
	_, err = w.WithdrawClaim(w.unit(0), exchange.WithdrawInput{ID: c.ID})
	w.fine(err)
	if n = w.reread(n); n.Status != Published || n.Closed {
		t.Errorf("with nobody left it is %s", n.Status)
	}
}

func TestTheLastDayEndsWhatNobodyHasTakenOn(t *testing.T) {
	w := open(t)
	free, waiting, taken, full := w.published(), w.published(asksAcceptance), w.published(asksAcceptance), w.published(asksAcceptance)
	w.claimed(0, waiting, 10)
	c := w.claimed(0, taken, 4)
	_, err := w.AcceptClaim(w.secretary(), exchange.AcceptInput{ID: c.ID})
	w.fine(err)
	w.claimed(1, taken, 2)
	w.claimed(0, full, 10)
	w.wait(time.Date(2026, 12, 31, 15, 59, 59, 0, time.UTC).Sub(w.now()))
	if n := w.tick(); n != 0 {
		t.Errorf("a second before midnight %d have expired", n)
	}
	w.wait(time.Second)
	// Refused before the tick ran.
	_, err = w.claim(w.unit(2), free, 1)
	refused(t, err, exchange.CodeExpired, "need")
	_, err = w.AcceptClaim(w.secretary(), exchange.AcceptInput{ID: w.reread(full).Claims[0].ID})
	refused(t, err, exchange.CodeExpired, "id")
	w.tick()
	for n, want := range map[*Need]Status{free: Expired, waiting: Expired, taken: Claimed, full: Expired} {
		if n = w.reread(n); n.Status != want || n.Has(exchange.ClaimPending) {
			t.Errorf("%s: %+v", want, n)
		}
	}
	if n := w.reported(0, c); n.Status != Fulfilled {
		t.Errorf("who has taken it on goes on: %s", n.Status)
	}
	if n := w.tick(); n != 0 {
		t.Errorf("again %d", n)
	}
	w.tells(free, ToldPublished, ToldExpired)
	w.tells(waiting, ToldPublished, ToldClaimed, ToldClaimLapsed, ToldExpired)
	_, err = w.Publish(w.secretary(), PublishInput{Need: new(input(func(in *Input) { in.ValidUntil = "2026-12-31" }))})
	refused(t, err, exchange.CodeValidUntil, "need.validUntil")
}

func TestEveryStepIsForItsOwnPeople(t *testing.T) {
	w := open(t)
	in := input()
	_, err := w.Publish(w.steward(), PublishInput{Need: &in})
	refused(t, err, exchange.CodeNoPublisher, "need.publisher")
	in.Publisher = &w.home
	_, err = w.Publish(w.steward(), PublishInput{Need: &in})
	refused(t, err, fault.CodeForbidden, "")
	_, err = w.Collect(w.stranger(), CollectInput{Need: in})
	refused(t, err, fault.CodeForbidden, "")
	in.Publisher = nil
	_, err = w.Collect(w.nobody(), CollectInput{Need: in})
	refused(t, err, fault.CodeUnauthenticated, "need.publisher")
	in.Publisher = &w.street
	_, err = w.Collect(w.supervisor(), CollectInput{Need: in})
	refused(t, err, exchange.CodePublisherKind, "need.publisher")
	n, err := w.Collect(w.unit(0), CollectInput{Need: input()}) // a unit lacks something too
	w.fine(err)
	if n.ResidentUnit() != w.units[0] {
		t.Errorf("published by %s", n.Publisher)
	}
	n = w.published()
	for name, tt := range map[string]struct {
		err  error
		code fault.Code
		at   string
	}{
		"the publisher itself claims": {second(w.claim(w.secretary(), n, 1)), exchange.CodeSelfClaim, "need"},
		"names itself":                {second(w.Claim(w.secretary(), ClaimInput{Need: n.ID, Claimant: &w.home, Quantity: 1})), exchange.CodeSelfClaim, "claimant"},
		"for another":                 {second(w.Claim(w.unit(0), ClaimInput{Need: n.ID, Claimant: &w.units[1], Quantity: 1})), exchange.CodeNoClaimant, "claimant"},
		"who may not see it":          {second(w.claim(w.stranger(), n, 1)), fault.CodeNotFound, "need"},
		"a member":                    {second(w.claim(w.as(authz.Member, w.units[0]), n, 1)), fault.CodeForbidden, ""},
		"a claimant withdraws it":     {second(w.Withdraw(w.unit(0), WithdrawInput{ID: n.ID, Change: change(n)})), fault.CodeForbidden, ""},
		"the steward withdraws it":    {second(w.Withdraw(w.steward(), WithdrawInput{ID: n.ID, Change: change(n)})), fault.CodeForbidden, ""},
		"an old version":              {second(w.Withdraw(w.secretary(), WithdrawInput{ID: n.ID, Change: command.Change{ExpectedVersion: 9}})), fault.CodeConflict, "expectedVersion"},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, tt.err, tt.code, tt.at)
		})
	}
	c := w.claimed(0, n, 2)
	_, err = w.Report(w.unit(1), ReportInput{Claim: c.ID})
	refused(t, err, fault.CodeForbidden, "")
	w.claimed(1, n, 1)
	_, err = w.WithdrawClaim(w.unit(1), exchange.WithdrawInput{ID: c.ID})
	refused(t, err, fault.CodeForbidden, "")
	_, err = w.claim(w.unit(1), n, 1)
	refused(t, err, exchange.CodeClaimed, "need")
	both := authz.From(w.unit(2))
	both.Holdings = append(both.Holdings, authz.From(w.unit(3)).Holdings...)
	_, err = w.claim(authz.With(t.Context(), both), n, 1)
	refused(t, err, exchange.CodeClaimant, "claimant")
}

func second[T any](_ T, err error) error { return err }

func TestWhatTheCallerMayDoIsSaidByRoleAndState(t *testing.T) {
	w := open(t)
	n := w.published(asksAcceptance)
	c := w.claimed(0, n, 4)
	n = w.reread(n)
	for name, tt := range map[string]struct {
		who  authz.Actor
		want string
	}{
		"secretary": {authz.From(w.secretary()), "[ACCEPT_CLAIM DECLINE_CLAIM CLOSE WITHDRAW]"},
		"claimant":  {authz.From(w.unit(0)), "[WITHDRAW_CLAIM]"},
		"neighbour": {authz.From(w.unit(1)), "[CLAIM]"},
		"nobody":    {authz.Actor{}, "[]"},
	} {
		if got := fmt.Sprint(w.AllowedActions(authz.With(t.Context(), tt.who), n)); got != tt.want {
			t.Errorf("%s: %s", name, got)
		}
	}
	for name, tt := range map[string]struct {
		who  authz.Actor
		want string
	}{
		"secretary": {authz.From(w.secretary()), "[[ACCEPT DECLINE]]"},
		"claimant":  {authz.From(w.unit(0)), "[[WITHDRAW]]"},
		"neighbour": {authz.From(w.unit(1)), "[[]]"},
	} {
		got, err := w.ClaimActions(authz.With(t.Context(), tt.who), []*exchange.Claim{c})
		w.fine(err)
		if fmt.Sprint(got) != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
