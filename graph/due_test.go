package graph_test

import (
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/graph/graphtest"
)

const hearDue = `subscription($contract: ID, $organisation: ID, $community: ID, $within: Int, $after: Long) {
	it: commitmentDue(contract: $contract, organisation: $organisation, community: $community, within: $within, after: $after) {
		seq type at daysLeft fulfilment { id dueOn status allowedActions commitment { key } provider { id } } contract { id title status }
	}
}`

func TestWhatIsDueSoonIsToldToWhomMayReadIt(t *testing.T) {
	w := graphtest.NewTown(t)
	on := w.Serve(t)
	c := active(t, w).Str("it.contract.id")              // on the 2nd of March; due are the 15th of each month and the 20th of March
	eight := time.Date(2026, 3, 8, 0, 0, 0, 0, time.UTC) // in Shanghai, seven days before the 15th
	w.Pass(t, eight.Add(-time.Minute).Sub(w.Now()))
	now := map[string]*graphtest.Hearing{}
	for _, who := range []string{"liaison", "secretary", "supervisor", "auditor"} {
		now[who] = w.Hear(t, on, who, hearDue)
	}
	w.Pass(t, time.Minute)
	for who, l := range now {
		a := l.Next().Fine()
		if a.Str("it.type") != "fulfilment.dueSoon" || a.Int("it.daysLeft") != 7 || a.Str("it.fulfilment.dueOn") != "2026-03-15" || a.Str("it.contract.id") != c {
			t.Errorf("%s heard %s", who, a.Text)
		}
		if may := a.Len("it.fulfilment.allowedActions"); (may > 0) != (who == "liaison" || who == "secretary") {
			t.Errorf("%s may do %d things", who, may)
		}
	}
	for range 12 { // day by day, to the 20th and beyond
		w.Pass(t, oneDay)
	}
	want := []string{"03-15 7", "03-20 7", "03-15 1", "03-15 -1", "03-20 1"}
	l, after := w.Hear(t, on, "liaison", hearDue, "contract", c, "after", "0"), "0"
	for i, is := range want {
		a := l.Next().Fine()
		again := w.Hear(t, on, "liaison", hearDue, "after", after) // a client that comes again after each
		if same := again.Next().Fine(); same.Text != a.Text {
			t.Errorf("behind %s: heard %s, not %s", after, same.Text, a.Text)
		}
		again.Leave()
		after = a.Str("it.seq")
		if got := strings.TrimPrefix(a.Str("it.fulfilment.dueOn"), "2026-") + " " + daysLeft(a); got != is {
			t.Errorf("the %d. is %s, not %s", i+1, got, is)
		}
	}
	for says, vars := range map[string][]any{
		"within a day":     {"within", 1},
		"of the unit":      {"within", 1, "organisation", w.Unit},
		"of the community": {"within", 1, "community", w.Community},
	} {
		if a := w.Hear(t, on, "secretary", hearDue, append(vars, "after", "0")...).Next().Fine(); daysLeft(a) != "1" {
			t.Errorf("%s: heard %s", says, a.Text)
		}
	}
}

func daysLeft(a *graphtest.Answer) string {
	text := a.Text[strings.Index(a.Text, `"daysLeft":`)+len(`"daysLeft":`):]
	return text[:strings.IndexByte(text, ',')]
}

func TestASubscriptionToWhatIsDueThatCannotBeIsRefused(t *testing.T) {
	w := graphtest.NewTown(t)
	on := w.Serve(t)
	c := active(t, w).Str("it.contract.id")
	for _, tt := range []struct {
		who, code string
		vars      []any
	}{
		{"", "UNAUTHENTICATED", []any{"contract", c}},
		{"outsider", "NOT_FOUND", []any{"contract", c}},
		{"admin", "NOT_FOUND", []any{"contract", c}},
		{"secretary", "WRONG_ID", []any{"contract", w.Community}},
		{"secretary", "WRONG_ID", []any{"community", w.Unit}},
		{"secretary", "WRONG_ID", []any{"organisation", c}},
		{"secretary", "OUT_OF_RANGE", []any{"within", 0}},
		{"secretary", "OUT_OF_RANGE", []any{"within", 8}},
		{"secretary", "SEQ_NOT_REACHED", []any{"after", "99999"}},
	} {
		l := w.Hear(t, on, tt.who, hearDue, tt.vars...)
		if a := l.Next(); a == nil || a.Code() != tt.code {
			t.Errorf("%s with %v: got %v, want %s", tt.who, tt.vars, a, tt.code)
		}
		l.Ended()
	}
}

func TestARightThatEndsEndsWhatIsToldOfDays(t *testing.T) {
	w := graphtest.NewTown(t)
	on := w.Serve(t)
	c := active(t, w).Str("it.contract.id")
	w.Pass(t, time.Date(2026, 3, 7, 23, 59, 0, 0, time.UTC).Sub(w.Now()))
	one, all := w.Hear(t, on, "liaison", hearDue, "contract", c), w.Hear(t, on, "liaison", hearDue)
	role := w.Ask(t, "liaison", `{ viewer { roles { id } } }`).Fine().Str("viewer.roles.0.id")
	w.Do(t, "admin", "revokeRole", m{"role": role}, "person { id }").Fine()
	one.Next().Is("NOT_FOUND")
	one.Ended()
	w.Pass(t, time.Minute)
	w.Do(t, "liaison", "signOut", m{}, "").Fine()
	all.Next().Is("UNAUTHENTICATED") // and nothing before
	all.Ended()
}
