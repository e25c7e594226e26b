package project_test

import (
	"context"
	"slices"
	"testing"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/lifetable"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/project"
)

// verb does a verb to a project as whoever may, in the version that it has.
func (h *house) verb(v project.Verb, p *project.Project) (*project.Project, error) {
	lead, body, chief := h.secretary(), h.officer(), h.chief()
	turn := project.TurnInput{Change: version(p.Version), ID: p.ID}
	why := project.ReasonInput{Change: version(p.Version), ID: p.ID, Reason: "有原因"}
	switch v {
	case project.VerbRevise:
		return h.Revise(lead, project.ReviseInput{Change: version(p.Version), ID: p.ID, Title: new("新名称")})
	case project.VerbKeepMilestones:
		return h.AddMilestone(lead, project.AddMilestoneInput{Change: version(p.Version), ID: p.ID, Title: "开工", DueOn: "2026-05-01"})
	case project.VerbRecordSpending:
		return h.RecordSpending(lead, project.RecordSpendingInput{Change: version(p.Version), ID: p.ID, Amount: "1", On: "2026-03-01", Purpose: "材料"})
	case project.VerbLogActivity:
		return h.LogActivity(lead, project.LogActivityInput{ID: p.ID, On: "2026-03-01", Title: "清扫"})
	case project.VerbSetRecord:
		return h.SetRecord(lead, project.SetRecordInput{Change: version(p.Version), ID: p.ID, Record: `{"site":"东门"}`})
	case project.VerbLeave:
		return h.Leave(h.liaison(), project.LeaveInput{Change: version(p.Version), ID: p.ID})
	case project.VerbStart:
		return h.Start(lead, turn)
	case project.VerbPause:
		return h.Pause(lead, turn)
	case project.VerbResume:
		return h.Resume(lead, turn)
	case project.VerbFinish:
		return h.Finish(lead, turn)
	case project.VerbCancel:
		return h.Cancel(lead, why)
	case project.VerbResubmit:
		return h.Resubmit(lead, turn)
	case project.VerbApprove:
		return h.Approve(body, turn)
	case project.VerbReturn:
		return h.Return(body, why)
	case project.VerbCheckMidterm:
		return h.CheckMidterm(body, project.FindingsInput{Change: version(p.Version), ID: p.ID, Findings: "进度正常"})
	case project.VerbAccept:
		return h.Accept(body, turn)
	case project.VerbCommend:
		return h.Commend(chief, turn)
	}
	return h.Terminate(body, why)
}

// way is how a state is reached from the beginning.
func way(s project.Status) []project.Verb {
	return map[project.Status][]project.Verb{
		project.Running: {project.VerbStart}, project.Paused: {project.VerbStart, project.VerbPause}, project.Done: {project.VerbStart, project.VerbFinish},
		project.Cancelled: {project.VerbCancel}, project.Returned: {project.VerbReturn}, project.Approved: {project.VerbApprove},
		project.Midterm:    {project.VerbApprove, project.VerbStart, project.VerbCheckMidterm},
		project.Accepted:   {project.VerbApprove, project.VerbStart, project.VerbCheckMidterm, project.VerbAccept},
		project.Commended:  {project.VerbApprove, project.VerbStart, project.VerbCheckMidterm, project.VerbAccept, project.VerbCommend},
		project.Terminated: {project.VerbTerminate},
	}[s]
}

// brought is a project of a kind in a state.
func (h *house) brought(k project.Kind, s project.Status, t *project.Template) *project.Project {
	h.t.Helper()
	plan := project.Plan{Title: "口袋公园", Partners: []id.Organisation{manager}, Template: &t.ID, Record: new(recordOf(`{"site":"西门"}`))}
	var p *project.Project
	verbs := way(s)
	if k == project.SecretaryLed {
		p = must2(h.Apply(h.secretary(), project.ApplyInput{Community: estate, Plan: plan}))
		if s == project.Running {
			verbs = []project.Verb{project.VerbApprove, project.VerbStart}
		}
	} else {
		p = must2(h.Create(h.secretary(), project.CreateInput{Lead: estate, Plan: plan}))
	}
	for _, v := range verbs {
		p = must2(h.verb(v, p))
	}
	if p.Status != s {
		h.t.Fatalf("a %s project came to %s, not to %s", k, p.Status, s)
	}
	return p
}

