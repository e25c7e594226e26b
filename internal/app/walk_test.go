package app_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/fulfilment"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
)

// The walk: so many towns at once, each with so many contracts under way; walk_long_test.go says how many steps.
const (
	walks    = 4
	underWay = 5
)

func TestAHundredThousandRandomStepsKeepEveryInvariant(t *testing.T) {
	for n := range walks {
		t.Run(fmt.Sprintf("walk %d", n), func(t *testing.T) {
			t.Parallel()
			w := newWanderer(t, uint64(n))
			for w.taken = range paces {
				w.pace()
			}
			w.rest()
			if paces >= 25_000 { // fewer steps do not get everywhere
				w.tell()
			}
		})
	}
}

// wanderer takes a town's contracts through whatever people may try and time may bring, drawn at random but the same at
// every run, and looks at each step whether the tables of states were kept to.
type wanderer struct {
	*house
	*town
	draw   *rand.Rand
	people []context.Context // who may try something, the parties more often than others
	pool   []id.Contract
	frozen map[id.Contract]string // hash of the text that was signed
	taken  int
	done   map[string]int // deeds by name, those that went through
	no     map[string]int // and those that were refused
}

func newWanderer(t *testing.T, seed uint64) *wanderer {
	t.Helper()
	db, err := boltstore.Open(filepath.Join(t.TempDir(), "walk.db"), boltstore.Options{Unsynced: true})
	must(t, err)
	t.Cleanup(func() { _ = db.Close(context.WithoutCancel(t.Context())) })
	h := open(t, db)
	w := &wanderer{
		house: h, town: h.town(3), draw: rand.New(rand.NewPCG(seed, 7)),
		frozen: map[id.Contract]string{}, done: map[string]int{}, no: map[string]int{},
	}
	clerk := h.enrol("clerk", authz.Liaison, w.units[0], false)
	other := h.community(w.south, "新惠社区")
	outsider := h.enrol("outsider", authz.Secretary, other, true)
	for _, p := range slices.Concat([]id.Person{w.secretary, w.northern, w.southern, w.chief, w.auditor, clerk, outsider}, w.liaisons, w.liaisons) {
		w.people = append(w.people, h.as(p))
	}
	return w
}

// one picks one of several things.
func one[T any](w *wanderer, of []T) T { return of[w.draw.IntN(len(of))] }

// chance is true so many times in a hundred.
func (w *wanderer) chance(percent int) bool { return w.draw.IntN(100) < percent }

// pace is one step: time passes, or somebody tries something.
func (w *wanderer) pace() {
	switch {
	case len(w.pool) < underWay:
		w.drafts()
	case w.chance(3):
		w.pass()
	case w.chance(30) && w.amends(), w.chance(50) && w.keeps():
	default:
		w.moves()
	}
	if w.taken%50 == 49 {
		w.settle()
		w.holds(one(w, w.pool))
	}
}

// inForce picks a contract that is in force, where there is one.
func (w *wanderer) inForce() (*contract.Contract, bool) {
	for _, i := range w.draw.Perm(len(w.pool)) {
		if c := w.contract(w.pool[i]); c.Status == contract.Active || c.Status == contract.Suspended {
			return c, true
		}
	}
	return nil, false
}

// pass lets hours or weeks pass.
func (w *wanderer) pass() {
	d := time.Duration(1+w.draw.IntN(72)) * time.Hour
	if w.chance(30) {
		d = time.Duration(1+w.draw.IntN(25)) * 24 * time.Hour
	}
	w.clock.add(d)
	w.settle()
	w.done["time"]++
}

// today is the day that it is.
func (w *wanderer) today() scalar.Date {
	return scalar.DateOf(w.clock.now(), time.FixedZone("", 8*60*60))
}

