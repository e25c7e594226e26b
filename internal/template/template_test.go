package template

import (
	"context"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
)

func TestAnAdministratorKeepsThePlatformsTextsAndASupervisorTheirBodys(t *testing.T) {
	h := newHouse(t)
	if own := h.made(h.admin(), CreateInput{Text: sound()}); own.Owner != "" {
		t.Errorf("an administrator's belongs to %q", own.Owner)
	}
	ours := h.made(h.officer(street), CreateInput{Text: sound()})
	if ours.Owner != street {
		t.Errorf("a supervisor's belongs to %q", ours.Owner)
	}
	for name, tt := range map[string]struct {
		ctx  context.Context
		in   CreateInput
		code fault.Code
		at   string
	}{
		"for another body":           {h.officer(town), CreateInput{Owner: new(street), Text: sound()}, fault.CodeForbidden, ""},
		"for a unit":                 {h.admin(), CreateInput{Owner: new(school), Text: sound()}, CodeNoSupervision, "owner"},
		"for nobody":                 {h.admin(), CreateInput{Owner: new(nobody), Text: sound()}, fault.CodeNotFound, "owner"},
		"as a secretary":             {h.as(authz.Holding{Role: authz.Secretary, Organisation: estate}), CreateInput{Text: sound()}, fault.CodeForbidden, ""},
		"as nobody":                  {t.Context(), CreateInput{Text: sound()}, fault.CodeUnauthenticated, ""},
		"for one of several, unsaid": {h.as(authz.Holding{Role: authz.Supervisor, Organisation: street}, authz.Holding{Role: authz.Supervisor, Organisation: town}), CreateInput{Text: sound()}, fault.CodeRequired, "owner"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.Create(tt.ctx, tt.in)
			refuses(t, err, tt.code, tt.at)
		})
	}
	_, err := h.Retire(h.officer(town), RetireInput{change(ours.Version), ours.ID})
	refuses(t, err, fault.CodeForbidden, "")
	_, err = h.Revise(h.officer(town), ReviseInput{Change: change(ours.Version), ID: ours.ID, Text: sound()})
	refuses(t, err, fault.CodeForbidden, "")
}

func TestEachRevisionIsAVersionAndOlderOnesStayReadable(t *testing.T) {
	h := newHouse(t)
	first := h.made(h.admin(), CreateInput{Text: sound()})
	_, err := h.Revise(h.admin(), ReviseInput{Change: change(first.Version), ID: first.ID, Text: sound()})
	refuses(t, err, CodeUnchangedText, "")
	in := sound()
	in.Title = both("新题", "New title")
	next, err := h.Revise(h.admin(), ReviseInput{Change: change(first.Version), ID: first.ID, Summary: new("改题"), Text: in})
	if err != nil || next.TextVersion != 2 || next.Title.Zh != "新题" {
		t.Fatalf("got %+v, %v", next, err)
	}
	_, err = h.Revise(h.admin(), ReviseInput{Change: change(first.Version), ID: first.ID, Text: sound()})
	refuses(t, err, fault.CodeConflict, "expectedVersion")
	_, err = h.VersionsOf(t.Context(), next, page.Args{})
	refuses(t, err, fault.CodeBadPage, "first")
	all, err := h.VersionsOf(t.Context(), next, page.Args{First: new(10)})
	if err != nil || len(all.Edges) != 2 || all.Edges[0].Node.Text.Title != first.Title || all.Edges[1].Node.Summary != "改题" {
		t.Fatalf("got %+v, %v", all, err)
	}
	old := draft(next)
	old.Version = new(1)
	if f, err := h.Fill(t.Context(), old); err != nil || f.Title != "长安社区三方契约" || f.Version != 1 {
		t.Errorf("the first version: %+v, %v", f, err)
	}
	for _, n := range []int{0, 3, -1} {
		old.Version = &n
		_, err := h.Fill(t.Context(), old)
		refuses(t, err, CodeUnknownVersion, "version")
	}
}

func TestNoDraftBeginsFromARetiredTemplate(t *testing.T) {
	h := newHouse(t)
	m := h.made(h.officer(street), CreateInput{Text: sound()})
	gone, err := h.Retire(h.officer(street), RetireInput{change(m.Version), m.ID})
	if err != nil || gone.Status != Retired {
		t.Fatalf("got %+v, %v", gone, err)
	}
	_, err = h.Fill(t.Context(), draft(m))
	refuses(t, err, CodeRetired, "template")
	_, err = h.Retire(h.officer(street), RetireInput{change(gone.Version), m.ID})
	refuses(t, err, CodeRetired, "")
	_, err = h.Revise(h.officer(street), ReviseInput{Change: change(gone.Version), ID: m.ID, Text: sound()})
	refuses(t, err, CodeRetired, "")
	if _, err := h.Template(t.Context(), m.ID); err != nil {
		t.Errorf("a retired one is not readable: %v", err)
	}
}

