package contract

import (
	"testing"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

func TestTheFormOfSignedTextStaysAsItIs(t *testing.T) {
	c := &Contract{Text: Text{
		Title: "共建协议", Purpose: "共建", EffectiveOn: "2026-04-01", EndsOn: "2027-03-31", TimeZone: DefaultZone, NoticeDays: 30,
		Named:   []Named{{Organisation: "com1_a", Part: Host, Name: "东风社区"}, {Organisation: "unt1_b", Part: Partner, Name: "小学", CreditCode: "X", ResponsibleHead: "甲", Liaison: "乙"}},
		Clauses: []*Clause{{Key: "c1", Heading: "总则", Body: "一\n二"}},
		Commitments: []*Commitment{{
			ID: "cmt1_x.m1", Key: "m1", Provider: "unt1_b", Receivers: []id.Organisation{"com1_a"}, Action: "开放操场",
			Quantity: new(scalar.Decimal("2.5")), Unit: "次", Recurrence: new("FREQ=WEEKLY"), StartsOn: date("2026-05-01"),
			EvidenceRequired: []EvidenceKind{Photo}, EvidenceNote: "合影", Weight: 3,
		}},
		SigningOrder: []id.Organisation{"com1_a", "unt1_b"}, Language: "zh-CN", Terms: `{"z":1,"a":["x",null,true]}`,
	}}
	const want = `{"clauses":[{"body":"一\n二","heading":"总则","key":"c1"}],` +
		`"commitments":[{"action":"开放操场","evidenceNote":"合影","evidenceRequired":["PHOTO"],"key":"m1","provider":"unt1_b","quantity":"2.5",` +
		`"receivers":["com1_a"],"recurrence":"FREQ=WEEKLY","standing":false,"startsOn":"2026-05-01","unit":"次","weight":3}],` +
		`"effectiveOn":"2026-04-01","endsOn":"2027-03-31","form":"cobuild-text/1","language":"zh-CN","noticeDays":30,` +
		`"parties":[{"name":"东风社区","organisation":"com1_a","part":"HOST"},` +
		`{"creditCode":"X","liaison":"乙","name":"小学","organisation":"unt1_b","part":"PARTNER","responsibleHead":"甲"}],` +
		`"purpose":"共建","signingOrder":["com1_a","unt1_b"],"terms":{"a":["x",null,true],"z":1},"timeZone":"Asia/Shanghai","title":"共建协议"}`
	got, err := c.canonical()
	if err != nil || string(got) != want {
		t.Fatalf("%v\n%s\n%s", err, got, want)
	}
}

func TestWhatIsKeptBesideTheTextIsBounded(t *testing.T) {
	h := newHouse(t)
	c := h.agreed(h.drafted(draft(), secretary))
	c.Openings = MaxOpenings
	refuses(t, c.ready(VerbOpen, host), fault.CodeTooMany, "")
	c.TextVersion = MaxVersions
	refuses(t, c.ready(VerbRevise, host), fault.CodeTooMany, "")
	c.Remarks = make([]Remark, MaxRemarks)
	refuses(t, c.RequestChanges(By{Party: school}, []Remark{{Body: "x"}}), fault.CodeTooMany, "remarks")
}

func TestTheStatementThatAClientSignsIsWhatIsChecked(t *testing.T) {
	h := newHouse(t)
	c := h.drafted(draft(), secretary)
	if said, err := c.SigningStatement(school); err != nil || said != nil {
		t.Fatalf("nothing is frozen: %v %v", said, err)
	}
	c = h.opened(c)
	said, err := c.SigningStatement(school)
	payload, perr := c.statement(school).Payload()
	if err != nil || perr != nil || *said != string(payload) {
		t.Fatalf("%v %v %s", err, perr, *said)
	}
}
