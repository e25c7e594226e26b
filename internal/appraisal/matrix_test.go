package appraisal_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/internal/appraisal"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// row is a line of the table that people read in docs/appraisal.md.
type row struct {
	state, to appraisal.Status
	verb      string
	who       []string // a role and, in brackets, on which side; none for time
}

// table reads it.
func table(t *testing.T) []row {
	t.Helper()
	page, err := os.ReadFile("../../docs/appraisal.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(page), "| State | Verb | Who | To |\n|---|---|---|---|\n")
	if !found {
		t.Fatal("the page has no table of states any more")
	}
	var rows []row
	for line := range strings.Lines(rest) {
		if !strings.HasPrefix(line, "|") {
			break
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i, c := range cells {
			cells[i] = strings.TrimSpace(c)
			if strings.HasPrefix(cells[i], "`") {
				cells[i] = strings.Trim(cells[i], "`")
			}
		}
		r := row{state: appraisal.Status(cells[0]), verb: cells[1], to: appraisal.Status(cells[3])}
		if cells[2] != "–" {
			r.who = strings.Split(cells[2], ", ")
		}
		rows = append(rows, r)
	}
	return rows
}

// verbs are the mutations, as the table names them.
func verbs() map[string]appraisal.Verb {
	return map[string]appraisal.Verb{"submitAppraisal": appraisal.VerbSubmit, "answerAppraisal": appraisal.VerbAnswer}
}

// grant reads what the table says of one kind of people.
var grant = regexp.MustCompile(`^([A-Z_]+) \((appraiser|appraised)\)$`)

// lets says whether the table lets somebody do a verb in a state, and to which it leads.
func lets(t *testing.T, rows []row, s appraisal.Status, v appraisal.Verb, who authz.Actor, a *appraisal.Appraisal) (role, state bool, to appraisal.Status) {
	t.Helper()
	for _, r := range rows {
		if verbs()[r.verb] != v {
			continue
		}
		for _, g := range r.who {
			m := grant.FindStringSubmatch(g)
			if m == nil {
				t.Fatalf("the table says %q", g)
			}
			in := a.Appraiser
			if m[2] == "appraised" {
				in = a.Appraised
			}
			role = role || who.Holds(authz.Role(m[1]), in)
		}
		if r.state == s {
			state, to = true, r.to
		}
	}
	return role, state, to
}

// inState is a world in which the community's appraisal of the school, or the town's of the community, is in a state.
func inState(t *testing.T, s appraisal.Status) (*world, *appraisal.Appraisal) {
	t.Helper()
	w := ended(t, witnessed(town()), promised(town(), school()))
	from, to := school(), town()
	switch s {
	case appraisal.Submitted:
		w.say(t, from, to, 3)
	case appraisal.Opened:
		w.say(t, from, to, 3)
		w.say(t, to, from, 3)
	case appraisal.Missed:
		w.wait(appraisal.Window)
		w.settle(t)
	case appraisal.Final:
		w.say(t, from, to, 3)
		w.finalise(t, w.of(t, from, to))
	}
	a := w.of(t, from, to)
	if a.Status != s {
		t.Fatalf("it is %s, not %s", a.Status, s)
	}
	return w, a
}

func TestEveryVerbInEveryStateByEverybody(t *testing.T) {
	rows, tried := table(t), 0
	for _, s := range appraisal.Statuses() {
		w, a := inState(t, s)
		for _, v := range verbs() {
			for _, who := range append(everybody(), "guest") {
				went := false
				t.Run(fmt.Sprintf("%s in %s by %s", v, s, who), func(t *testing.T) { went = tries(t, w, a, rows, v, who) })
				if tried++; went {
					w, a = inState(t, s)
				}
			}
		}
	}
	if want := len(appraisal.Statuses()) * 2 * (len(everybody()) + 1); tried != want {
		t.Errorf("tried %d of %d", tried, want)
	}
}

// tries does one verb as one person and compares with the table; it says whether it went through.
func tries(t *testing.T, w *world, a *appraisal.Appraisal, rows []row, v appraisal.Verb, who string) (went bool) {
	t.Helper()
	by := actor(who)
	if who == "guest" { // holds every role, in an organisation that has nothing to do with it
		by = authz.Actor{Person: "per1_g"}
		for _, r := range []authz.Role{authz.Secretary, authz.Liaison, authz.Supervisor, authz.Auditor, authz.GridSteward} {
			by.Holdings = append(by.Holdings, authz.Holding{Role: r, Organisation: other()})
		}
	}
	ctx := authz.With(t.Context(), by)
	role, state, to := lets(t, rows, a.Status, v, by, a)
	said := slices.Contains(w.AllowedActions(ctx, a), v)
	var got *appraisal.Appraisal
	var err error
	if v == appraisal.VerbSubmit {
		got, err = w.submit(ctx, a, 4)
	} else {
		got, err = w.reply(ctx, a)
	}
	if said != (err == nil) || (err == nil) != (role && state) {
		t.Fatalf("said to be allowed: %v; the table: %v by role, %v by state; but %v", said, role, state, err)
	}
	switch {
	case err == nil:
		if got.Status != to {
			t.Errorf("it led to %s, not to %s", got.Status, to)
		}
		return true
	case !role && !reads(who) && who != officer: // whose sub-district is a party here
		refused(t, err, fault.CodeNotFound)
	case !role:
		refused(t, err, fault.CodeForbidden)
	case a.Status == appraisal.Missed && v == appraisal.VerbSubmit:
		refused(t, err, appraisal.CodeClosed)
	default:
		refused(t, err, appraisal.CodeWrongState)
	}
	if now := w.of(t, a.Appraiser, a.Appraised); now.Version != a.Version || now.Status != a.Status {
		t.Errorf("a refused verb left a trace")
	}
	return false
}

func TestTheTableOfStatesIsTheProgramsOwn(t *testing.T) {
	byTime := map[string]appraisal.Verb{
		"time: 30 days are over": appraisal.VerbMiss, "time: both are in, or 30 days are over": appraisal.VerbFinalise,
		"time: the other is `FINAL`, `OPENED` or `MISSED`": appraisal.VerbOpen,
	}
	said := map[string]appraisal.Status{}
	for _, r := range table(t) {
		v, ok := verbs()[r.verb]
		if !ok {
			if v, ok = byTime[r.verb]; !ok || len(r.who) > 0 {
				t.Fatalf("the table says %+v", r)
			}
		}
		said[string(r.state)+" "+string(v)] = r.to
	}
	for _, s := range appraisal.Statuses() {
		for _, v := range append(appraisal.Verbs(), appraisal.VerbMiss, appraisal.VerbFinalise, appraisal.VerbOpen) {
			to, ok := appraisal.Target(s, v)
			want, written := said[string(s)+" "+string(v)]
			if ok != written || to != want {
				t.Errorf("%s in %s leads to %q, the page says %q", v, s, to, want)
			}
		}
	}
}

// finalise brings a submitted appraisal into the moment before the opening, as a node leaves it whose store goes away
// just then.
func (w *world) finalise(t failer, a *appraisal.Appraisal) {
	t.Helper()
	counterpart := w.of(t, a.Appraised, a.Appraiser)
	w.flaky.failAfter(3) // the submission, and two that are sealed for good
	got := must(t)(w.submit(as(speaker(a.Appraised)), counterpart, 3))
	w.flaky.mend()
	if got.Status != appraisal.Submitted {
		t.Fatalf("it is %s", got.Status)
	}
}
