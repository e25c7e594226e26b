package contract

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/signing"
	"github.com/cobuild/cobuild/internal/platform/store"
)

func TestAContractGoesFromDraftToItsEnd(t *testing.T) {
	h := newHouse(t)
	c := h.drafted(draft(), secretary)
	if c.Status != Draft || c.TextVersion != 1 || c.DraftedBy != host || c.SubDistrict != north || c.District != xi {
		t.Fatalf("drafted: %+v", c)
	}
	c = h.opened(c)
	if c.Status != Signing || signing.Hash(c.Frozen.Bytes) != *c.TextHash() || !strings.Contains(*c.CanonicalText(), `"form":"cobuild-text/1"`) {
		t.Fatalf("opened: %s %s", c.Status, *c.CanonicalText())
	}
	c = h.must(c, VerbSign, banker, secretary)
	if c.Status != Signing || c.WakeAt != nil {
		t.Fatalf("two of three have signed: %s", c.Status)
	}
	c = h.must(c, VerbSign, teacher)
	if c.Status != Signed || !c.WakeAt.Equal(time.Date(2026, 3, 31, 16, 0, 0, 0, time.UTC)) {
		t.Fatalf("all have signed: %s, wakes at %v", c.Status, c.WakeAt)
	}
	h.at("2026-03-31T15:59:59Z")
	if n := h.tick(); n != 0 {
		t.Fatalf("the first day has not begun: %d moved", n)
	}
	h.at("2026-03-31T16:00:00Z")
	if n := h.tick(); n != 1 || h.read(c).Status != Active {
		t.Fatalf("the first day has begun: %d moved", n)
	}
	h.at("2027-03-31T15:59:59Z")
	if n := h.tick(); n != 0 {
		t.Fatalf("the last day is not over: %d moved", n)
	}
	h.at("2027-03-31T16:00:00Z")
	c = h.read(c)
	if n := h.tick(); n != 1 || h.read(c).Status != Expired || h.read(c).WakeAt != nil {
		t.Fatalf("the last day is over: %d moved", n)
	}
	want := []string{
		ToldDrafted, ToldProposed, ToldAgreed, ToldAgreed, ToldOpened, ToldSigned, ToldSigned, ToldSigned, ToldSealed, ToldActivated, ToldExpired,
	}
	if got := told(h.read(c)); !slices.Equal(got, want) {
		t.Fatalf("told %v", got)
	}
}

func TestEventsCarryWhatLaterReadersNeed(t *testing.T) {
	h := newHouse(t)
	c := h.signed(h.drafted(draft(), secretary))
	sealed := c.Outbox[len(c.Outbox)-1]
	var got struct {
		Status      string
		TextVersion int      `bson:"textVersion"`
		TimeZone    string   `bson:"timeZone"`
		EffectiveOn string   `bson:"effectiveOn"`
		EndsOn      string   `bson:"endsOn"`
		Host        string   `bson:"host"`
		SubDistrict string   `bson:"subDistrict"`
		Readers     []string `bson:"readers"`
		Commitments []struct {
			ID, Key, Provider, Action string
			Receivers                 []string
			Recurrence, DueOn         *string
			Weight                    int
		}
	}
	if err := bson.Unmarshal(sealed.Data, &got); err != nil {
		t.Fatal(err)
	}
	if got.Status != "SIGNED" || got.TextVersion != 1 || got.TimeZone != "Asia/Shanghai" || got.EffectiveOn != "2026-04-01" ||
		got.EndsOn != "2027-03-31" || got.Host != string(host) || got.SubDistrict != string(north) || len(got.Readers) != 5 {
		t.Fatalf("%+v", got)
	}
	if m := got.Commitments[0]; m.ID != string(c.Commitments[0].ID) || m.Key != "m1" || m.Provider != string(school) || *m.Recurrence == "" || m.Weight != 1 {
		t.Fatalf("%+v", m)
	}
	if len(sealed.Audience) != 5 || !slices.Contains(sealed.Audience, string(xi)) {
		t.Fatalf("audience %v", sealed.Audience)
	}
}