// Every verb in every state of both lives does what the page says, and the state follows; a verb that the page does not
// have in the state changes nothing.
func TestEveryVerbInEveryStateDoesWhatThePageSays(t *testing.T) {
	h := newHouse(t)
	form := h.template()
	for _, k := range []project.Kind{project.Ordinary, project.SecretaryLed} {
		rows := life(t, "projects.md", k)
		for _, s := range project.StatusesOf(k) {
			still := h.brought(k, s, form) // what is refused changes nothing
			for _, v := range project.Verbs() {
				want, has := told(rows, s, v)
				p := still
				if has {
					p = h.brought(k, s, form)
				}
				got, err := h.verb(v, p)
				switch {
				case has && (err != nil || got.Status != want):
					t.Errorf("%s %s by %s: got %v, %v, want %s", k, s, v, got, err, want)
				case !has && !fault.Is(err, project.CodeWrongState):
					t.Errorf("%s %s by %s: got %v", k, s, v, err)
				}
				if has && want != s && (len(got.Turns) == 0 || got.Turns[len(got.Turns)-1].To != want) {
					t.Errorf("%s %s by %s: the turn is not noted", k, s, v)
				}
				if now := must2(h.Project(h.secretary(), p.ID)); !has && (now.Version != p.Version || now.Status != s) {
					t.Errorf("%s %s by %s: it was changed all the same", k, s, v)
				}
			}
		}
	}
}

// What is allowed is told as it is done: whoever is told of a verb can do it, and who is not told cannot.
func TestAllowedActionsAreThoseThatCanBeDone(t *testing.T) {
	h := newHouse(t)
	form := h.template()
	callers := map[string]context.Context{
		"secretary": h.secretary(), "partner": h.liaison(), "officer": h.officer(), "chief": h.chief(),
		"steward": h.as(authz.GridSteward, estate), "auditor": h.as(authz.Auditor, street),
	}
	for _, k := range []project.Kind{project.Ordinary, project.SecretaryLed} {
		rows := life(t, "projects.md", k)
		for _, s := range project.StatusesOf(k) {
			p := h.brought(k, s, form)
			for who, ctx := range callers {
				allowed := h.AllowedActions(ctx, p)
				for _, v := range project.Verbs() {
					row := lifetable.Find(rows, string(s), string(v))
					want := row != nil && slices.ContainsFunc(row.Who, func(w string) bool { return callerOf(w) == who })
					if slices.Contains(allowed, v) != want {
						t.Errorf("%s on a %s project that is %s: %s is told %v", who, k, s, v, !want)
					}
				}
			}
		}
	}
}

func TestNobodyElseReadsOrChangesAProject(t *testing.T) {
	h := newHouse(t)
	p := h.begun()
	for name, ctx := range map[string]context.Context{
		"nobody": t.Context(), "another community": h.as(authz.Secretary, village), "another unit": h.as(authz.Liaison, school),
		"another sub-district": h.as(authz.Supervisor, town), "an administrator": h.admin(), "a member": h.as(authz.Member, estate),
	} {
		_, err := h.Project(ctx, p.ID)
		refused(t, err, fault.CodeNotFound, "")
		_, err = h.Revise(ctx, project.ReviseInput{Change: version(p.Version), ID: p.ID, Title: new("别的")})
		refused(t, err, fault.CodeNotFound, "")
		l, err := h.Projects(ctx, nil, nil, page.Args{})
		if err != nil || len(l.Edges) != 0 {
			t.Errorf("%s lists %d, %v", name, len(l.Edges), err)
		}
	}
	for name, ctx := range map[string]context.Context{
		"steward": h.as(authz.GridSteward, estate), "partner": h.liaison(), "officer": h.officer(), "chief": h.chief(), "auditor": h.as(authz.Auditor, district),
	} {
		if _, err := h.Project(ctx, p.ID); err != nil {
			t.Errorf("%s does not read it: %v", name, err)
		}
		_, err := h.Revise(ctx, project.ReviseInput{Change: version(p.Version), ID: p.ID, Title: new("别的")})
		refused(t, err, fault.CodeForbidden, "")
		l, err := h.Projects(ctx, nil, nil, page.Args{})
		if err != nil || len(l.Edges) != 1 {
			t.Errorf("%s lists %d, %v", name, len(l.Edges), err)
		}
	}
	left := must2(h.Leave(h.liaison(), project.LeaveInput{Change: version(p.Version), ID: p.ID}))
	if len(left.Partners) != 0 {
		t.Errorf("the partner stayed: %v", left.Partners)
	}
	_, err := h.Project(h.liaison(), p.ID)
	refused(t, err, fault.CodeNotFound, "")
	_, err = h.Leave(h.secretary(), project.LeaveInput{Change: version(left.Version), ID: p.ID})
	refused(t, err, project.CodeLeadStays, "")
}

