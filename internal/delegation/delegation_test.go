package delegation_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/delegation"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
)

func TestAnOfficeIsLentFromItsFirstMomentToItsLast(t *testing.T) {
	w := newWorld(t)
	in := w.offer()
	starts := w.now.Add(24 * time.Hour)
	in.StartsAt = &starts
	d, err := w.Offer(w.branchHead(), in)
	if err != nil {
		t.Fatal(err)
	}
	w.now = starts
	if len(w.lent()) != 0 {
		t.Error("what was not accepted is lent")
	}
	w.now = starts.Add(-time.Hour)
	d, err = w.Accept(w.headHead(), delegation.AcceptInput{Change: at(d), ID: d.ID})
	if err != nil || d.Status != delegation.Accepted || d.AcceptedAt == nil {
		t.Fatalf("accepted: %+v, %v", d, err)
	}
	for moment, want := range map[time.Time]bool{
		starts.Add(-time.Millisecond): false, starts: true, d.EndsAt.Add(-time.Millisecond): true, d.EndsAt: false,
	} {
		w.now = moment
		got := w.lent()
		if len(got) == 1 != want || w.InForce(d) != want {
			t.Errorf("at %s it is lent: %v", moment, got)
		}
		if want && !reflect.DeepEqual(got[0], authz.Holding{Role: authz.Liaison, Organisation: w.branch, By: d.ID, Within: d.Above}) {
			t.Errorf("what is lent is %+v", got[0])
		}
	}
}

func TestEitherSideOrABodyAboveEndsItAtOnce(t *testing.T) {
	for name, end := range map[string]struct {
		role authz.Role
		in   func(*world) id.Organisation
	}{
		"lender": {authz.Liaison, func(w *world) id.Organisation { return w.branch }}, "borrower": {authz.Liaison, func(w *world) id.Organisation { return w.head }},
		"street": {authz.Supervisor, func(w *world) id.Organisation { return w.street }},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			d := w.accepted()
			if len(w.lent()) != 1 {
				t.Fatal("nothing is lent")
			}
			why := "不再需要"
			ctx := w.as(name, end.role, end.in(w))
			if name == "street" {
				_, err := w.End(ctx, delegation.EndInput{Change: at(d), ID: d.ID})
				code(t, err, fault.CodeRequired, "reason")
			}
			d, err := w.End(ctx, delegation.EndInput{Change: at(d), ID: d.ID, Reason: &why})
			if err != nil || d.Status != delegation.Ended || d.EndedBy != end.in(w) || d.EndReason != why {
				t.Fatalf("ended: %+v, %v", d, err)
			}
			if len(w.lent()) != 0 {
				t.Error("what has ended is lent")
			}
			_, err = w.End(ctx, delegation.EndInput{Change: at(d), ID: d.ID, Reason: &why})
			code(t, err, delegation.CodeWrongState, "")
			if again := w.offered(); again.Status != delegation.Offered {
				t.Errorf("after the end it cannot be offered anew: %+v", again)
			}
		})
	}
}

func TestTimeEndsWhatNobodyEnds(t *testing.T) {
	w := newWorld(t)
	d := w.accepted()
	w.now = d.EndsAt.Add(-time.Millisecond)
	if n, err := w.Tick(t.Context(), w.now); n != 0 || err != nil {
		t.Fatalf("before its end: %d, %v", n, err)
	}
	w.now = d.EndsAt
	_, err := w.Accept(w.headHead(), delegation.AcceptInput{Change: at(d), ID: d.ID})
	code(t, err, delegation.CodeWrongState, "")
	for _, want := range []int{1, 0} {
		if n, err := w.Tick(t.Context(), w.now); n != want || err != nil {
			t.Fatalf("at its end: %d, %v", n, err)
		}
	}
	d, err = w.Delegation(w.branchHead(), d.ID)
	if err != nil || d.Status != delegation.Ended || d.EndedBy != "" || d.EndedAt == nil {
		t.Errorf("by time: %+v, %v", d, err)
	}
	var types []string
	for _, e := range d.Outbox {
		types = append(types, e.Type)
	}
	if !slices.Equal(types, []string{delegation.ToldOffered, delegation.ToldAccepted, delegation.ToldEnded}) {
		t.Errorf("told: %v", types)
	}
}

