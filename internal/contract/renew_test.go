package contract

import (
	"bytes"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
)

func TestARenewalIsTheTextInForceBehindItsEnd(t *testing.T) {
	h := newHouse(t)
	c := h.inForce(func(in *DraftInput) {
		in.SigningOrder = []id.Organisation{host, school, bank}
		in.Commitments = append(in.Commitments, CommitmentInput{
			Provider: bank, Receivers: []id.Organisation{host}, Action: "讲座", Recurrence: new("FREQ=MONTHLY"), StartsOn: date("2026-05-15"),
		})
	})
	whole := h.must(c, VerbRenew, teacher)
	if whole.Status != Draft || whole.Predecessor != c.ID || whole.DraftedBy != school || whole.CoDrafted || whole.TextVersion != 1 ||
		whole.EffectiveOn != "2027-04-01" || whole.EndsOn != "2028-03-31" || len(whole.Parties) != 4 || whole.Host != host {
		t.Fatalf("%+v", whole)
	}
	if m := whole.Commitments; *m[1].DueOn != "2027-06-30" || *m[2].StartsOn != "2027-05-15" || m[0].Key != c.Commitments[0].Key {
		t.Fatalf("%+v %+v", m[1], m[2])
	}
	h.annul(whole)
	c = h.left(c)
	rest := h.must(c, VerbRenew, secretary)
	if rest.ID == whole.ID || len(rest.Parties) != 3 || len(rest.Commitments) != 2 || !slices.Equal(rest.Commitments[1].Receivers, []id.Organisation{school}) ||
		!slices.Equal(rest.SigningOrder, []id.Organisation{host, school}) || !rest.CoDrafted {
		t.Fatalf("%+v", rest)
	}
	if now := h.read(c); now.Version != c.Version {
		t.Error("the predecessor was changed")
	}
}

func TestDaysMoveByMonthsWhereThePeriodsLieSo(t *testing.T) {
	for _, x := range []struct{ from, to, from2, to2, day, day2 scalar.Date }{
		{"2026-04-01", "2027-03-31", "2027-04-01", "2028-03-31", "2026-06-30", "2027-06-30"},
		{"2027-03-01", "2028-02-29", "2028-03-01", "2029-02-28", "2028-02-29", "2029-02-28"}, // to a year without a leap day
		{"2026-01-31", "2026-02-27", "2026-02-28", "2026-03-27", "2026-01-31", "2026-02-28"},
		{"2026-03-10", "2026-03-20", "2026-03-21", "2026-03-31", "2026-03-12", "2026-03-23"}, // eleven days
	} {
		c := &Contract{Text: Text{EffectiveOn: x.from, EndsOn: x.to, TimeZone: DefaultZone}}
		m := c.moved(RenewInput{}, x.from)
		if got := m.day(&x.day); m.from != x.from2 || m.until != x.to2 || *got != x.day2 {
			t.Errorf("%s to %s: moved to %s to %s, %s to %s", x.from, x.to, m.from, m.until, x.day, *got)
		}
	}
}

func TestTheDaysOfARenewalCanBeSaid(t *testing.T) {
	h := newHouse(t)
	c := h.inForce()
	bad := RenewInput{ID: c.ID, EffectiveOn: date("2027-05-01"), EndsOn: date("2027-04-01")}
	_, err := h.Renew(h.as(secretary), bad)
	refuses(t, err, CodeEndsBeforeStart, "endsOn")
	_, err = h.Renew(h.as(secretary), RenewInput{ID: c.ID, EffectiveOn: date("soon")})
	refuses(t, err, fault.CodeMalformed, "effectiveOn")
	bad.EndsOn = date("2027-05-31")
	got, err := h.Renew(h.as(secretary), bad)
	if err != nil || got.EffectiveOn != "2027-05-01" || got.EndsOn != "2027-05-31" || *got.Commitments[1].DueOn != "2027-05-31" {
		t.Fatalf("%v %+v", err, got)
	}
}

