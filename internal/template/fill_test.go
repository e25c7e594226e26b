package template

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

func TestAFilledTemplateNamesThePartiesAndCountsTheDays(t *testing.T) {
	h := newHouse(t)
	m := h.made(h.admin(), CreateInput{Text: sound()})
	f, err := h.Fill(t.Context(), draft(m))
	if err != nil {
		t.Fatal(err)
	}
	if f.Title != "长安社区三方契约" || f.Purpose != "由安居物业与明德{host}小学共建" || f.Clauses[0].Body != "提前45日" {
		t.Errorf("got %q, %q, %q", f.Title, f.Purpose, f.Clauses[0].Body)
	}
	if f.EndsOn != "2027-03-31" || f.NoticeDays != 45 || !f.AutoRenew {
		t.Errorf("ends on %s, notice %d, renews %v", f.EndsOn, f.NoticeDays, f.AutoRenew)
	}
	if f.Parties[0].Organisation != estate || f.Parties[1].Organisation != manager || f.Parties[2].Organisation != school {
		t.Errorf("the parties are %+v", f.Parties)
	}
	if c := f.Commitments[0]; c.Provider != school || c.Receivers[0] != estate || c.Receivers[1] != manager || *c.Recurrence != "FREQ=MONTHLY;BYDAY=1SA" {
		t.Errorf("got %+v", c)
	}
	if c := f.Commitments[1]; *c.DueOn != "2026-05-01" || c.Action != "为明德{host}小学提供场地" || c.Unit != "处" || c.Weight != 3 {
		t.Errorf("got %+v", c)
	}
	in := draft(m)
	in.Language, in.EndsOn, in.NoticeDays, in.Title = new("en-GB"), new(scalar.Date("2026-04-20")), new(7), new("Ours")
	if f, err = h.Fill(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if f.Title != "Ours" || f.Purpose != "By Anju Property and 明德{host}小学" || f.Clauses[0].Body != "7 days before" || *f.Commitments[1].DueOn != "2026-04-20" {
		t.Errorf("in English: %+v", f)
	}
}

func TestWhoDoesNotFitATemplateIsRefused(t *testing.T) {
	h := newHouse(t)
	m := h.made(h.admin(), CreateInput{Text: sound()})
	ours := h.made(h.officer(town), CreateInput{Text: sound()})
	for name, tt := range map[string]struct {
		spoil func(*DraftInput)
		code  fault.Code
		at    string
	}{
		"another type of community": {func(d *DraftInput) { d.Host.Organisation = village }, CodeUnfit, "host.organisation"},
		"a host that is none":       {func(d *DraftInput) { d.Host.Organisation = school }, CodeNotCommunity, "host.organisation"},
		"a host of nowhere":         {func(d *DraftInput) { d.Host.Organisation = nobody }, fault.CodeNotFound, "host.organisation"},
		"another kind of unit":      {func(d *DraftInput) { d.Partners[0].Organisation = manager }, CodeUnfit, "partners.0.organisation"},
		"a community as partner":    {func(d *DraftInput) { d.Partners[0].Organisation = village }, CodeUnfit, "partners.0.organisation"},
		"a partner of nowhere":      {func(d *DraftInput) { d.Partners[0].Organisation = nobody }, fault.CodeNotFound, "partners.0.organisation"},
		"a role left empty":         {func(d *DraftInput) { d.Partners = d.Partners[:1] }, CodeRoleMissing, "partners"},
		"a role twice":              {func(d *DraftInput) { d.Partners[1].Role = new("teacher") }, fault.CodeDuplicate, "partners.1.role"},
		"an unknown role":           {func(d *DraftInput) { d.Partners[1].Role = new("mayor") }, CodeRoleUnknown, "partners.1.role"},
		"a role unsaid":             {func(d *DraftInput) { d.Partners[1].Role = nil }, CodeRoleUnknown, "partners.1.role"},
		"too many partners":         {func(d *DraftInput) { d.Partners = make([]PlayerInput, MaxRoles+1) }, fault.CodeTooMany, "partners"},
		"another place's template":  {func(d *DraftInput) { d.Template = ours.ID }, CodeElsewhere, "template"},
		"a template of nowhere":     {func(d *DraftInput) { d.Template = id.Template("tpl1_00000000000000000000000009") }, fault.CodeNotFound, "template"},
		"another language":          {func(d *DraftInput) { d.Language = new("fr") }, CodeLanguage, "language"},
		"no day":                    {func(d *DraftInput) { d.EffectiveOn = "2026-02-30" }, fault.CodeMalformed, "effectiveOn"},
		"a clause for others":       {func(d *DraftInput) { d.LibraryClauses = []id.LibraryClause{shippedClause("collective-assets")} }, CodeUnfit, "libraryClauses.0"},
		"a clause of nowhere":       {func(d *DraftInput) { d.LibraryClauses = []id.LibraryClause{"lcl1_00000000000000000000000009"} }, fault.CodeNotFound, "libraryClauses.0"},
		"a clause twice": {func(d *DraftInput) {
			d.LibraryClauses = []id.LibraryClause{shippedClause("costs"), shippedClause("costs")}
		}, fault.CodeDuplicate, "libraryClauses.1"},
		"too many clauses": {func(d *DraftInput) { d.LibraryClauses = make([]id.LibraryClause, MaxParts+1) }, fault.CodeTooMany, "libraryClauses"},
	} {
		t.Run(name, func(t *testing.T) {
			in := draft(m)
			tt.spoil(&in)
			_, err := h.Fill(t.Context(), in)
			refuses(t, err, tt.code, tt.at)
		})
	}
}

func TestClausesOfTheLibraryAreTakenUpBehindTheTemplatesOwn(t *testing.T) {
	h := newHouse(t)
	m := h.made(h.admin(), CreateInput{Text: sound()})
	in := draft(m)
	in.LibraryClauses = []id.LibraryClause{shippedClause("exit"), shippedClause("costs")}
	f, err := h.Fill(t.Context(), in)
	if err != nil || len(f.Clauses) != 3 || f.Clauses[1].Heading != "通知与退出" || f.Clauses[2].Heading != "费用" {
		t.Fatalf("got %+v, %v", f, err)
	}
}

func TestALastDayIsNeverOutsideTheMonthItShouldFallIn(t *testing.T) {
	for _, tt := range []struct {
		first  scalar.Date
		months int
		want   scalar.Date
	}{
		{"2026-04-01", 12, "2027-03-31"},
		{"2026-01-31", 1, "2026-02-28"},
		{"2026-01-29", 1, "2026-02-28"},
		{"2024-02-29", 12, "2025-02-28"},
		{"2026-12-15", 2, "2027-02-14"},
	} {
		if got := lastDay(tt.first, tt.months); got != tt.want {
			t.Errorf("%s and %d months: got %s, want %s", tt.first, tt.months, got, tt.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		first := scalar.Date("2020-01-01").AddDays(rapid.IntRange(0, 20_000).Draw(t, "day"))
		months := rapid.IntRange(1, MaxMonths).Draw(t, "months")
		days := lastDay(first, months).Sub(first) + 1
		if days < months*daysOfAMonth || days > months*31 {
			t.Fatalf("%s and %d months are %d days", first, months, days)
		}
	})
}