// drafts begins one more contract.
func (w *wanderer) drafts() {
	from := w.today().AddDays(w.draw.IntN(20))
	until := from.AddDays(40 + w.draw.IntN(70))
	unit, rule := one(w, w.units), one(w, rhythms())
	in := w.text(from, until,
		contract.CommitmentInput{Provider: unit, Receivers: []id.Organisation{w.town.community}, Action: "开放操场", Recurrence: &rule, Weight: new(1 + w.draw.IntN(5))},
		contract.CommitmentInput{Provider: w.town.community, Receivers: w.units, Action: "提供场地", DueOn: new(from.AddDays(w.draw.IntN(20)))},
		contract.CommitmentInput{Provider: w.units[0], Receivers: w.units[1:], Action: "联合义诊", Standing: new(w.chance(50)), DueOn: nil, Recurrence: new("FREQ=MONTHLY;BYMONTHDAY=5")},
	)
	in.NoticeDays, in.AutoRenew = new(w.draw.IntN(40)), new(w.chance(20))
	if w.chance(30) { // a contract of which everything may be done before its last day
		in.Commitments = in.Commitments[1:2]
	}
	c, err := w.Contracts.Draft(w.as(w.secretary), contract.DraftInput{TextInput: in})
	must(w.t, err)
	w.pool = append(w.pool, c.ID)
	w.done["draft"]++
}

// attempt is a verb that somebody may try.
type attempt struct {
	as   context.Context
	verb contract.Verb
}

// back says whether a verb takes a contract back or ends it: done as often as others, they would leave nothing standing.
func back(v contract.Verb) bool {
	return slices.Contains([]contract.Verb{
		contract.VerbCancel, contract.VerbDecline, contract.VerbReopen, contract.VerbRevise, contract.VerbRequestChanges,
		contract.VerbSuspend, contract.VerbTerminate, contract.VerbWithdraw, contract.VerbNotice, contract.VerbObject,
		contract.VerbRenew,
	}, v)
}

// chooses picks what to try on a contract: mostly what somebody may do, now and then anything.
func (w *wanderer) chooses(c *contract.Contract) attempt {
	var may []attempt
	for _, p := range w.people {
		for _, v := range w.Contracts.AllowedActions(p, c) {
			if !back(v) || w.chance(3) {
				may = append(may, attempt{p, v})
			}
		}
	}
	if len(may) == 0 || w.chance(25) {
		return attempt{one(w, w.people), one(w, contract.Verbs())}
	}
	return one(w, may)
}

// moves has somebody try a verb of a contract.
func (w *wanderer) moves() {
	c := w.contract(one(w, w.pool))
	a := w.chooses(c)
	allowed := slices.Contains(w.Contracts.AllowedActions(a.as, c), a.verb)
	err := w.tries(a.as, c, a.verb)
	w.note("contract "+string(a.verb), err)
	after := w.contract(c.ID)
	switch {
	case err != nil && (after.Version != c.Version || after.Status != c.Status):
		w.t.Fatalf("step %d: a refused %s left a trace: %v", w.taken, a.verb, err)
	case err != nil && allowed && !w.mayStillFail(a.verb):
		w.t.Fatalf("step %d: %s was said to be allowed in %s, and is refused: %v", w.taken, a.verb, c.Status, err)
	case err == nil && !allowed:
		w.t.Fatalf("step %d: %s by %s went through in %s without being allowed", w.taken, a.verb, authz.From(a.as).Name, c.Status)
	case err == nil && !slices.Contains(contract.Targets(c.Status, a.verb), after.Status):
		w.t.Fatalf("step %d: %s led from %s to %s", w.taken, a.verb, c.Status, after.Status)
	}
	w.remember(after)
}

// mayStillFail names the verbs that depend on more than the contract itself tells.
func (w *wanderer) mayStillFail(v contract.Verb) bool {
	return slices.Contains([]contract.Verb{
		contract.VerbComplete,                                             // only where nothing is open
		contract.VerbRenew,                                                // only once
		contract.VerbNotice,                                               // only where its day comes before the last one
		contract.VerbSuspend, contract.VerbResume, contract.VerbTerminate, // who is of a party and of a body above says which
	}, v)
}

func (w *wanderer) note(deed string, err error) {
	if f := fault.Of(err); err != nil && f.Kind == fault.Internal {
		w.t.Fatalf("step %d: %s: %v", w.taken, deed, err)
	}
	if err != nil {
		w.no[deed]++
		return
	}
	w.done[deed]++
}

