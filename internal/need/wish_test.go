package need

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/exchange"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

const telephone = "王奶奶 13812345678"

func wish(change ...func(*Input)) Input {
	in := input(func(in *Input) {
		in.Kind, in.Title, in.Quantity, in.Unit, in.Contact = new(MicroWish), "想要一台收音机", 1, "台", new(telephone)
		in.Resident = new(id.Person("per1_00000000000000000000000000"))
	})
	for _, c := range change {
		c(&in)
	}
	return in
}

func (w *world) wished(change ...func(*Input)) *Need {
	w.t.Helper()
	in := wish(change...)
	n, err := w.Publish(w.secretary(), PublishInput{Need: &in})
	w.fine(err)
	return n
}

func (w *world) consents(n *Need, agrees bool) {
	w.t.Helper()
	_, err := w.Consent(w.steward(), ConsentInput{ID: n.ID, Consent: agrees})
	w.fine(err)
}

func TestAMicroWishSaysNothingOfWhoseItIs(t *testing.T) {
	w := open(t)
	for name, tt := range map[string]struct {
		change func(*Input)
		code   fault.Code
		at     string
	}{
		"a telephone number in the title":   {func(in *Input) { in.Title = "请打 138-1234-5678" }, CodeWishReach, "title"},
		"a telephone number in the text":    {func(in *Input) { in.Text = new("座机 0510 83590000") }, CodeWishReach, "text"},
		"an address of mail":                {func(in *Input) { in.Text = new("wang@example.org") }, CodeWishReach, "text"},
		"an identity number":                {func(in *Input) { in.Text = new("320206199003071234") }, exchange.CodeIdentity, "text"},
		"an identity number as the contact": {func(in *Input) { in.Contact = new("320206199003071234") }, exchange.CodeIdentity, "contact"},
		"where the resident lives":          {func(in *Input) { in.Place = point(120.29, 31.68) }, CodeWishPlace, "place"},
		"a long contact":                    {func(in *Input) { in.Contact = new(strings.Repeat("x", 201)) }, fault.CodeTooLong, "contact"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.Collect(w.steward(), CollectInput{Need: wish(tt.change)})
			refused(t, err, tt.code, "need."+tt.at)
		})
	}
	_, err := w.Collect(w.unit(0), CollectInput{Need: wish()})
	refused(t, err, CodeWishOf, "need.kind")
}

func TestTheContactIsShownToWhoHasTakenTheWishOnWhileTheResidentAgrees(t *testing.T) {
	w := open(t)
	n := w.wished(asksAcceptance)
	shown := func(who string, want bool) {
		t.Helper()
		got := w.seen(w.people()[who], n)
		if (got.Reach != "") != want || got.Resident != "" {
			t.Errorf("%s is shown %q of %q", who, got.Reach.Clear(), got.Resident)
		}
	}
	for who, sees := range map[string]bool{"secretary": true, "steward": true, "supervisor": false, "own member": false, "neighbour": false} {
		shown(who, sees)
	}
	w.consents(n, true)
	shown("claimant", false)
	c := w.claimed(0, n, 1)
	shown("claimant", false) // not accepted yet
	_, err := w.AcceptClaim(w.secretary(), exchange.AcceptInput{ID: c.ID})
	w.fine(err)
	shown("claimant", true)
	shown("neighbour", false)
	shown("supervisor", false)
	w.consents(n, false)
	shown("claimant", false)
	w.consents(n, true)
	shown("claimant", true)
	n = w.reported(0, c)
	shown("claimant", true)
	_, err = w.Confirm(w.secretary(), ConfirmInput{ID: n.ID, Change: change(n)})
	w.fine(err)
	shown("claimant", false) // the matter is closed
	shown("secretary", true)
	w.wait(KeepContact - time.Second)
	w.tick()
	shown("secretary", true)
	w.wait(time.Second)
	w.tick()
	shown("secretary", false)
	w.tells(n, ToldPublished, ToldConsented, ToldClaimed, ToldClaimAccepted, ToldConsentWithdrawn, ToldConsented, ToldReported, ToldFulfilled, ToldConfirmed, ToldContactDeleted)
}