func TestWhatIsLentIsNotLentOn(t *testing.T) {
	w := newWorld(t)
	w.accepted()
	borrower, err := w.Lend(t.Context(), w.actor("head", authz.Liaison, w.head))
	if err != nil {
		t.Fatal(err)
	}
	in := w.offer()
	in.To = w.third
	_, err = w.Offer(authz.With(t.Context(), borrower), in)
	code(t, err, fault.CodeForbidden, "")
	thirds := w.offer()
	thirds.From, thirds.To = w.head, w.third
	d, err := w.Offer(w.headHead(), thirds)
	if err != nil {
		t.Fatal(err)
	}
	third := w.actor("third", authz.Liaison, w.third)
	if _, err = w.Accept(authz.With(t.Context(), third), delegation.AcceptInput{Change: at(d), ID: d.ID}); err != nil {
		t.Fatal(err)
	}
	if third, err = w.Lend(t.Context(), third); err != nil || len(third.Holdings) != 2 || third.Holdings[1].Organisation != w.head {
		t.Errorf("the branch's office is handed on: %+v, %v", third.Holdings, err)
	}
	if third, err = w.Lend(t.Context(), third); err != nil || len(third.Holdings) != 2 {
		t.Errorf("what is lent lends: %+v, %v", third.Holdings, err)
	}
	for _, r := range []authz.Role{authz.Member, authz.GridSteward, authz.Auditor} {
		if a, err := w.Lend(t.Context(), w.actor("x", r, w.head)); err != nil || len(a.Holdings) != 1 {
			t.Errorf("%s of headquarters holds %+v, %v", r, a.Holdings, err)
		}
	}
	if a, err := w.Lend(t.Context(), authz.Actor{Service: "sva", Holdings: []authz.Holding{{Role: authz.Liaison, Organisation: w.head}}}); err != nil || len(a.Holdings) != 1 {
		t.Errorf("a service account holds %+v, %v", a.Holdings, err)
	}
}

func TestWhoMayNotIsRefusedEachStep(t *testing.T) {
	w := newWorld(t)
	d := w.offered()
	_, err := w.Offer(t.Context(), w.offer())
	code(t, err, fault.CodeUnauthenticated, "")
	for name, who := range map[string]struct {
		role authz.Role
		in   id.Organisation
		end  fault.Code
	}{
		"third": {authz.Liaison, w.third, fault.CodeNotFound}, "member": {authz.Member, w.branch, fault.CodeNotFound},
		"street": {authz.Supervisor, w.street, ""}, "auditor": {authz.Auditor, w.district, fault.CodeForbidden}, "admin": {authz.Administrator, "", fault.CodeNotFound},
		"other street": {authz.Supervisor, w.other, fault.CodeNotFound},
	} {
		ctx := w.as(name, who.role, who.in)
		_, err := w.Offer(ctx, w.offer())
		code(t, err, fault.CodeForbidden, "")
		_, err = w.Accept(ctx, delegation.AcceptInput{Change: at(d), ID: d.ID})
		hidden := who.end == fault.CodeNotFound
		if got := fault.Of(err).Code; got != fault.CodeForbidden && got != fault.CodeNotFound || hidden != (got == fault.CodeNotFound) {
			t.Errorf("%s accepts: %v", name, err)
		}
		if who.end != "" {
			_, err = w.End(ctx, delegation.EndInput{Change: at(d), ID: d.ID})
			code(t, err, who.end, "")
		}
		if found, _ := w.Many(ctx, []id.Delegation{d.ID}); (found[0] == nil) != hidden {
			t.Errorf("%s finds %v", name, found[0])
		}
	}
	_, err = w.Accept(w.branchHead(), delegation.AcceptInput{Change: at(d), ID: d.ID})
	code(t, err, fault.CodeForbidden, "")
	both := w.actor("branch", authz.Liaison, w.branch) // the same person leads both
	both.Holdings = append(both.Holdings, authz.Holding{Role: authz.Liaison, Organisation: w.head})
	ctx := authz.With(t.Context(), both)
	_, err = w.Accept(ctx, delegation.AcceptInput{Change: at(d), ID: d.ID})
	code(t, err, delegation.CodeOwnOffer, "")
	if got := w.AllowedActions(ctx, d); !slices.Equal(got, []delegation.Verb{delegation.VerbEnd}) {
		t.Errorf("they may %v", got)
	}
	if got := w.AllowedActions(w.headHead(), d); !slices.Equal(got, []delegation.Verb{delegation.VerbAccept, delegation.VerbEnd}) {
		t.Errorf("headquarters may %v", got)
	}
	_, err = w.Accept(w.headHead(), delegation.AcceptInput{Change: command.Change{ExpectedVersion: 9}, ID: d.ID})
	code(t, err, fault.CodeConflict, "expectedVersion")
}

