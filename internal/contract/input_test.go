package contract

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/recurrence"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// bad is one way to spoil a good draft, and what is said of it.
type bad struct {
	name  string
	spoil func(*DraftInput)
	code  fault.Code
	path  string
}

func TestBadTextsAreRefusedOneByOne(t *testing.T) {
	h := newHouse(t)
	for _, c := range slices.Concat(badTexts(), badParties(), badCommitments()) {
		t.Run(c.name, func(t *testing.T) {
			in := draft()
			c.spoil(&in)
			_, err := h.Draft(h.as(secretary), in)
			f := refuses(t, err, c.code, c.path)
			if f.Kind != fault.Invalid {
				t.Errorf("kind %v", f.Kind)
			}
		})
	}
	l, err := h.Contracts(h.as(secretary), nil, nil, first(1))
	if err != nil || len(l.Edges) != 0 {
		t.Fatalf("something was kept: %v", err)
	}
}

func badTexts() []bad {
	return []bad{
		{"no title", func(in *DraftInput) { in.Title = "  " }, fault.CodeRequired, "title"},
		{"a title too long", func(in *DraftInput) { in.Title = strings.Repeat("长", MaxTitle+1) }, fault.CodeTooLong, "title"},
		{"a control character", func(in *DraftInput) { in.Title = "a\x07b" }, fault.CodeControl, "title"},
		{"invalid UTF-8", func(in *DraftInput) { in.Purpose = new("a\xffb") }, fault.CodeNotUTF8, "purpose"},
		{"end before start", func(in *DraftInput) { in.EndsOn = "2026-03-31" }, CodeEndsBeforeStart, "endsOn"},
		{"no such day", func(in *DraftInput) { in.EffectiveOn = "2026-02-29" }, fault.CodeMalformed, "effectiveOn"},
		{"too many years", func(in *DraftInput) { in.EndsOn = "2099-01-01" }, fault.CodeOutOfRange, "endsOn"},
		{"an empty zone", func(in *DraftInput) { in.TimeZone = new("") }, fault.CodeRequired, "timeZone"},
		{"no such zone", func(in *DraftInput) { in.TimeZone = new("Asia/Wuxi") }, CodeUnknownZone, "timeZone"},
		{"the machine's zone", func(in *DraftInput) { in.TimeZone = new("Local") }, CodeUnknownZone, "timeZone"},
		{"a path as zone", func(in *DraftInput) { in.TimeZone = new("../../etc/passwd") }, CodeUnknownZone, "timeZone"},
		{"notice below none", func(in *DraftInput) { in.NoticeDays = new(-1) }, fault.CodeOutOfRange, "noticeDays"},
		{"no such language", func(in *DraftInput) { in.Language = new("?") }, fault.CodeMalformed, "language"},
		{"a clause without words", func(in *DraftInput) { in.Clauses[0].Body = "" }, fault.CodeRequired, "clauses.0.body"},
		{"a key twice", func(in *DraftInput) {
			in.Clauses = []ClauseInput{{Key: new("a"), Heading: "x", Body: "y"}, {Key: new("a"), Heading: "x", Body: "y"}}
		}, fault.CodeDuplicate, "clauses.1.key"},
		{"a key with a dot", func(in *DraftInput) { in.Clauses[0].Key = new("a.b") }, fault.CodeMalformed, "clauses.0.key"},
		{"too many clauses", func(in *DraftInput) { in.Clauses = make([]ClauseInput, MaxClauses+1) }, fault.CodeTooMany, "clauses"},
		{"a text too long as a whole", func(in *DraftInput) {
			for range 10 {
				in.Clauses = append(in.Clauses, ClauseInput{Heading: "x", Body: strings.Repeat("长", MaxBody)})
			}
		}, fault.CodeTooLong, ""},
		{"an integer too large", func(in *DraftInput) { in.Terms = new(scalar.JSON(`{"a":{"b":9007199254740993}}`)) }, fault.CodeNumber, "terms.a.b"},
		{"a fraction", func(in *DraftInput) { in.Terms = new(scalar.JSON(`{"a":[1,2.5]}`)) }, fault.CodeNumber, "terms.a.1"},
		{"a key with $", func(in *DraftInput) { in.Terms = new(scalar.JSON(`{"$a":1}`)) }, fault.CodeBadKey, "terms"},
		{"a key with a dot in terms", func(in *DraftInput) { in.Terms = new(scalar.JSON(`{"x":{"a.b":1}}`)) }, fault.CodeBadKey, "terms.x"},
		{"terms too deep", func(in *DraftInput) {
			in.Terms = new(scalar.JSON(strings.Repeat(`{"a":`, 20) + "1" + strings.Repeat("}", 20)))
		}, fault.CodeTooDeep, "terms" + strings.Repeat(".a", scalar.MaxJSONDepth+1)},
		{"terms too large", func(in *DraftInput) {
			in.Terms = new(scalar.JSON(`{"a":"` + strings.Repeat("x", scalar.MaxJSON) + `"}`))
		}, fault.CodeTooLong, "terms"},
	}
}