func TestAProjectIsBegunByWhoMay(t *testing.T) {
	h := newHouse(t)
	plan := project.Plan{Title: "口袋公园"}
	for _, ctx := range []context.Context{h.liaison(), h.officer(), h.as(authz.Secretary, village), h.as(authz.GridSteward, estate), h.admin()} {
		_, err := h.Create(ctx, project.CreateInput{Lead: estate, Plan: plan})
		refused(t, err, fault.CodeForbidden, "")
		_, err = h.Apply(ctx, project.ApplyInput{Community: estate, Plan: plan})
		refused(t, err, fault.CodeForbidden, "")
	}
	_, err := h.Create(t.Context(), project.CreateInput{Lead: estate, Plan: plan})
	refused(t, err, fault.CodeUnauthenticated, "")
	if p := must2(h.Create(h.officer(), project.CreateInput{Lead: street, Plan: plan})); p.SubDistrict != "" || p.District != district {
		t.Errorf("a sub-district's own project lies under %q, %q", p.SubDistrict, p.District)
	}
	_, err = h.Apply(h.as(authz.Secretary, school), project.ApplyInput{Community: school, Plan: plan})
	refused(t, err, project.CodeNotCommunity, "community")
}

func TestAPlanIsRefusedForWhatIsWrongWithIt(t *testing.T) {
	h := newHouse(t)
	form := h.template()
	day := func(s string) *scalar.Date { return new(scalar.Date(s)) }
	for name, tt := range map[string]struct {
		alter func(*project.Plan)
		code  fault.Code
		path  string
	}{
		"no title":              {func(p *project.Plan) { p.Title = " " }, fault.CodeRequired, "title"},
		"its lead as partner":   {func(p *project.Plan) { p.Partners = []id.Organisation{estate} }, project.CodeLeadIsPartner, "partners.0"},
		"a partner twice":       {func(p *project.Plan) { p.Partners = []id.Organisation{school, school} }, fault.CodeDuplicate, "partners.1"},
		"a partner of nowhere":  {func(p *project.Plan) { p.Partners = []id.Organisation{school, nobody} }, project.CodeUnknown, "partners.1"},
		"too many":              {func(p *project.Plan) { p.Partners = make([]id.Organisation, 21) }, fault.CodeTooMany, "partners"},
		"no party":              {func(p *project.Plan) { p.Contract, p.Partners = new(contract), []id.Organisation{school} }, project.CodeNotParty, "partners.0"},
		"a contract hidden":     {func(p *project.Plan) { p.Contract = new(id.Contract("ctr1_00000000000000000000000009")) }, fault.CodeNotFound, "contract"},
		"a contract that ended": {func(p *project.Plan) { p.Contract = new(overOne) }, project.CodeContractOver, "contract"},
		"its end first":         {func(p *project.Plan) { p.StartsOn, p.EndsOn = day("2026-05-02"), day("2026-05-01") }, project.CodeEndsFirst, "endsOn"},
		"no such currency":      {func(p *project.Plan) { p.Budget, p.Currency = new(scalar.Decimal("1")), new("RMB") }, project.CodeCurrency, "currency"},
		"a currency in small":   {func(p *project.Plan) { p.Budget, p.Currency = new(scalar.Decimal("1")), new("cny") }, project.CodeCurrency, "currency"},
		"less than a fen":       {func(p *project.Plan) { p.Budget = new(scalar.Decimal("1.001")) }, project.CodeDecimals, "budget"},
		"part of a yen":         {func(p *project.Plan) { p.Budget, p.Currency = new(scalar.Decimal("1.5")), new("JPY") }, project.CodeDecimals, "budget"},
		"less than nothing":     {func(p *project.Plan) { p.Budget = new(scalar.Decimal("-1")) }, fault.CodeOutOfRange, "budget"},
		"a currency alone":      {func(p *project.Plan) { p.Currency = new("CNY") }, fault.CodeRequired, "budget"},
		"fewer than nobody":     {func(p *project.Plan) { p.Beneficiaries = &project.BeneficiariesInput{Count: new(-1)} }, fault.CodeOutOfRange, "beneficiaries.count"},
		"a record of no form":   {func(p *project.Plan) { p.Record = new(recordOf(`{}`)) }, project.CodeNoTemplate, "record"},
		"a record unfit":        {func(p *project.Plan) { p.Template, p.Record = &form.ID, new(recordOf(`{"site":"x","area":-101}`)) }, "RECORD_RULE_BROKEN", "record.area"},
		"a record missing":      {func(p *project.Plan) { p.Template = &form.ID }, "RECORD_FIELD_REQUIRED", "record.site"},
		"no template":           {func(p *project.Plan) { p.Template = new(id.ProjectTemplate("pjt1_00000000000000000000000009")) }, fault.CodeNotFound, "template"},
	} {
		plan := project.Plan{Title: "口袋公园"}
		tt.alter(&plan)
		_, err := h.Create(h.secretary(), project.CreateInput{Lead: estate, Plan: plan})
		if f := fault.Of(err); err == nil || f.Code != tt.code || joined(f.Path) != tt.path {
			t.Errorf("%s: got %v, want %s at %q", name, err, tt.code, tt.path)
		}
	}
	p := must2(h.Create(h.secretary(), project.CreateInput{Lead: estate, Plan: project.Plan{Title: "共建", Contract: new(contract)}}))
	if len(p.Partners) != 1 || p.Partners[0] != manager {
		t.Errorf("the contract's other parties are %v", p.Partners)
	}
}