func TestAUnitsDraftNeedsTheHostAsCoDrafter(t *testing.T) {
	h := newHouse(t)
	c := h.drafted(draft(), teacher)
	if c.DraftedBy != school || c.CoDrafted {
		t.Fatalf("%+v", c)
	}
	_, err := h.does(c, VerbPropose, teacher)
	refuses(t, err, CodeHostMustDraft, "")
	_, err = h.does(c, VerbRevise, banker)
	refuses(t, err, CodeNotDrafter, "")

	revised := h.must(c, VerbRevise, secretary)
	if !revised.CoDrafted || revised.TextVersion != 2 {
		t.Fatalf("%+v", revised)
	}
	if c := h.must(revised, VerbPropose, teacher); c.Status != Negotiating || c.Party(school).State != Agreed || c.Party(host).State != Invited {
		t.Fatalf("the unit proposes after the host's revision: %s", c.Status)
	}
	other := h.drafted(draft(), teacher)
	if c := h.must(other, VerbPropose, secretary); c.Status != Negotiating || !c.CoDrafted {
		t.Fatalf("the host proposes itself: %s", c.Status)
	}
}

func TestARevisionVoidsTheAgreementOfTheOthers(t *testing.T) {
	h := newHouse(t)
	c := h.agreed(h.drafted(draft(), secretary))
	c = h.must(c, VerbRevise, banker)
	if c.TextVersion != 2 || c.Party(bank).State != Agreed || c.Party(host).State != Invited || c.Party(school).State != Invited {
		t.Fatalf("%+v", c.Parties)
	}
	_, err := h.does(c, VerbOpen, secretary)
	if f := refuses(t, err, CodeNotAgreed, ""); !slices.Equal(f.Params["organisations"].([]id.Organisation), []id.Organisation{host, school}) {
		t.Fatalf("%v", f.Params)
	}
	c = h.must(c, VerbAgree, secretary, teacher)
	if c = h.must(c, VerbOpen, secretary); c.Status != Signing {
		t.Fatal(c.Status)
	}
}

func TestARevisionThatSaysTheSameIsNone(t *testing.T) {
	h := newHouse(t)
	c := h.drafted(draft(), secretary)
	_, err := h.Revise(h.as(secretary), ReviseInput{Change: step(c).Change, ID: c.ID, Title: &c.Title})
	refuses(t, err, CodeUnchanged, "")
}

func TestHostDrafterAndReviserKeepTheirPartsInARevision(t *testing.T) {
	h := newHouse(t)
	c := h.must(h.drafted(draft(), secretary), VerbPropose, secretary)
	without := func(o id.Organisation) []PartyInput {
		return slices.DeleteFunc(draft().Parties, func(p PartyInput) bool { return p.Organisation == o })
	}
	own := []CommitmentInput{{Provider: host, Receivers: []id.Organisation{bank}, Action: "提供场地", Standing: new(true)}}
	_, err := h.Revise(h.as(teacher), ReviseInput{Change: step(c).Change, ID: c.ID, Parties: without(school), Commitments: own})
	refuses(t, err, CodePartyStays, "parties")
	c, err = h.Revise(h.as(secretary), ReviseInput{Change: step(c).Change, ID: c.ID, Parties: without(school), Commitments: own})
	if err != nil || c.Party(school) != nil || slices.Contains(c.Readers, school) {
		t.Fatalf("the host may leave out a partner: %v", err)
	}
	if _, err := h.Contract(h.as(teacher), c.ID); !fault.Is(err, fault.CodeNotFound) {
		t.Fatalf("who is no party any longer does not read: %v", err)
	}
}

func TestRequestedChangesGoBackToTheDrafter(t *testing.T) {
	h := newHouse(t)
	c := h.must(h.drafted(draft(), secretary), VerbPropose, secretary)
	c = h.must(c, VerbAgree, teacher)
	in := RequestChangesInput{step(c), []RemarkInput{{ClauseKey: new("c1"), Body: "太短"}, {CommitmentKey: new("m9"), Body: "?"}}}
	_, err := h.RequestChanges(h.as(teacher), in)
	refuses(t, err, CodeNoSuchPart, "remarks.1.commitmentKey")
	in.Remarks[1].CommitmentKey = new("m2")
	c, err = h.RequestChanges(h.as(teacher), in)
	if err != nil || c.Turn != host || len(c.Remarks) != 2 || c.Remarks[0].Organisation != school || c.Party(school).State != Invited {
		t.Fatalf("%v %+v", err, c)
	}
	_, err = h.does(c, VerbRequestChanges, secretary)
	refuses(t, err, CodeOwnText, "")
	if c = h.must(c, VerbRevise, secretary); c.Turn != "" {
		t.Fatal("the text has been revised: nobody's turn")
	}
}