// tries does a verb of a contract.
func (w *wanderer) tries(ctx context.Context, c *contract.Contract, v contract.Verb) error {
	in := step(c)
	var err error
	switch v {
	case contract.VerbRevise:
		_, err = w.Contracts.Revise(ctx, contract.ReviseInput{Change: in.Change, ID: c.ID, Title: new(fmt.Sprintf("共建协议 %d", w.taken))})
	case contract.VerbPropose:
		_, err = w.Contracts.Propose(ctx, contract.ProposeInput{StepInput: in})
	case contract.VerbRequestChanges:
		_, err = w.Contracts.RequestChanges(ctx, contract.RequestChangesInput{StepInput: in, Remarks: []contract.RemarkInput{{Body: "请修改"}}})
	case contract.VerbAgree:
		_, err = w.Contracts.Agree(ctx, contract.AgreeInput{StepInput: in})
	case contract.VerbDecline:
		_, err = w.Contracts.Decline(ctx, contract.DeclineInput{StepInput: in})
	case contract.VerbCancel:
		_, err = w.Contracts.Cancel(ctx, contract.CancelInput{StepInput: in})
	case contract.VerbOpen:
		_, err = w.Contracts.OpenForSigning(ctx, contract.OpenInput{StepInput: in})
	case contract.VerbReopen:
		_, err = w.Contracts.Reopen(ctx, contract.ReopenInput{StepInput: in})
	case contract.VerbSign:
		sign := contract.SignInput{ID: c.ID}
		if c.Frozen != nil {
			sign.TextHash = c.Frozen.Hash
		}
		_, err = w.Contracts.Sign(ctx, sign)
	case contract.VerbSuspend:
		_, err = w.Contracts.Suspend(ctx, contract.SuspendInput{TogetherInput: contract.TogetherInput{StepInput: in, Reason: new("改造")}})
	case contract.VerbResume:
		_, err = w.Contracts.Resume(ctx, contract.ResumeInput{TogetherInput: contract.TogetherInput{StepInput: in, Reason: new("完工")}})
	case contract.VerbTerminate:
		_, err = w.Contracts.Terminate(ctx, contract.TerminateInput{TogetherInput: contract.TogetherInput{StepInput: in, Reason: new("撤并")}})
	case contract.VerbWithdraw:
		_, err = w.Contracts.WithdrawStep(ctx, contract.WithdrawStepInput{StepInput: in})
	case contract.VerbNotice:
		_, err = w.Contracts.GiveNotice(ctx, contract.NoticeInput{StepInput: in, Reason: "搬迁"})
	case contract.VerbComplete:
		_, err = w.Contracts.Complete(ctx, contract.CompleteInput{StepInput: in})
	case contract.VerbObject:
		_, err = w.Contracts.Object(ctx, contract.ObjectInput{StepInput: in, Reason: "尚未完成"})
	case contract.VerbRenew:
		var next *contract.Contract
		if next, err = w.Contracts.Renew(ctx, contract.RenewInput{ID: c.ID}); err == nil {
			w.pool = append(w.pool, next.ID)
		}
	default:
		w.t.Fatalf("nobody knows how to %s", v)
	}
	return err
}

// amends has somebody draft an amendment, or try a verb of one, where a contract is in force.
func (w *wanderer) amends() bool {
	c, ok := w.inForce()
	if !ok {
		return false
	}
	got, err := w.Contracts.AmendmentsOf(w.system(), c, nil, page.Args{Last: new(3)})
	must(w.t, err)
	if len(got.Nodes()) == 0 || w.chance(4) {
		in := contract.DraftAmendmentInput{Contract: c.ID, Summary: new("调整")}
		w.alters(c, &in.AmendedText)
		_, err := w.Contracts.DraftAmendment(one(w, w.people), in)
		w.note("amendment DRAFT", err)
		return true
	}
	a := one(w, got.Nodes())
	try := w.choosesOn(a)
	err = w.triesOn(try.as, c, a, try.verb)
	w.note("amendment "+string(try.verb), err)
	now, lookErr := w.Contracts.Amendment(w.system(), a.ID)
	must(w.t, lookErr)
	switch {
	case err != nil && now.Version != a.Version:
		w.t.Fatalf("step %d: a refused %s left a trace: %v", w.taken, try.verb, err)
	case err == nil && !slices.Contains(contract.AmendmentTargets(a.Status, try.verb), now.Status):
		w.t.Fatalf("step %d: %s led an amendment from %s to %s", w.taken, try.verb, a.Status, now.Status)
	}
	return true
}

