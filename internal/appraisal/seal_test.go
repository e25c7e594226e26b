package appraisal_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/appraisal"
	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/signing"
)

// reads says whether somebody reads the appraisals of the contract at all.
func reads(who string) bool {
	return slices.Contains([]string{secretary, liaison, banker, both, steward, supervisor, auditor}, who)
}

// seen is an appraisal, as somebody sees it, with everything that it can say.
func seen(t failer, a *appraisal.Appraisal) string {
	t.Helper()
	if a == nil {
		return ""
	}
	text, err := a.SealedText()
	if err != nil {
		t.Fatalf("sealed text: %v", err)
	}
	all, err := json.Marshal([]any{a, a.Ratings(), a.Comment(), a.Salt(), a.Author(), a.Mean(), text})
	if err != nil {
		t.Fatalf("%v", err)
	}
	return string(all)
}

// sealedFor checks that somebody sees nothing of what lies under the seal, whichever way they take.
func (w *world) sealedFor(t failer, who string, a *appraisal.Appraisal) {
	t.Helper()
	for name, got := range w.ways(t, as(who), a) {
		if got == nil {
			if reads(who) {
				t.Fatalf("%s does not find it by %s", who, name)
			}
			continue
		}
		if !reads(who) {
			t.Fatalf("%s finds it by %s", who, name)
		}
		said := seen(t, got)
		if got.Sealed != nil || got.Mean() != nil || got.Ratings() != nil || strings.Contains(said, secret) || got.Hash == nil {
			t.Fatalf("%s sees by %s: %s", who, name, said)
		}
	}
}

// ways are all ways to read an appraisal, with what each shows.
func (w *world) ways(t failer, ctx context.Context, a *appraisal.Appraisal) map[string]*appraisal.Appraisal {
	t.Helper()
	out := map[string]*appraisal.Appraisal{}
	one, err := w.Appraisal(ctx, a.ID)
	if err != nil {
		refused(t, err, fault.CodeNotFound)
	}
	out["one"] = one
	many, err := w.Many(ctx, []id.Appraisal{a.ID})
	if err != nil {
		t.Fatalf("many: %v", err)
	}
	out["many"] = many[0]
	find := func(all []*appraisal.Appraisal) *appraisal.Appraisal {
		i := slices.IndexFunc(all, func(b *appraisal.Appraisal) bool { return b.ID == a.ID })
		if i < 0 {
			return nil
		}
		return all[i]
	}
	not := &appraisal.Filter{Status: &appraisal.StatusChoice{Eq: new(appraisal.Missed)}}
	for name, f := range map[string]*appraisal.Filter{
		"list": nil, "contract": {Contract: &appraisal.ContractChoice{Eq: &a.Contract}}, "state": {Status: &appraisal.StatusChoice{In: appraisal.Statuses()}},
		"appraiser": {Appraiser: &organisation.Choice{Eq: &a.Appraiser}}, "appraised": {Appraised: &organisation.Choice{Eq: &a.Appraised}},
		"occasion": {Occasion: &appraisal.OccasionChoice{Eq: &a.Occasion}}, "time": {ClosesAt: &appraisal.TimeRange{Gte: &a.ClosesAt}},
		"not": {Not: not}, "or": {Or: []*appraisal.Filter{{Contract: &appraisal.ContractChoice{Eq: &a.Contract}}, not}},
	} {
		for _, o := range []*appraisal.Order{nil, {Field: appraisal.OrderByUpdated, Direction: page.Ascending}, {Field: appraisal.OrderByClosesAt, Direction: page.Ascending}} {
			out[fmt.Sprint(name, o)] = find(w.listed(t, ctx, f, o))
		}
	}
	nested, err := w.OfContracts(ctx, []id.Contract{a.Contract}, page.Args{First: new(100)})
	if err != nil {
		t.Fatalf("nested: %v", err)
	}
	out["nested"] = find(nested[0].Nodes())
	return out
}

func TestNobodySeesASealedAppraisalButItsAuthorsSpeakers(t *testing.T) {
	w := ended(t)
	a := w.say(t, community(), school(), 2)
	if a.Status != appraisal.Submitted || a.Hash == nil {
		t.Fatalf("got %+v", a)
	}
	w.settle(t)
	for _, who := range everybody() {
		if who != secretary {
			w.sealedFor(t, who, a)
		}
	}
	for name, own := range w.ways(t, as(secretary), a) {
		if own == nil || *own.Comment() != secret || *own.Mean() != 2 || len(own.Ratings()) != len(own.Criteria) {
			t.Errorf("by %s its author sees %+v", name, own)
		}
	}
	system, err := w.Appraisal(authz.AsSystem(t.Context()), a.ID)
	if err != nil || system.Sealed != nil {
		t.Errorf("the program itself lets it out: %+v, %v", system, err)
	}
}