func TestWhoDeclinesLeaves(t *testing.T) {
	h := newHouse(t)
	c := h.must(h.drafted(draft(), secretary), VerbPropose, secretary)
	_, err := h.does(c, VerbDecline, secretary)
	refuses(t, err, CodeDrafterStays, "")
	c = h.must(c, VerbDecline, teacher)
	if c.Status != Negotiating || c.Party(school).State != Left || slices.Contains(c.Readers, school) {
		t.Fatalf("%+v", c)
	}
	if _, err := h.Contract(h.as(teacher), c.ID); !fault.Is(err, fault.CodeNotFound) {
		t.Fatalf("who has left reads it still: %v", err)
	}
	c = h.must(c, VerbAgree, banker)
	_, err = h.does(c, VerbOpen, secretary)
	refuses(t, err, CodePartyLeft, "")
	if c = h.must(c, VerbDecline, banker); c.Status != Declined || c.EndedAt == nil {
		t.Fatalf("no partner is left: %s", c.Status)
	}
}

func TestAPartyThatDeclinedIsInvitedAgainByNamingIt(t *testing.T) {
	h := newHouse(t)
	c := h.must(h.drafted(draft(), secretary), VerbPropose, secretary)
	c = h.must(c, VerbDecline, teacher)
	c = h.must(c, VerbRevise, secretary)
	if p := c.Party(school); p.State != Invited || p.AgreedTo != 0 || !slices.Contains(c.Readers, school) {
		t.Fatalf("%+v", p)
	}
}

func TestReopeningVoidsSignaturesAndKeepsThem(t *testing.T) {
	h := newHouse(t)
	c := h.must(h.opened(h.drafted(draft(), secretary)), VerbSign, secretary, banker)
	hash := c.Frozen.Hash
	_, err := h.does(c, VerbReopen, banker)
	refuses(t, err, CodeAlreadySigned, "")
	c = h.must(c, VerbReopen, teacher)
	if c.Status != Negotiating || c.Frozen != nil || len(c.Signatures()) != 0 || len(c.Void) != 2 || c.Void[0].TextHash != hash {
		t.Fatalf("%+v", c)
	}
	if c.Party(school).State != Invited || c.Party(bank).State != Agreed {
		t.Fatal("who reopens agrees no longer; the others still do")
	}
	c = h.must(c, VerbAgree, teacher)
	c = h.must(c, VerbOpen, secretary)
	if c = h.must(c, VerbSign, secretary, banker, teacher); c.Status != Signed || c.Frozen.Hash != hash {
		t.Fatalf("the same text has the same hash: %s", c.Status)
	}
}

func TestARepeatedMutationIsDoneOnce(t *testing.T) {
	h := newHouse(t)
	once := func(a authz.Actor, key, input string) context.Context {
		return store.WithOnce(h.as(a), store.NewOnce(string(a.Person), key, []byte(input)))
	}
	first, err := h.Draft(once(secretary, "d", "1"), draft())
	if err != nil {
		t.Fatal(err)
	}
	again, err := h.Draft(once(secretary, "d", "1"), draft())
	if err != nil || again.ID != first.ID {
		t.Fatalf("%v: %s and %s", err, first.ID, again.ID)
	}
	_, err = h.Draft(once(secretary, "d", "2"), draft())
	refuses(t, err, fault.CodeMismatch, "clientMutationId")

	c := h.opened(first)
	in := SignInput{ID: c.ID, TextHash: c.Frozen.Hash}
	for range 2 {
		if _, err := h.Sign(once(banker, "s", "1"), in); err != nil {
			t.Fatalf("the repeat of a signature: %v", err)
		}
	}
	if c = h.read(c); len(c.Signatures()) != 1 {
		t.Fatal("signed twice")
	}
}

func TestAStaleVersionIsAConflict(t *testing.T) {
	h := newHouse(t)
	c := h.drafted(draft(), secretary)
	_, err := h.Propose(h.as(secretary), ProposeInput{StepInput{Change: command.Change{ExpectedVersion: c.Version + 1}, ID: c.ID}})
	if f := refuses(t, err, fault.CodeConflict, "expectedVersion"); f.Params["current"] != c.Version {
		t.Fatal(f.Params)
	}
}

func TestWhoActsForSeveralSaysForWhom(t *testing.T) {
	h := newHouse(t)
	both := person("both", authz.Liaison, school, true)
	both.Holdings = append(both.Holdings, authz.Holding{Role: authz.Liaison, Organisation: bank, Signing: true})
	_, err := h.Draft(h.as(both), draft())
	refuses(t, err, CodeAmbiguousParty, "party")
	in := draft()
	in.Party = new(bank)
	if c := h.drafted(in, both); c.DraftedBy != bank {
		t.Fatal(c.DraftedBy)
	}
	in.Party = new(hospital)
	_, err = h.Draft(h.as(both), in)
	refuses(t, err, CodeNotAParty, "party")
	in.Party = new(host)
	_, err = h.Draft(h.as(both), in)
	refuses(t, err, fault.CodeForbidden, "")
}