func TestMoneyIsExactAndOfOneCurrency(t *testing.T) {
	h := newHouse(t)
	p := h.begun(func(in *project.CreateInput) { in.Budget = new(scalar.Decimal("1000.10")) })
	p = must2(h.verb(project.VerbStart, p))
	spend := func(amount scalar.Decimal, currency *string) (*project.Project, error) {
		return h.RecordSpending(h.secretary(), project.RecordSpendingInput{
			Change: version(p.Version), ID: p.ID, Amount: amount, Currency: currency, On: "2026-03-01", Purpose: "材料",
		})
	}
	for range 10 {
		p = must2(spend("0.10", nil))
	}
	if p.Spent() != "1" || *p.Budget() != "1000.1" || p.OverBudget() {
		t.Errorf("ten times 0.10 is %s of %s", p.Spent(), *p.Budget())
	}
	_, err := spend("1", new("USD"))
	refused(t, err, project.CodeCurrencyMix, "currency")
	_, err = h.Revise(h.secretary(), project.ReviseInput{Change: version(p.Version), ID: p.ID, Budget: new(scalar.Decimal("5")), Currency: new("USD")})
	refused(t, err, project.CodeCurrencyMix, "currency")
	_, err = spend("0", nil)
	refused(t, err, fault.CodeOutOfRange, "amount")
	_, err = spend("0.001", nil)
	refused(t, err, project.CodeDecimals, "amount")
	_, err = spend("999999999999999", nil)
	refused(t, err, fault.CodeOutOfRange, "amount")
	_, err = h.RecordSpending(h.secretary(), project.RecordSpendingInput{Change: version(p.Version), ID: p.ID, Amount: "1", On: "2026-03-05", Purpose: "x"})
	refused(t, err, project.CodeFuture, "on")
	p = must2(spend("1000", nil))
	if !p.OverBudget() {
		t.Errorf("%s of %s is not over it", p.Spent(), *p.Budget())
	}
	last := p.Spendings[len(p.Spendings)-1]
	void := project.VoidSpendingInput{Change: version(p.Version), ID: p.ID, Key: last.Key, Reason: "重复登记"}
	p = must2(h.VoidSpending(h.secretary(), void))
	if p.Spent() != "1" || p.OverBudget() || !p.Spendings[len(p.Spendings)-1].Voided {
		t.Errorf("voided, and still %s", p.Spent())
	}
	void.Change = version(p.Version)
	_, err = h.VoidSpending(h.secretary(), void)
	refused(t, err, project.CodeVoided, "key")
	void.Key = "s99"
	_, err = h.VoidSpending(h.secretary(), void)
	refused(t, err, project.CodeNoSuchPart, "key")
}