func TestAnEventTellsOfASealedAppraisalNothingButItsHash(t *testing.T) {
	w := ended(t)
	a := w.say(t, community(), school(), 2)
	all := w.journalled(t)
	if !strings.Contains(all, *a.Hash) {
		t.Error("the hash is not in the journal")
	}
	w.say(t, school(), community(), 5)
	w.settle(t)
	all = w.journalled(t)
	opened := w.read(t, secretary, a)
	for _, word := range []string{secret, *opened.Salt(), "ratings", "score", "comment", "salt", actor(secretary).Name, "keptPromises"} {
		if strings.Contains(all, word) {
			t.Errorf("the journal holds %q", word)
		}
	}
	for _, what := range []string{appraisal.ToldInvited, appraisal.ToldSubmitted, appraisal.ToldOpened} {
		if n := strings.Count(all, what); n < 2 {
			t.Errorf("%s is told %d times", what, n)
		}
	}
}

func TestNoRecordNoReportAndNoErrorTellsOfASealedAppraisal(t *testing.T) {
	w := ended(t)
	a := w.say(t, community(), school(), 1)
	w.settle(t)
	for _, who := range everybody() {
		r, err := w.Record(as(who), school())
		if err != nil {
			refused(t, err, fault.CodeNotFound)
			continue
		}
		if r.Received != 0 || r.Mean != nil || r.Score != nil || len(r.Criteria) != 0 || r.LastAt != nil {
			t.Errorf("%s: the record tells %+v", who, r)
		}
	}
	opened, err := w.OpenedOf(t.Context(), []id.Contract{contractID()}, "2000-01-01", "2999-01-01")
	if err != nil || len(opened) != 0 {
		t.Errorf("reports get %v, %v", opened, err)
	}
	again, err := w.Recompute(t.Context(), school())
	if err != nil || again.Received != 0 {
		t.Errorf("adding up tells %+v, %v", again, err)
	}
	for _, who := range everybody() {
		for _, try := range []func() error{
			func() error { _, err := w.submit(as(who), &appraisal.Appraisal{}, 3); return err },
			func() error {
				stale := *a
				stale.Version = 1
				_, err := w.submit(as(who), &stale, 3)
				return err
			},
			func() error { _, err := w.reply(as(who), a); return err },
		} {
			err := try()
			if err == nil {
				t.Fatalf("%s: it went through", who)
			}
			for _, f := range fault.All(err) {
				if said := fmt.Sprint(f.Error(), f.Params); strings.Contains(said, secret) {
					t.Errorf("%s: the error says %s", who, said)
				}
			}
		}
	}
}

func TestWithTheSecondBothAreOpenedAndCanBeChecked(t *testing.T) {
	w := ended(t)
	first := w.say(t, community(), school(), 2)
	second := w.say(t, school(), community(), 5)
	if second.Status != appraisal.Opened {
		t.Fatalf("who submits the second finds %s", second.Status)
	}
	for _, who := range everybody() {
		for _, a := range []*appraisal.Appraisal{first, second} {
			got, err := w.Appraisal(as(who), a.ID)
			if !reads(who) {
				refused(t, err, fault.CodeNotFound)
				continue
			}
			if err != nil || got.Status != appraisal.Opened || *got.Comment() != secret || got.OpenedAt == nil || *got.OpenedOn != "2026-09-01" {
				t.Fatalf("%s: %+v, %v", who, got, err)
			}
			text, err := got.SealedText()
			if err != nil || signing.Hash([]byte(*text)) != *a.Hash && a == first || signing.Hash([]byte(*text)) != *got.Hash {
				t.Errorf("%s: the hash is not that of %v (%v)", who, *text, err)
			}
		}
	}
	inStates(t, w.all(t), map[appraisal.Status]int{appraisal.Opened: 2, appraisal.Invited: 2})
}