// choosesOn picks what to try on an amendment, as chooses does on a contract.
func (w *wanderer) choosesOn(a *contract.Amendment) amending {
	var may []amending
	for _, p := range w.people {
		can, err := w.Contracts.AmendmentActions(p, []*contract.Amendment{a})
		must(w.t, err)
		for _, v := range can[0] {
			back := slices.Contains([]contract.AmendmentVerb{
				contract.AmendCancel, contract.AmendDecline, contract.AmendReopen, contract.AmendRequestChanges, contract.AmendRevise,
			}, v)
			if !back || w.chance(4) {
				may = append(may, amending{p, v})
			}
		}
	}
	if len(may) == 0 || w.chance(15) {
		return amending{one(w, w.people), one(w, contract.AmendmentVerbs())}
	}
	return one(w, may)
}

// amending is a verb of an amendment that somebody may try.
type amending struct {
	as   context.Context
	verb contract.AmendmentVerb
}

// alters draws what an amendment changes: a rhythm, a weight, a promise more or less, the last day.
func (w *wanderer) alters(c *contract.Contract, t *contract.AmendedText) {
	if w.chance(20) {
		until := max(c.EndsOn.AddDays(w.draw.IntN(40)-20), w.today().AddDays(1), c.EffectiveOn)
		t.EndsOn = &until
	}
	t.Title = new(fmt.Sprintf("共建协议(变更 %d)", w.taken))
	for _, m := range c.Commitments {
		in := contract.CommitmentInput{
			Key: &m.Key, Provider: m.Provider, Receivers: m.Receivers, Action: m.Action, Recurrence: m.Recurrence,
			DueOn: m.DueOn, StartsOn: m.StartsOn, Standing: &m.Standing, Weight: new(1 + w.draw.IntN(5)),
		}
		if in.Recurrence != nil && w.chance(50) {
			in.Recurrence = new(one(w, rhythms()))
		}
		if len(c.Commitments) < 2 || !w.chance(20) {
			t.Commitments = append(t.Commitments, in)
		}
	}
	if w.chance(30) && len(c.Commitments) < 6 {
		t.Commitments = append(t.Commitments, contract.CommitmentInput{
			Provider: c.Host, Receivers: []id.Organisation{one(w, w.units)}, Action: "新增", Recurrence: new(one(w, rhythms())),
		})
	}
}

// rhythms are those that promises have.
func rhythms() []string {
	return []string{"FREQ=WEEKLY", "FREQ=MONTHLY", "FREQ=DAILY;INTERVAL=10", "FREQ=MONTHLY;BYMONTHDAY=5"}
}

// triesOn does a verb of an amendment.
func (w *wanderer) triesOn(ctx context.Context, c *contract.Contract, a *contract.Amendment, v contract.AmendmentVerb) error {
	in := contract.AmendStepInput{Change: command.Change{ExpectedVersion: a.Version}, ID: a.ID}
	var err error
	switch v {
	case contract.AmendRevise:
		revise := contract.ReviseAmendmentInput{Change: in.Change, ID: a.ID}
		w.alters(c, &revise.AmendedText)
		_, err = w.Contracts.ReviseAmendment(ctx, revise)
	case contract.AmendPropose:
		_, err = w.Contracts.ProposeAmendment(ctx, contract.ProposeAmendmentInput{AmendStepInput: in})
	case contract.AmendRequestChanges:
		_, err = w.Contracts.RequestAmendmentChanges(ctx, contract.RequestAmendmentChangesInput{AmendStepInput: in, Remarks: []contract.RemarkInput{{Body: "请修改"}}})
	case contract.AmendAgree:
		_, err = w.Contracts.AgreeToAmendment(ctx, contract.AgreeToAmendmentInput{AmendStepInput: in})
	case contract.AmendDecline:
		_, err = w.Contracts.DeclineAmendment(ctx, contract.DeclineAmendmentInput{AmendStepInput: in})
	case contract.AmendCancel:
		_, err = w.Contracts.CancelAmendment(ctx, contract.CancelAmendmentInput{AmendStepInput: in})
	case contract.AmendOpen:
		_, err = w.Contracts.OpenAmendmentForSigning(ctx, contract.OpenAmendmentInput{AmendStepInput: in})
	case contract.AmendReopen:
		_, err = w.Contracts.ReopenAmendment(ctx, contract.ReopenAmendmentInput{AmendStepInput: in})
	default:
		sign := contract.SignAmendmentInput{ID: a.ID}
		if a.Frozen != nil {
			sign.TextHash = a.Frozen.Hash
		}
		_, err = w.Contracts.SignAmendment(ctx, sign)
	}
	return err
}