// Several may take a wish on together. Each is shown the contact for itself, as long as its own claim lasts.
func TestAWishTakenOnByTwoIsShownToBothAndToNobodyElse(t *testing.T) {
	w := open(t)
	n := w.wished(asksAcceptance, func(in *Input) { in.Title, in.Quantity, in.Unit = "想去一趟医院，要两个人扶", 2, "人" })
	w.consents(n, true)
	var claims []*exchange.Claim
	for i := range 2 {
		c := w.claimed(i, n, 1)
		if got := w.seen(w.unit(i), n); got.Reach != "" {
			t.Errorf("unit %d is not accepted yet, and is shown the contact", i)
		}
		_, err := w.AcceptClaim(w.secretary(), exchange.AcceptInput{ID: c.ID})
		w.fine(err)
		claims = append(claims, c)
	}
	if got := w.reread(n); got.Status != Claimed || got.Left() != 0 {
		t.Fatalf("taken on by two it is %s with %d left", got.Status, got.Left())
	}
	_, err := w.claim(w.unit(2), n, 1)
	refused(t, err, CodeWrongState, "need")
	shown := func(when string, want ...bool) {
		t.Helper()
		for i, sees := range want {
			if got := w.seen(w.unit(i), n); (got.Reach != "") != sees {
				t.Errorf("%s unit %d is shown %q", when, i, got.Reach.Clear())
			}
		}
	}
	shown("taken on by two,", true, true, false)
	_, err = w.WithdrawClaim(w.unit(0), exchange.WithdrawInput{ID: claims[0].ID})
	w.fine(err)
	shown("left by the first,", false, true, false)
	third := w.claimed(2, n, 1)
	shown("asked for by a third,", false, true, false)
	_, err = w.DeclineClaim(w.secretary(), exchange.DeclineInput{ID: third.ID})
	w.fine(err)
	w.reported(1, claims[1])
	shown("done by the second,", false, true, false)
	w.consents(n, false)
	shown("without consent,", false, false, false)
}

func TestConsentEndsWithTheContactItWasGivenFor(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*Input)
		ends   bool
	}{
		"another number":            {func(in *Input) { in.Contact = new("李爷爷 13987654321") }, true},
		"another resident":          {func(in *Input) { in.Resident = new(id.Person("per1_00000000000000000000000001")) }, true},
		"the same number, as it is": {func(*Input) {}, false},
		"nothing said of either":    {func(in *Input) { in.Contact, in.Resident = nil, nil }, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := open(t)
			n, err := w.Collect(w.steward(), CollectInput{Need: wish()})
			w.fine(err)
			w.consents(n, true)
			n = w.reread(n)
			n, err = w.Change(w.steward(), ChangeInput{ID: n.ID, Change: change(n), Need: wish(tt.change)})
			w.fine(err)
			n, err = w.Verify(w.secretary(), VerifyInput{ID: n.ID, Change: change(n)})
			w.fine(err)
			n, err = w.Publish(w.secretary(), PublishInput{ID: &n.ID, ExpectedVersion: &n.Version})
			w.fine(err)
			w.claimed(0, n, 1)
			if got := w.seen(w.unit(0), n); (got.Reach == "") != tt.ends || (got.ConsentAt == nil) != tt.ends {
				t.Errorf("the claimant is shown %q, agreed to at %v", got.Reach.Clear(), got.ConsentAt)
			}
			want := []string{ToldCollected, ToldConsented, ToldChanged, ToldVerified, ToldPublished, ToldClaimed}
			if tt.ends {
				want = slices.Insert(want, 3, ToldConsentWithdrawn)
			}
			w.tells(n, want...)
			w.consents(n, true)
			if got := w.seen(w.unit(0), n); got.Reach != w.reread(n).Reach {
				t.Errorf("agreed to anew, the claimant is shown %q", got.Reach.Clear())
			}
		})
	}
}