func TestABadTextIsRefusedAtItsField(t *testing.T) {
	h := newHouse(t)
	for name, tt := range map[string]struct {
		spoil func(*BodyInput)
		code  fault.Code
		at    string
	}{
		"one language alone":    {func(b *BodyInput) { b.Title.En = " " }, fault.CodeRequired, "text.title.en"},
		"too long":              {func(b *BodyInput) { b.Purpose.Zh = strings.Repeat("共", MaxPurpose+1) }, fault.CodeTooLong, "text.purpose.zh"},
		"a place nobody fills":  {func(b *BodyInput) { b.Purpose.En = "By {mayor}" }, CodePlaceholder, "text.purpose.en"},
		"no community":          {func(b *BodyInput) { b.CommunityTypes = nil }, fault.CodeTooFew, "text.communityTypes"},
		"a community twice":     {func(b *BodyInput) { b.CommunityTypes = []CommunityType{"RURAL", "RURAL"} }, fault.CodeDuplicate, "text.communityTypes.1"},
		"an unknown community":  {func(b *BodyInput) { b.CommunityTypes = []CommunityType{"MOON"} }, fault.CodeMalformed, "text.communityTypes.0"},
		"no partner":            {func(b *BodyInput) { b.Partners = nil }, fault.CodeTooFew, "text.partners"},
		"too many partners":     {func(b *BodyInput) { b.Partners = make([]RoleInput, MaxRoles+1) }, fault.CodeTooMany, "text.partners"},
		"a role called host":    {func(b *BodyInput) { b.Partners[0].Key = "host" }, fault.CodeDuplicate, "text.partners.0.key"},
		"a key with signs":      {func(b *BodyInput) { b.Partners[0].Key = "the manager" }, fault.CodeMalformed, "text.partners.0.key"},
		"a role for no unit":    {func(b *BodyInput) { b.Partners[1].UnitKinds = nil }, fault.CodeTooFew, "text.partners.1.unitKinds"},
		"a clause without body": {func(b *BodyInput) { b.Clauses[0].Body = nil }, fault.CodeRequired, "text.clauses.0.body.zh"},
		"a clause two ways":     {func(b *BodyInput) { b.Clauses[0].LibraryClause = new(shippedClause("costs")) }, CodeClauseTwoWays, "text.clauses.0.libraryClause"},
		"a clause of nowhere": {func(b *BodyInput) {
			b.Clauses[0] = ArticleInput{LibraryClause: new(id.LibraryClause("lcl1_00000000000000000000000009"))}
		}, fault.CodeNotFound, "text.clauses.0.libraryClause"},
		"too many clauses":    {func(b *BodyInput) { b.Clauses = make([]ArticleInput, MaxParts+1) }, fault.CodeTooMany, "text.clauses"},
		"an unknown provider": {func(b *BodyInput) { b.Commitments[0].Provider = "mayor" }, CodeRoleUnknown, "text.commitments.0.provider"},
		"an unknown receiver": {func(b *BodyInput) { b.Commitments[0].Receivers[1] = "mayor" }, CodeRoleUnknown, "text.commitments.0.receivers.1"},
		"no receiver":         {func(b *BodyInput) { b.Commitments[0].Receivers = nil }, fault.CodeTooFew, "text.commitments.0.receivers"},
		"promised to oneself": {func(b *BodyInput) { b.Commitments[0].Receivers[0] = "teacher" }, CodeOwnReceiver, "text.commitments.0.receivers.0"},
		"a receiver twice":    {func(b *BodyInput) { b.Commitments[0].Receivers[1] = "host" }, fault.CodeDuplicate, "text.commitments.0.receivers.1"},
		"never":               {func(b *BodyInput) { b.Commitments[0].Recurrence = nil }, CodeWhen, "text.commitments.0.recurrence"},
		"twice over":          {func(b *BodyInput) { b.Commitments[0].Standing = new(true) }, CodeWhen, "text.commitments.0.recurrence"},
		"a broken rhythm":     {func(b *BodyInput) { b.Commitments[0].Recurrence = new("FREQ=HOURLY") }, "RECURRENCE_MALFORMED", "text.commitments.0.recurrence"},
		"due after the end":   {func(b *BodyInput) { b.Commitments[1].DueAfterDays = new(336) }, fault.CodeOutOfRange, "text.commitments.1.dueAfterDays"},
		"a unit of nothing":   {func(b *BodyInput) { b.Commitments[1].Quantity = nil }, CodeUnitNoQuantity, "text.commitments.1.unit"},
		"less than nothing":   {func(b *BodyInput) { *b.Commitments[1].Quantity = "-1" }, fault.CodeOutOfRange, "text.commitments.1.quantity"},
		"unknown evidence":    {func(b *BodyInput) { b.Commitments[1].EvidenceRequired[0] = "RUMOUR" }, fault.CodeMalformed, "text.commitments.1.evidenceRequired.0"},
		"no weight":           {func(b *BodyInput) { *b.Commitments[1].Weight = 0 }, fault.CodeOutOfRange, "text.commitments.1.weight"},
		"no duration":         {func(b *BodyInput) { *b.Months = 0 }, fault.CodeOutOfRange, "text.months"},
		"a notice of years":   {func(b *BodyInput) { *b.NoticeDays = 366 }, fault.CodeOutOfRange, "text.noticeDays"},
	} {
		t.Run(name, func(t *testing.T) {
			in := sound()
			tt.spoil(&in)
			_, err := h.Create(h.admin(), CreateInput{Text: in})
			refuses(t, err, tt.code, tt.at)
		})
	}
}