// keeps has somebody say something to a fulfilment, where there is one.
func (w *wanderer) keeps() bool {
	of := one(w, w.pool)
	got, err := w.Fulfilments.Fulfilments(w.system(), &fulfilment.Filter{
		Contract: &fulfilment.ContractChoice{Eq: &of}, DueOn: &fulfilment.DateRange{Lte: new(w.today().AddDays(15))},
	}, &fulfilment.Order{Field: fulfilment.OrderByDueOn, Direction: page.Descending}, page.Args{First: new(8)})
	must(w.t, err)
	if len(got.Nodes()) == 0 {
		return false
	}
	f := one(w, got.Nodes())
	change := w.now(f.ID)
	ctx, verb := w.choosesFor(f)
	switch verb {
	case fulfilment.VerbWaive:
		_, err = w.Fulfilments.Waive(ctx, fulfilment.WaiveInput{Change: change, ID: f.ID})
	case fulfilment.VerbReport:
		_, err = w.Fulfilments.Report(ctx, fulfilment.ReportInput{Change: change, ID: f.ID, Note: "已完成"})
	case fulfilment.VerbAccept:
		_, err = w.Fulfilments.Accept(ctx, fulfilment.AcceptInput{Change: change, ID: f.ID})
	case fulfilment.VerbDispute:
		_, err = w.Fulfilments.Dispute(ctx, fulfilment.DisputeInput{Change: change, ID: f.ID, Reason: "不符"})
	default:
		_, err = w.Fulfilments.Resolve(ctx, fulfilment.ResolveInput{Change: change, ID: f.ID, Outcome: one(w, fulfilment.Outcomes()), Reason: new("协商")})
	}
	w.note("fulfilment "+string(verb), err)
	after := w.fulfilment(f.ID)
	switch {
	case err != nil && after.Version != f.Version:
		w.t.Fatalf("step %d: a refused %s left a trace: %v", w.taken, verb, err)
	case err == nil && !slices.Contains(fulfilment.Targets(f.Status, verb), after.Status):
		w.t.Fatalf("step %d: %s led from %s to %s", w.taken, verb, f.Status, after.Status)
	}
	return true
}

// choosesFor picks what to say to a fulfilment, as chooses does to a contract.
func (w *wanderer) choosesFor(f *fulfilment.Fulfilment) (context.Context, fulfilment.Verb) {
	type saying struct {
		as   context.Context
		verb fulfilment.Verb
	}
	var may []saying
	for _, p := range w.people {
		for _, v := range w.Fulfilments.AllowedActions(p, f) {
			if v != fulfilment.VerbWaive || w.chance(5) {
				may = append(may, saying{p, v})
			}
		}
	}
	if len(may) == 0 || w.chance(20) {
		return one(w, w.people), one(w, fulfilment.PeoplesVerbs())
	}
	pick := one(w, may)
	return pick.as, pick.verb
}

// over says whether nothing more can become of a contract.
func over(s contract.Status) bool {
	return slices.Contains([]contract.Status{contract.Expired, contract.Terminated, contract.Completed, contract.Declined, contract.Cancelled}, s)
}

// remember keeps what must not change any more, and lets go of a contract that is over.
func (w *wanderer) remember(c *contract.Contract) {
	if c.SignedAt != nil && w.frozen[c.ID] == "" {
		w.frozen[c.ID] = c.Frozen.Hash
	}
}

// holds looks at a contract and everything that hangs on it.
func (w *wanderer) holds(of id.Contract) {
	c := w.contract(of)
	if h := w.frozen[of]; h != "" && (c.Frozen == nil || c.Frozen.Hash != h) {
		w.t.Fatalf("step %d: the text that was signed has changed", w.taken)
	}
	if len(c.Revisions) != c.TextVersion {
		w.t.Fatalf("step %d: version %d with %d revisions", w.taken, c.TextVersion, len(c.Revisions))
	}
	w.holdsOfText(c)
	for _, f := range w.fulfilments(of) {
		w.holdsOf(c, f)
	}
	for _, p := range c.Parties {
		of := fulfilment.RateOf{Contract: c.ID, Party: p.Organisation}
		told, err := w.Fulfilments.Rates(w.system(), []fulfilment.RateOf{of})
		must(w.t, err)
		counted, err := w.Fulfilments.Recount(w.system(), of)
		must(w.t, err)
		if told[0] != counted {
			w.t.Fatalf("step %d: %s has %v by events and %v counted anew", w.taken, p.Name, told[0], counted)
		}
	}
	if over(c.Status) {
		w.pool = slices.DeleteFunc(w.pool, func(o id.Contract) bool { return o == of })
		w.done["end "+string(c.Status)]++
	}
}