func TestConsentIsForMicroWishesWithAContactAndItsOwnPeople(t *testing.T) {
	w := open(t)
	plain, bare, n := w.published(), w.wished(func(in *Input) { in.Contact, in.Resident = nil, nil }), w.wished()
	_, err := w.Consent(w.secretary(), ConsentInput{ID: plain.ID, Consent: true})
	refused(t, err, CodeReach, "")
	_, err = w.Consent(w.secretary(), ConsentInput{ID: bare.ID, Consent: true})
	refused(t, err, CodeNoReach, "")
	_, err = w.Consent(w.unit(0), ConsentInput{ID: n.ID, Consent: true})
	refused(t, err, fault.CodeForbidden, "")
	_, err = w.Consent(w.stranger(), ConsentInput{ID: n.ID, Consent: true})
	refused(t, err, fault.CodeNotFound, "")
}

func TestTheContactGoesWithTheErasureOfItsResident(t *testing.T) {
	w := open(t)
	n := w.wished()
	w.consents(n, true)
	w.fine(w.Forget(t.Context(), "per1_00000000000000000000000001"))
	if got := w.reread(n); got.Reach == "" {
		t.Error("somebody else's erasure took it")
	}
	w.fine(w.Forget(t.Context(), "per1_00000000000000000000000000"))
	w.fine(w.Forget(t.Context(), "per1_00000000000000000000000000"))
	if got := w.reread(n); got.Reach != "" || got.Resident != "" || got.ConsentAt != nil {
		t.Errorf("there is still %+v", got)
	}
}

func TestTheContactIsNeverKeptInClear(t *testing.T) {
	w := open(t)
	n := w.wished()
	raw, err := w.db.Get(t.Context(), "needs", string(n.ID))
	w.fine(err)
	if bytes.Contains(raw, []byte("13812345678")) || raw.Lookup("contact").Type != bson.TypeBinary {
		t.Error("the store holds it in clear")
	}
	if events := raw.Lookup("outbox").String(); strings.Contains(events, "per1_0") && strings.Contains(events, "resident") {
		t.Errorf("an event names the resident: %s", events)
	}
}

// Nobody reports or confirms the wish, and its end never comes: how to reach the resident goes all the same.
func TestTheContactIsNotKeptForEverWhereTheMatterHasNoEnd(t *testing.T) {
	for name, done := range map[string]bool{"nobody reports": false, "nobody confirms": true} {
		t.Run(name, func(t *testing.T) {
			w := open(t)
			n := w.wished()
			w.consents(n, true)
			if c := w.claimed(0, n, 1); done {
				w.reported(0, c)
			}
			last := n.ValidUntil.End(exchange.Zone())
			w.wait(last.Sub(w.now()) + KeepContact - time.Second)
			w.tick()
			if got := w.reread(n); got.Status.Over() || got.Reach == "" {
				t.Fatalf("it is %s, reached by %q", got.Status, got.Reach.Clear())
			}
			w.wait(time.Second)
			w.tick()
			got := w.reread(n)
			if got.Status.Over() || got.Reach != "" || got.Resident != "" || got.ConsentAt != nil || got.ReachUntil != nil {
				t.Errorf("there is still %+v", got)
			}
			if seen := w.seen(w.unit(0), n); seen.Reach != "" {
				t.Error("the claimant is still shown it")
			}
			if n := w.tick(); n != 0 {
				t.Errorf("%d are changed again", n)
			}
		})
	}
}

func TestAWishThatIsChangedKeepsItsContactByItsNewLastDay(t *testing.T) {
	w := open(t)
	n, err := w.Collect(w.steward(), CollectInput{Need: wish()})
	w.fine(err)
	n, err = w.Change(w.steward(), ChangeInput{Change: change(n), ID: n.ID, Need: wish(func(in *Input) { in.ValidUntil = "2027-01-31" })})
	w.fine(err)
	if want := n.ValidUntil.End(exchange.Zone()).Add(KeepContact); n.ReachUntil == nil || !n.ReachUntil.Equal(want) {
		t.Errorf("kept until %v, want %v", n.ReachUntil, want)
	}
}