func TestAClauseOfTheLibraryIsCopiedSoThatItsRevisionChangesNoTemplate(t *testing.T) {
	h := newHouse(t)
	text := ClauseBodyInput{Topic: AboutCosts, Heading: both("费用", "Costs"), Body: both("{partners}自理", "{partners} pay")}
	c, err := h.CreateClause(h.officer(street), CreateClauseInput{Text: text})
	if err != nil || c.Owner != street || len(c.CommunityTypes) != 4 {
		t.Fatalf("got %+v, %v", c, err)
	}
	in := sound()
	in.Clauses = []ArticleInput{{LibraryClause: &c.ID}}
	m := h.made(h.officer(street), CreateInput{Text: in})
	_, err = h.Create(h.admin(), CreateInput{Text: in})
	refuses(t, err, CodeElsewhere, "text.clauses.0.libraryClause")

	_, err = h.ReviseClause(h.officer(street), ReviseClauseInput{Change: change(c.Version), ID: c.ID, Text: text})
	refuses(t, err, CodeUnchangedText, "")
	text.Body = both("均摊", "Shared")
	_, err = h.ReviseClause(h.officer(town), ReviseClauseInput{Change: change(c.Version), ID: c.ID, Text: text})
	refuses(t, err, fault.CodeForbidden, "")
	c, err = h.ReviseClause(h.officer(street), ReviseClauseInput{Change: change(c.Version), ID: c.ID, Text: text})
	if err != nil || c.TextVersion != 2 {
		t.Fatalf("got %+v, %v", c, err)
	}
	all, err := h.ClauseVersionsOf(t.Context(), c, page.Args{First: new(5)})
	if err != nil || len(all.Edges) != 2 || all.Edges[0].Node.Text.Text.Zh != "{partners}自理" {
		t.Fatalf("got %+v, %v", all, err)
	}
	if m, _ = h.Template(t.Context(), m.ID); m.Articles[0].Text.Zh != "{partners}自理" || *m.Articles[0].Version != 1 {
		t.Errorf("the template says %+v", m.Articles[0])
	}
	c, err = h.RetireClause(h.officer(street), RetireClauseInput{change(c.Version), c.ID})
	if err != nil || c.Status != Retired {
		t.Fatalf("got %+v, %v", c, err)
	}
	_, err = h.RetireClause(h.officer(street), RetireClauseInput{change(c.Version), c.ID})
	refuses(t, err, CodeClauseRetired, "")
	_, err = h.Create(h.officer(street), CreateInput{Text: in})
	refuses(t, err, CodeClauseRetired, "text.clauses.0.libraryClause")
}

func TestABadClauseIsRefusedAtItsField(t *testing.T) {
	h := newHouse(t)
	for name, tt := range map[string]struct {
		in   ClauseBodyInput
		code fault.Code
		at   string
	}{
		"no topic":      {ClauseBodyInput{Heading: both("a", "a"), Body: both("b", "b")}, fault.CodeMalformed, "text.topic"},
		"no English":    {ClauseBodyInput{Topic: AboutCosts, Heading: both("a", ""), Body: both("b", "b")}, fault.CodeRequired, "text.heading.en"},
		"a role":        {ClauseBodyInput{Topic: AboutCosts, Heading: both("a", "a"), Body: both("{manager}", "b")}, CodePlaceholder, "text.body.zh"},
		"for nobody":    {ClauseBodyInput{Topic: AboutCosts, Heading: both("a", "a"), Body: both("b", "b"), CommunityTypes: []CommunityType{}}, fault.CodeTooFew, "text.communityTypes"},
		"a secret turn": {ClauseBodyInput{Topic: AboutCosts, Heading: both("a\u202e", "a"), Body: both("b", "b")}, fault.CodeControl, "text.heading.zh"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.CreateClause(h.admin(), CreateClauseInput{Text: tt.in})
			refuses(t, err, tt.code, tt.at)
		})
	}
}