// holdsOfText: the text in force is the one that was signed, or that of the amendment applied last; of all amendments one
// at most lies open for signing or is signed, and what has ended has none on its way.
func (w *wanderer) holdsOfText(c *contract.Contract) {
	var last *contract.Amendment
	ready := 0
	for _, a := range all(w.t, func(p page.Args) (*contract.Amendments, error) {
		return w.Contracts.AmendmentsOf(w.system(), c, nil, p)
	}) {
		switch a.Status {
		case contract.AmendmentApplied:
			if last == nil || last.Number < a.Number { // the clock may stand still while two are applied, versions never do
				last = a
			}
		case contract.AmendmentSigning, contract.AmendmentSigned:
			ready++
		case contract.AmendmentDraft, contract.AmendmentNegotiating:
			if over(c.Status) {
				w.t.Fatalf("step %d: an amendment is %s in a contract that is %s", w.taken, a.Status, c.Status)
			}
		}
	}
	if ready > 1 {
		w.t.Fatalf("step %d: %d amendments lie open for signing or are signed", w.taken, ready)
	}
	if last != nil && last.Text.Title != c.Title {
		w.t.Fatalf("step %d: the text in force is %q, the one applied last %q", w.taken, c.Title, last.Text.Title)
	}
}

func (w *wanderer) holdsOf(c *contract.Contract, f *fulfilment.Fulfilment) {
	late, open := f.DueOn < w.today(), f.Status == fulfilment.Due || f.Status == fulfilment.Suspended
	exited := func(o id.Organisation) *contract.Party {
		if p := c.Party(o); p != nil && p.State == contract.Exited {
			return p
		}
		return nil
	}
	switch {
	case f.Status == fulfilment.Due && late:
		w.t.Fatalf("step %d: what was due on %s is still due on %s, in a contract that is %s", w.taken, f.DueOn, w.today(), c.Status)
	case f.Status == fulfilment.Due && c.Status == contract.Suspended:
		w.t.Fatalf("step %d: %s is due in a contract that rests", w.taken, f.DueOn)
	case f.Status == fulfilment.Suspended && c.Status != contract.Suspended:
		w.t.Fatalf("step %d: %s rests in a contract that is %s", w.taken, f.DueOn, c.Status)
	case open && over(c.Status) && f.DueOn >= *c.EndedOn:
		w.t.Fatalf("step %d: %s is %s in a contract that is %s since %s", w.taken, f.DueOn, f.Status, c.Status, *c.EndedOn)
	case open && exited(f.Provider) != nil && f.DueOn >= exited(f.Provider).Notice.EffectiveOn:
		w.t.Fatalf("step %d: %s is %s though its provider left on %s", w.taken, f.DueOn, f.Status, exited(f.Provider).Notice.EffectiveOn)
	}
}

// rest looks at all that is left.
func (w *wanderer) rest() {
	w.settle()
	for _, c := range slices.Clone(w.pool) {
		w.holds(c)
	}
	_ = w.story("") // the journal's places have no gaps
}

// tell fails a walk that did not get around: what people can do must have been done, and refused, by somebody, and
// contracts must have come to every end.
func (w *wanderer) tell() {
	w.t.Logf("done %v", w.done)
	w.t.Logf("refused %v", w.no)
	var deeds []string
	for _, v := range contract.Verbs() {
		deeds = append(deeds, "contract "+string(v))
	}
	for _, v := range contract.AmendmentVerbs() {
		deeds = append(deeds, "amendment "+string(v))
	}
	for _, v := range fulfilment.PeoplesVerbs() {
		deeds = append(deeds, "fulfilment "+string(v))
	}
	for _, d := range deeds {
		if w.done[d] == 0 || w.no[d] == 0 {
			w.t.Errorf("%s was done %d times and refused %d times", d, w.done[d], w.no[d])
		}
	}
	for _, s := range []contract.Status{contract.Expired, contract.Terminated, contract.Completed, contract.Declined, contract.Cancelled} {
		if w.done["end "+string(s)] == 0 {
			w.t.Errorf("no contract was ever %s", s)
		}
	}
}