func TestBadInputNamesItsField(t *testing.T) {
	w := newWorld(t)
	ctx := authz.With(t.Context(), authz.Actor{Person: "per", Holdings: []authz.Holding{
		{Role: authz.Liaison, Organisation: w.branch}, {Role: authz.Secretary, Organisation: w.community}, {Role: authz.Secretary, Organisation: w.street},
	}})
	soon := w.now.AddDate(0, 0, 7)
	for name, tt := range map[string]struct {
		alter func(*delegation.OfferInput)
		code  fault.Code
		path  string
	}{
		"to oneself":       {func(in *delegation.OfferInput) { in.To = in.From }, delegation.CodeOneself, "to"},
		"to nobody":        {func(in *delegation.OfferInput) { in.To = id.Derived[id.Organisation](id.KindUnit, "none") }, fault.CodeNotFound, "to"},
		"to a street":      {func(in *delegation.OfferInput) { in.To = w.street }, delegation.CodeUnfit, "to"},
		"from a street":    {func(in *delegation.OfferInput) { in.From = w.street }, delegation.CodeUnfit, "from"},
		"a secretary":      {func(in *delegation.OfferInput) { in.Role = authz.Secretary }, delegation.CodeRole, "role"},
		"a community's":    {func(in *delegation.OfferInput) { in.From = w.community }, delegation.CodeRole, "role"},
		"no reason":        {func(in *delegation.OfferInput) { in.Reason = " " }, fault.CodeRequired, "reason"},
		"too long":         {func(in *delegation.OfferInput) { in.Reason = strings.Repeat("长", 1001) }, fault.CodeTooLong, "reason"},
		"over":             {func(in *delegation.OfferInput) { in.EndsAt = w.now }, delegation.CodePeriod, "endsAt"},
		"before its start": {func(in *delegation.OfferInput) { in.StartsAt, in.EndsAt = &soon, soon }, delegation.CodePeriod, "endsAt"},
		"for too long":     {func(in *delegation.OfferInput) { in.EndsAt = w.now.AddDate(1, 0, 1) }, delegation.CodePeriod, "endsAt"},
	} {
		in := w.offer()
		tt.alter(&in)
		_, err := w.Offer(ctx, in)
		if err == nil {
			t.Errorf("%s: taken", name)
			continue
		}
		code(t, err, tt.code, tt.path)
	}
	w.offered()
	_, err := w.Offer(ctx, w.offer())
	code(t, err, delegation.CodeOpen, "to")
}

func TestListsShowEachSideWhatIsTheirs(t *testing.T) {
	w := newWorld(t)
	d := w.accepted()
	given, taken := delegation.Given, delegation.Taken
	status := &delegation.Filter{Status: &delegation.StatusChoice{Eq: new(delegation.Offered)}}
	count := func(role authz.Role, in, of id.Organisation, way *delegation.Direction, f *delegation.Filter) int {
		t.Helper()
		got, err := w.Delegations(w.as("x", role, in), of, way, f, page.Args{})
		if err != nil {
			t.Fatal(err)
		}
		return len(got.Edges)
	}
	for _, tt := range []struct {
		role   authz.Role
		in, of id.Organisation
		way    *delegation.Direction
		filter *delegation.Filter
		want   int
	}{
		{authz.Liaison, w.branch, w.branch, &given, nil, 1},
		{authz.Liaison, w.branch, w.branch, &taken, nil, 0},
		{authz.Liaison, w.branch, w.branch, nil, nil, 1},
		{authz.Liaison, w.head, w.head, &taken, nil, 1},
		{authz.Liaison, w.head, w.head, nil, status, 0},
		{authz.Supervisor, w.street, w.branch, nil, nil, 1},
		{authz.Auditor, w.district, w.head, &taken, nil, 1},
		{authz.Supervisor, w.other, w.branch, nil, nil, 0},
		{authz.Liaison, w.third, w.branch, nil, nil, 0},
	} {
		if got := count(tt.role, tt.in, tt.of, tt.way, tt.filter); got != tt.want {
			t.Errorf("%s in %s sees %d of %s", tt.role, tt.in, got, tt.of)
		}
	}
	w.above[w.branch] = []id.Organisation{w.other}
	for range 2 {
		if err := w.Moved(t.Context(), w.branch); err != nil {
			t.Fatal(err)
		}
	}
	if count(authz.Supervisor, w.other, w.branch, nil, nil) != 1 || count(authz.Supervisor, w.street, w.branch, nil, nil) != 0 {
		t.Error("who supervises the branch now does not see it")
	}
	if _, err := w.Delegations(t.Context(), w.branch, nil, nil, page.Args{}); !fault.Is(err, fault.CodeUnauthenticated) {
		t.Errorf("nobody lists: %v", err)
	}
	if from, err := w.InForceFrom(t.Context(), []id.Organisation{w.branch, w.head}); err != nil || len(from) != 1 || from[0].ID != d.ID {
		t.Errorf("in force: %v, %v", from, err)
	}
}

func TestEveryVerbIsRefusedInEveryStateThatLacksIt(t *testing.T) {
	for _, s := range append(delegation.Statuses(), "") {
		for _, v := range []delegation.Verb{delegation.VerbOffer, delegation.VerbAccept, delegation.VerbEnd, delegation.VerbLapse} {
			want := map[delegation.Status]string{"": "OFFER", delegation.Offered: "ACCEPT END LAPSE", delegation.Accepted: "END LAPSE"}[s]
			if got := len(delegation.Targets(s, v)) == 1; got != slices.Contains(strings.Fields(want), string(v)) {
				t.Errorf("%s in %q: %v", v, s, got)
			}
		}
	}
}