func TestMilestonesComeInTheOrderOfTheirDays(t *testing.T) {
	h := newHouse(t)
	p := h.begun()
	for _, m := range []struct {
		title string
		due   scalar.Date
	}{{"竣工", "2026-09-01"}, {"开工", "2026-04-01"}} {
		p = must2(h.AddMilestone(h.secretary(), project.AddMilestoneInput{Change: version(p.Version), ID: p.ID, Title: m.title, DueOn: m.due}))
	}
	if p.Milestones[0].Title != "开工" {
		t.Errorf("first comes %s", p.Milestones[0].Title)
	}
	first := p.Milestones[0].Key
	_, err := h.CompleteMilestone(h.secretary(), project.CompleteMilestoneInput{Change: version(p.Version), ID: p.ID, Key: first, On: "2027-01-01"})
	refused(t, err, project.CodeFuture, "on")
	p = must2(h.CompleteMilestone(h.secretary(), project.CompleteMilestoneInput{Change: version(p.Version), ID: p.ID, Key: first, On: "2026-03-01"}))
	_, err = h.RemoveMilestone(h.secretary(), project.RemoveMilestoneInput{Change: version(p.Version), ID: p.ID, Key: first})
	refused(t, err, project.CodeMilestoneDone, "key")
	p = must2(h.RemoveMilestone(h.secretary(), project.RemoveMilestoneInput{Change: version(p.Version), ID: p.ID, Key: p.Milestones[1].Key}))
	if len(p.Milestones) != 1 {
		t.Errorf("%d are left", len(p.Milestones))
	}
	_, err = h.RemoveMilestone(h.secretary(), project.RemoveMilestoneInput{Change: version(p.Version), ID: p.ID, Key: "m9"})
	refused(t, err, project.CodeNoSuchPart, "key")
	_, err = h.RemoveMilestone(h.secretary(), project.RemoveMilestoneInput{Change: version(1), ID: p.ID, Key: "m9"})
	refused(t, err, fault.CodeConflict, "expectedVersion")
}

func TestALogIsKeptByAllWhoTakePart(t *testing.T) {
	h := newHouse(t)
	p := h.brought(project.Ordinary, project.Running, h.template())
	for i, ctx := range []context.Context{h.secretary(), h.liaison()} {
		in := project.LogActivityInput{ID: p.ID, On: scalar.Date("2026-03-01").AddDays(-i), Title: "清扫", Participants: new(12)}
		p = must2(h.LogActivity(ctx, in))
	}
	if p.Activities != 2 {
		t.Errorf("counted %d", p.Activities)
	}
	l := must2(h.ActivitiesOf(h.secretary(), p, page.Args{First: new(10)}))
	if len(l.Edges) != 2 || l.Edges[0].Node.Organisation != estate || l.Edges[1].Node.Organisation != manager {
		t.Errorf("got %v", l.Edges)
	}
	_, err := h.ActivitiesOf(h.secretary(), p, page.Args{})
	refused(t, err, fault.CodeBadPage, "first")
	_, err = h.LogActivity(h.officer(), project.LogActivityInput{ID: p.ID, On: "2026-03-01", Title: "检查"})
	refused(t, err, fault.CodeForbidden, "")
	_, err = h.LogActivity(h.secretary(), project.LogActivityInput{ID: p.ID, On: "2026-03-04", Title: "将来"})
	refused(t, err, project.CodeFuture, "on")
}

func TestProjectsFollowWhoLeadsThemToOtherBodies(t *testing.T) {
	h := newHouse(t)
	p := h.begun()
	before := len(h.told(p))
	lead := h.home[estate]
	lead.SubDistrict, lead.Above = town, []id.Organisation{town, district}
	h.home[estate] = lead
	for range 2 {
		if err := h.Moved(t.Context(), estate); err != nil {
			t.Fatal(err)
		}
	}
	_, err := h.Project(h.officer(), p.ID)
	refused(t, err, fault.CodeNotFound, "")
	now := must2(h.Project(h.as(authz.Supervisor, town), p.ID))
	if now.SubDistrict != town || now.Version != p.Version {
		t.Errorf("it lies in %s, version %d", now.SubDistrict, now.Version)
	}
	if told := h.told(p)[before:]; !slices.Equal(told, []string{project.ToldMoved}) {
		t.Errorf("told %v", told)
	}
}

// told are the events of a project that wait for the relay.
func (h *house) told(p *project.Project) []string {
	h.t.Helper()
	var out []string
	for _, o := range h.Outboxes() {
		for _, waiting := range must2(o.Pending(h.t.Context(), 100)) {
			for _, e := range waiting.Events {
				if e.Subject == string(p.ID) {
					out = append(out, e.Type)
				}
			}
		}
	}
	return out
}