func badParties() []bad {
	return []bad{
		{"nobody else", func(in *DraftInput) { in.Parties = in.Parties[:1] }, fault.CodeTooFew, "parties"},
		{"too many", func(in *DraftInput) { in.Parties = make([]PartyInput, MaxParties+1) }, fault.CodeTooMany, "parties"},
		{"no host", func(in *DraftInput) { in.Parties = in.Parties[1:] }, CodeOneHost, "parties"},
		{"two hosts", func(in *DraftInput) { in.Parties[1].Part = Host }, CodeOneHost, "parties"},
		{"a unit as host", func(in *DraftInput) { in.Parties[1].Part = Host }, CodeHostKind, "parties.1.organisation"},
		{"a sub-district as partner", func(in *DraftInput) { in.Parties[1].Organisation = north }, CodePartnerKind, "parties.1.organisation"},
		{"no partner", func(in *DraftInput) { in.Parties[1].Part, in.Parties[2].Part = Witness, Witness }, CodeNeedsPartner, "parties"},
		{"a party twice", func(in *DraftInput) { in.Parties[2] = in.Parties[1] }, fault.CodeDuplicate, "parties.2.organisation"},
		{"nobody knows it", func(in *DraftInput) {
			in.Parties[1].Organisation = id.Derived[id.Organisation](id.KindUnit, "?")
		}, CodeNoOrganisation, "parties.1.organisation"},
		{"no organisation's id", func(in *DraftInput) {
			in.Parties[1].Organisation = id.Derived[id.Organisation](id.KindPerson, "?")
		}, fault.CodeWrongID, "parties.1.organisation"},
		{"no such part", func(in *DraftInput) { in.Parties[1].Part = "FRIEND" }, fault.CodeMalformed, "parties.1.part"},
		{"an order that leaves one out", func(in *DraftInput) { in.SigningOrder = []id.Organisation{host, school} }, CodeSigningOrder, "signingOrder"},
		{"an order with a stranger", func(in *DraftInput) {
			in.SigningOrder = []id.Organisation{host, school, hospital}
		}, CodeSigningOrder, "signingOrder.2"},
		{"an order with one twice", func(in *DraftInput) { in.SigningOrder = []id.Organisation{host, host, school, bank} }, CodeSigningOrder, "signingOrder.1"},
	}
}

func badCommitments() []bad {
	m := func(name string, spoil func(*CommitmentInput), code fault.Code, path string) bad {
		return bad{name, func(in *DraftInput) { spoil(&in.Commitments[1]) }, code, "commitments.1." + path}
	}
	return []bad{
		m("no action", func(m *CommitmentInput) { m.Action = "" }, fault.CodeRequired, "action"),
		m("a provider that is no party", func(m *CommitmentInput) { m.Provider = hospital }, CodeProviderNoParty, "provider"),
		m("a receiver that is no party", func(m *CommitmentInput) { m.Receivers[1] = hospital }, CodeReceiverNoParty, "receivers.1"),
		m("the provider receives", func(m *CommitmentInput) { m.Receivers[1] = host }, CodeProviderReceives, "receivers.1"),
		m("a receiver twice", func(m *CommitmentInput) { m.Receivers[1] = school }, fault.CodeDuplicate, "receivers.1"),
		m("no receiver", func(m *CommitmentInput) { m.Receivers = nil }, fault.CodeTooFew, "receivers"),
		m("due before the contract", func(m *CommitmentInput) { m.DueOn = date("2026-03-31") }, CodeOutsidePeriod, "dueOn"),
		m("due after the contract", func(m *CommitmentInput) { m.DueOn = date("2027-04-01") }, CodeOutsidePeriod, "dueOn"),
		m("starts after the contract", func(m *CommitmentInput) { m.StartsOn = date("2027-04-01") }, CodeOutsidePeriod, "startsOn"),
		m("due before it starts", func(m *CommitmentInput) { m.StartsOn = date("2026-07-01") }, CodeOutsidePeriod, "dueOn"),
		m("never due", func(m *CommitmentInput) { m.DueOn = nil }, CodeNoTime, "dueOn"),
		m("due and recurring", func(m *CommitmentInput) { m.Recurrence = new("FREQ=DAILY") }, CodeTwoTimes, "dueOn"),
		m("due and standing", func(m *CommitmentInput) { m.Standing = new(true) }, CodeTwoTimes, "dueOn"),
		m("a rule that never occurs", func(m *CommitmentInput) {
			m.DueOn, m.Recurrence = nil, new("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30")
		}, recurrence.Never, "recurrence"),
		m("a rule that no one can read", func(m *CommitmentInput) { m.DueOn, m.Recurrence = nil, new("every Monday") }, recurrence.Malformed, "recurrence"),
		m("a weight of none", func(m *CommitmentInput) { m.Weight = new(0) }, fault.CodeOutOfRange, "weight"),
		m("a weight too great", func(m *CommitmentInput) { m.Weight = new(101) }, fault.CodeOutOfRange, "weight"),
		m("less than nothing", func(m *CommitmentInput) { m.Quantity = new(scalar.Decimal("-1")) }, fault.CodeOutOfRange, "quantity"),
		m("no number", func(m *CommitmentInput) { m.Quantity = new(scalar.Decimal("1e3")) }, fault.CodeMalformed, "quantity"),
		m("a unit of nothing", func(m *CommitmentInput) { m.Unit = new("次") }, CodeUnitAlone, "unit"),
		m("no such evidence", func(m *CommitmentInput) { m.EvidenceRequired = []EvidenceKind{"WORD"} }, fault.CodeMalformed, "evidenceRequired.0"),
		m("evidence twice", func(m *CommitmentInput) { m.EvidenceRequired = []EvidenceKind{Photo, Photo} }, fault.CodeDuplicate, "evidenceRequired.1"),
		{"too often", func(in *DraftInput) {
			in.EndsOn = "2030-03-31"
			in.Commitments[0].Recurrence = new("FREQ=DAILY")
		}, recurrence.TooOften, "commitments.0.recurrence"},
		{"too many", func(in *DraftInput) { in.Commitments = make([]CommitmentInput, MaxCommitments+1) }, fault.CodeTooMany, "commitments"},
	}
}