func TestAContractIsRenewedOnceUnlessTheRenewalCameToNothing(t *testing.T) {
	h := newHouse(t)
	c := h.inForce()
	var wg sync.WaitGroup
	made := make([]*Contract, 6)
	for i := range made {
		wg.Go(func() {
			a := secretary
			if i%2 == 1 {
				a = teacher
			}
			var err error
			made[i], err = h.Renew(h.as(a), RenewInput{ID: c.ID})
			if err != nil && !fault.Is(err, CodeAlreadyRenewed) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	made = slices.DeleteFunc(made, func(c *Contract) bool { return c == nil })
	if len(made) != 1 {
		t.Fatalf("%d were made", len(made))
	}
	_, err := h.does(c, VerbRenew, banker)
	if f := refuses(t, err, CodeAlreadyRenewed, ""); f.Params["successor"] != made[0].ID {
		t.Error(f.Params)
	}
	chain, err := h.Chain(h.as(secretary), made[0])
	if err != nil || len(chain) != 2 || chain[0].ID != c.ID || chain[1].ID != made[0].ID {
		t.Fatalf("%v %v", err, chain)
	}
	for range MaxRenewals - 1 {
		h.annul(made[0])
		made[0] = h.must(c, VerbRenew, secretary)
	}
	h.annul(made[0])
	_, err = h.does(c, VerbRenew, secretary)
	refuses(t, err, fault.CodeTooMany, "")
}

func TestARenewalSentTwiceIsDoneOnce(t *testing.T) {
	h := newHouse(t)
	c := h.inForce()
	var first id.Contract
	for i := range 2 {
		once := store.NewOnce("secretary", "r1", []byte("same"))
		got, err := h.Renew(store.WithOnce(h.as(secretary), once), RenewInput{ID: c.ID})
		if err != nil || once.Replayed != (i == 1) || first != "" && got.ID != first {
			t.Fatalf("time %d: %v", i, err)
		}
		first = got.ID
	}
}

func TestAnExpiredContractIsRenewedWithinNinetyDays(t *testing.T) {
	h := newHouse(t)
	c := h.later(h.inForce(), 365*oneDay)
	h.at("2027-06-29T15:59:59Z")
	got := h.must(c, VerbRenew, teacher)
	if got.EffectiveOn != "2027-06-29" || got.EndsOn != "2028-06-28" {
		t.Fatalf("%s to %s", got.EffectiveOn, got.EndsOn)
	}
	h.annul(got)
	h.at("2027-06-29T16:00:00Z")
	_, err := h.does(c, VerbRenew, teacher)
	if f := refuses(t, err, CodeRenewalTooLate, ""); f.Params["until"] != scalar.Date("2027-06-29") {
		t.Error(f.Params)
	}
}

func TestTimeDraftsTheRenewalOfATextThatSaysSo(t *testing.T) {
	h := newHouse(t)
	c := h.inForce(func(in *DraftInput) { in.AutoRenew = new(true) })
	h.at("2027-01-30T15:59:59Z") // 60 days from the 31st of January are the end
	if h.tick(); h.read(c).RenewalReady != nil {
		t.Fatal("it was drafted a moment early")
	}
	h.at("2027-01-30T16:00:00Z")
	for range 2 {
		h.tick()
	}
	next, err := h.Successors(h.as(secretary), []id.Contract{c.ID})
	if err != nil || next[0] == nil || next[0].Status != Draft || next[0].DraftedBy != host || !next[0].AutoRenew || next[0].Revisions[0].Person != "" {
		t.Fatalf("%v %+v", err, next)
	}
	if e := next[0].Outbox[0]; e.Type != ToldDrafted || e.Actor != "system" || bytes.Contains(e.Data, []byte("\x02party\x00")) {
		t.Errorf("told of %q by %q", e.Type, e.Actor)
	}
	if c = h.read(c); c.Status != Active || c.RenewalReady == nil {
		t.Fatalf("%s", c.Status)
	}
}

func TestTimeLeavesARenewalToPeopleWhereTheyDraftedItOrTheHostLeaves(t *testing.T) {
	h := newHouse(t)
	renews := func(in *DraftInput) { in.AutoRenew = new(true) }
	c := h.inForce(renews)
	h.must(c, VerbRenew, teacher)
	if c = h.later(c, 320*oneDay); c.RenewalReady == nil || c.Status != Active {
		t.Fatalf("%s", c.Status)
	}
	h = newHouse(t)
	c = h.inForce(renews)
	late := NoticeInput{step(c), date("2027-03-31"), "撤销建制"}
	if _, err := h.GiveNotice(h.as(secretary), late); err != nil {
		t.Fatal(err)
	}
	if c = h.later(c, 320*oneDay); c.RenewalReady != nil {
		t.Fatal("drafted in the name of a host that leaves")
	}
}

func TestTextsThatDoNotRenewThemselvesAreSignedAsBefore(t *testing.T) {
	h := newHouse(t)
	c := h.opened(h.drafted(draft(), secretary))
	if strings.Contains(*c.CanonicalText(), "autoRenew") {
		t.Error("the word changes the bytes of every text")
	}
	in := draft()
	in.AutoRenew = new(true)
	if c = h.opened(h.drafted(in, secretary)); !strings.Contains(*c.CanonicalText(), `"autoRenew":true`) {
		t.Error("what is signed does not say that it renews itself")
	}
}