func TestAtTheEndOfTheTimeWhatIsInIsOpenedAndTheRestIsMissed(t *testing.T) {
	w := ended(t)
	a := w.say(t, community(), school(), 2)
	w.wait(appraisal.Window - time.Millisecond)
	w.settle(t)
	w.sealedFor(t, liaison, a)
	w.wait(time.Millisecond)
	_, err := w.submit(as(liaison), w.of(t, school(), community()), 5)
	refused(t, err, appraisal.CodeClosed) // though nothing has been noted yet
	w.settle(t)
	if got := w.read(t, liaison, a); got.Status != appraisal.Opened || *got.Mean() != 2 {
		t.Errorf("got %+v", got)
	}
	inStates(t, w.all(t), map[appraisal.Status]int{appraisal.Opened: 1, appraisal.Missed: 3})
	for _, who := range []string{secretary, liaison, banker} {
		for _, a := range w.listed(t, as(who), nil, nil) {
			if a.Appraiser == map[string]id.Organisation{secretary: community(), liaison: school(), banker: bank()}[who] {
				_, err := w.submit(as(who), a, 3)
				refused(t, err, appraisal.CodeClosed)
			}
		}
	}
	if n := w.tick(t); n != 0 {
		t.Errorf("%d things are left to do", n)
	}
}

func TestUntilTheOtherIsInItMayBeWrittenAnew(t *testing.T) {
	w := ended(t)
	first := w.say(t, community(), school(), 2)
	_, err := w.submit(as(secretary), &appraisal.Appraisal{Meta: first.Meta, Criteria: first.Criteria}, 2)
	if err != nil {
		t.Fatal(err)
	}
	again := w.read(t, secretary, first)
	if *again.Hash == *first.Hash || *again.Salt() == *first.Salt() {
		t.Error("the same words have the same hash")
	}
	_, err = w.submit(as(secretary), first, 4)
	refused(t, err, fault.CodeConflict)
	w.say(t, community(), school(), 4)
	w.say(t, school(), community(), 5)
	_, err = w.submit(as(secretary), w.of(t, community(), school()), 1)
	refused(t, err, appraisal.CodeWrongState)
	if got := w.read(t, liaison, first); *got.Mean() != 4 {
		t.Errorf("got %v", *got.Mean())
	}
}

func TestEachCriterionHasOneScoreWithinItsBounds(t *testing.T) {
	w := ended(t)
	a := w.of(t, community(), school())
	for name, tt := range map[string]struct {
		spoil func(*appraisal.SubmitInput)
		code  fault.Code
		at    string
	}{
		"low":     {func(in *appraisal.SubmitInput) { in.Ratings[0].Score = 0 }, fault.CodeOutOfRange, "ratings.0.score"},
		"high":    {func(in *appraisal.SubmitInput) { in.Ratings[1].Score = 6 }, fault.CodeOutOfRange, "ratings.1.score"},
		"unknown": {func(in *appraisal.SubmitInput) { in.Ratings[2].Key = "beauty" }, appraisal.CodeCriterionUnknown, "ratings.2.key"},
		"host's":  {func(in *appraisal.SubmitInput) { in.Ratings[2].Key = "fairPlatform" }, appraisal.CodeCriterionUnknown, "ratings.2.key"},
		"twice":   {func(in *appraisal.SubmitInput) { in.Ratings[1].Key = in.Ratings[0].Key }, fault.CodeDuplicate, "ratings.1.key"},
		"missing": {func(in *appraisal.SubmitInput) { in.Ratings = in.Ratings[1:] }, appraisal.CodeCriteriaMissing, "ratings"},
		"none":    {func(in *appraisal.SubmitInput) { in.Ratings = nil }, appraisal.CodeCriteriaMissing, "ratings"},
		"many":    {func(in *appraisal.SubmitInput) { in.Ratings = slices.Repeat(in.Ratings, 6) }, fault.CodeTooMany, "ratings"},
		"long":    {func(in *appraisal.SubmitInput) { in.Comment = new(strings.Repeat("长", appraisal.MaxComment+1)) }, fault.CodeTooLong, "comment"},
		"control": {func(in *appraisal.SubmitInput) { in.Comment = new("\x07") }, fault.CodeControl, "comment"},
		"stale":   {func(in *appraisal.SubmitInput) { in.ExpectedVersion = 7 }, fault.CodeConflict, "expectedVersion"},
		"absent":  {func(in *appraisal.SubmitInput) { in.ID = id.Derived[id.Appraisal](id.KindAppraisal, "x") }, fault.CodeNotFound, ""},
	} {
		in := appraisal.SubmitInput{Change: command.Change{ExpectedVersion: a.Version}, ID: a.ID, Ratings: scores(a, 3)}
		tt.spoil(&in)
		_, err := w.Submit(as(secretary), in)
		if !fault.Is(err, tt.code) || path(fault.Of(err)) != tt.at {
			t.Errorf("%s: got %v", name, err)
		}
	}
	inStates(t, w.all(t), map[appraisal.Status]int{appraisal.Invited: 4})
	must(t)(w.Submit(as(secretary), appraisal.SubmitInput{Change: command.Change{ExpectedVersion: 1}, ID: a.ID, Ratings: reversed(scores(a, 3))}))
	got := w.read(t, secretary, a)
	for i, r := range got.Ratings() {
		if r.Key != got.Criteria[i].Key {
			t.Errorf("the scores are not in the order of the criteria: %s", r.Key)
		}
	}
	if *got.Comment() != "" {
		t.Errorf("no comment became %q", *got.Comment())
	}
}