func TestAllThatIsWrongIsSaidAtOnce(t *testing.T) {
	h := newHouse(t)
	in := draft()
	in.Title, in.EndsOn, in.Commitments[0].Provider = "", "2026-01-01", hospital
	_, err := h.Draft(h.as(secretary), in)
	refuses(t, err, fault.CodeRequired, "title")
	refuses(t, err, CodeEndsBeforeStart, "endsOn")
	refuses(t, err, CodeProviderNoParty, "commitments.0.provider")
}

func TestBadReasonsRemarksAndSummariesAreRefused(t *testing.T) {
	h := newHouse(t)
	c := h.must(h.drafted(draft(), secretary), VerbPropose, secretary)
	long := strings.Repeat("长", 5000)
	_, err := h.Decline(h.as(teacher), DeclineInput{step(c), &long})
	refuses(t, err, fault.CodeTooLong, "reason")
	_, err = h.Revise(h.as(teacher), ReviseInput{Change: step(c).Change, ID: c.ID, Summary: &long})
	refuses(t, err, fault.CodeTooLong, "summary")
	_, err = h.RequestChanges(h.as(teacher), RequestChangesInput{step(c), nil})
	refuses(t, err, fault.CodeTooFew, "remarks")
	_, err = h.RequestChanges(h.as(teacher), RequestChangesInput{step(c), []RemarkInput{{Body: ""}}})
	refuses(t, err, fault.CodeRequired, "remarks.0.body")
	_, err = h.RequestChanges(h.as(teacher), RequestChangesInput{step(c), make([]RemarkInput, maxAtOnce+1)})
	refuses(t, err, fault.CodeTooMany, "remarks")
}

func TestGoodTextsOnTheEdgeAreTaken(t *testing.T) {
	h := newHouse(t)
	for name, change := range map[string]func(*DraftInput){
		"one day":    func(in *DraftInput) { in.EndsOn, in.Commitments = in.EffectiveOn, nil },
		"a leap day": func(in *DraftInput) { in.EffectiveOn, in.EndsOn, in.Commitments = "2028-02-29", "2028-02-29", nil },
		"due on the edges": func(in *DraftInput) {
			in.Commitments[1].DueOn = &in.EndsOn
			in.Commitments[1].StartsOn = &in.EffectiveOn
		},
		"standing": func(in *DraftInput) { in.Commitments[1].DueOn, in.Commitments[1].Standing = nil, new(true) },
		"standing with rhythm": func(in *DraftInput) {
			in.Commitments[0].Standing = new(true)
		},
		"the largest integers": func(in *DraftInput) {
			in.Terms = new(scalar.JSON(`{"a":9007199254740991,"b":-9007199254740991}`))
		},
		"a thousand times": func(in *DraftInput) {
			in.EndsOn = in.EffectiveOn.AddDays(999)
			in.Commitments[0].Recurrence = new("FREQ=DAILY")
		},
		"a sub-district as witness": func(in *DraftInput) {
			in.Parties = append(in.Parties, PartyInput{Organisation: north, Part: Witness})
		},
		"keys of its own": func(in *DraftInput) { in.Commitments[1].Key = new("m1") },
	} {
		in := draft()
		change(&in)
		c, err := h.Draft(h.as(secretary), in)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		seen := map[string]bool{}
		for i, m := range c.Commitments {
			if seen[m.Key] || m.Contract() != c.ID {
				t.Errorf("%s: key of commitment %s: %s", name, strconv.Itoa(i), m.Key)
			}
			seen[m.Key] = true
		}
	}
}

func TestWhoIsNotSignedInDraftsNothing(t *testing.T) {
	h := newHouse(t)
	_, err := h.Draft(h.as(nobody), draft())
	refuses(t, err, fault.CodeUnauthenticated, "")
	for _, a := range []authz.Actor{doctor, steward, supervisor} {
		_, err := h.Draft(h.as(a), draft())
		refuses(t, err, fault.CodeForbidden, "")
	}
}