func reversed[T any](of []T) []T {
	slices.Reverse(of)
	return of
}

func TestTheMeanIsByTheWeights(t *testing.T) {
	w := ended(t)
	a := w.of(t, community(), school())
	in := appraisal.SubmitInput{Change: command.Change{ExpectedVersion: a.Version}, ID: a.ID, Ratings: scores(a, 1)}
	in.Ratings[0].Score = 5 // promises kept: 30 of 85
	if got := must(t)(w.Submit(as(secretary), in)); *got.Mean() != 2.41 {
		t.Errorf("the mean is %v, want (5×30 + 1×55) / 85", *got.Mean())
	}
}

func TestAnAppraisalIsAnsweredOnceAndNotByItsAuthor(t *testing.T) {
	w := ended(t)
	a := w.say(t, community(), school(), 2)
	_, err := w.reply(as(liaison), a)
	refused(t, err, appraisal.CodeWrongState)
	w.say(t, school(), community(), 5)
	a = w.of(t, community(), school())
	turncoat := actor(secretary) // who wrote it for the community and speaks for the school now
	turncoat.Holdings = []authz.Holding{{Role: authz.Liaison, Organisation: school()}}
	ctx := authz.With(t.Context(), turncoat)
	if got := w.AllowedActions(ctx, must(t)(w.Appraisal(ctx, a.ID))); len(got) != 0 {
		t.Errorf("said to be allowed: %v", got)
	}
	_, err = w.reply(ctx, a)
	refused(t, err, appraisal.CodeBothSides)
	for _, body := range []string{"", " \u200b", strings.Repeat("长", appraisal.MaxAnswer+1)} {
		_, err = w.Answer(as(liaison), appraisal.AnswerInput{Change: command.Change{ExpectedVersion: a.Version}, ID: a.ID, Body: body})
		if err == nil || path(fault.Of(err)) != "body" {
			t.Errorf("%.10q: %v", body, err)
		}
	}
	got := must(t)(w.reply(as(liaison), a))
	if got.Answer.Body != "谢谢，明年改进" || got.Answer.Person == "" || got.Status != appraisal.Opened {
		t.Errorf("got %+v", got.Answer)
	}
	_, err = w.reply(as(liaison), got)
	refused(t, err, appraisal.CodeAnswered)
	if all := w.journalled(t); strings.Contains(all, "谢谢") || !strings.Contains(all, appraisal.ToldAnswered) {
		t.Error("the journal holds the answer, or does not tell of it")
	}
}

func TestWhoSpeaksForBothSidesAppraisesForNeither(t *testing.T) {
	w := ended(t)
	for _, a := range []*appraisal.Appraisal{w.of(t, community(), school()), w.of(t, school(), community())} {
		if got := w.AllowedActions(as(both), a); len(got) != 0 {
			t.Errorf("said to be allowed: %v", got)
		}
		_, err := w.submit(as(both), a, 5)
		refused(t, err, appraisal.CodeBothSides)
	}
	must(t)(w.submit(as(both), w.of(t, community(), bank()), 4)) // there they speak for one side alone
}

func TestASubDistrictThatIsAPartyIsSpokenForByItsSupervisor(t *testing.T) {
	w := ended(t, witnessed(town()), promised(town(), community()))
	a := w.say(t, town(), community(), 4)
	w.sealedFor(t, supervisor, a) // of another sub-district, though above
	w.sealedFor(t, secretary, a)
	if got := w.read(t, officer, a); got.Sealed == nil {
		t.Error("it does not see its own")
	}
	if a.AppraisedPart != appraisal.Host || w.of(t, community(), town()).AppraisedPart != appraisal.Partner {
		t.Error("the parts are wrong")
	}
}

func TestARightThatEndsEndsAtOnce(t *testing.T) {
	w := ended(t)
	a := w.say(t, community(), school(), 2)
	gone := actor(secretary)
	gone.Holdings = nil
	_, err := w.Appraisal(authz.With(t.Context(), gone), a.ID)
	refused(t, err, fault.CodeNotFound)
	w.hear(t, told(contract.Completed, func(s *contract.Snapshot) { s.Above = nil }))
	_, err = w.Appraisal(as(supervisor), a.ID)
	refused(t, err, fault.CodeNotFound)
}
