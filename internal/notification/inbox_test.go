package notification

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
)

// three tells a person three things, an hour apart.
func (w *world) three(t testing.TB) id.Person {
	t.Helper()
	for _, what := range []string{"contract.activated", "contract.suspended", "contract.resumed"} {
		w.happens(t, what, string(theContract()), "", bson.M{"party": host()})
		w.wait(time.Hour)
	}
	return person(unit(1), "liaison")
}

func TestAnInboxIsReadByItsPersonAlone(t *testing.T) {
	w := open(t)
	p := w.three(t)
	n := w.inbox(t, p)[0]
	for _, other := range []authz.Actor{{}, {Person: "per1_other"}, {Person: person(unit(1), "member"), Holdings: []authz.Holding{{Role: authz.Administrator}}}} {
		ctx := authz.With(t.Context(), other)
		if _, err := w.Notification(ctx, n.ID); !fault.Is(err, fault.CodeNotFound) {
			t.Errorf("%s reads it: %v", other.Person, err)
		}
		if found, err := w.Inbox(ctx, nil, page.Args{}); err != nil || len(found.Edges) != 0 {
			t.Errorf("%s lists %d, %v", other.Person, len(found.Edges), err)
		}
		if _, err := w.MarkRead(ctx, MarkInput{IDs: []id.Notification{n.ID}}); err == nil {
			t.Errorf("%s marks it", other.Person)
		}
	}
	if got, err := w.Notification(as(t, p), n.ID); err != nil || got.Kind != ContractResumed {
		t.Errorf("its own person: %v, %v", got, err)
	}
}

func TestAnInboxIsFiltered(t *testing.T) {
	w := open(t)
	p := w.three(t)
	ctx := as(t, p)
	all := w.inbox(t, p)
	_, err := w.MarkRead(ctx, MarkInput{IDs: []id.Notification{all[1].ID}})
	must(t, err)
	for says, tc := range map[string]struct {
		f    Filter
		want string
	}{
		"all":       {Filter{}, "[CONTRACT_RESUMED CONTRACT_SUSPENDED CONTRACT_ACTIVATED]"},
		"unread":    {Filter{Read: new(false)}, "[CONTRACT_RESUMED CONTRACT_ACTIVATED]"},
		"read":      {Filter{Read: new(true)}, "[CONTRACT_SUSPENDED]"},
		"of a kind": {Filter{Kind: &KindChoice{Eq: new(ContractActivated)}}, "[CONTRACT_ACTIVATED]"},
		"of some":   {Filter{Kind: &KindChoice{In: []Kind{ContractActivated, ContractSuspended}}, Read: new(false)}, "[CONTRACT_ACTIVATED]"},
		"since":     {Filter{Since: &all[1].At}, "[CONTRACT_RESUMED CONTRACT_SUSPENDED]"},
	} {
		found, err := w.Inbox(ctx, &tc.f, page.Args{})
		must(t, err)
		var got []Kind
		for _, n := range found.Nodes() {
			got = append(got, n.Kind)
		}
		unread, err := found.UnreadCount(ctx)
		must(t, err)
		total, err := found.TotalCount(ctx)
		must(t, err)
		if fmt.Sprint(got) != tc.want || unread != 2 || *total != len(got) {
			t.Errorf("%s: %v, %d unread of %d", says, got, unread, *total)
		}
	}
	many := KindChoice{In: make([]Kind, 101)}
	if _, err := w.Inbox(ctx, &Filter{Kind: &many}, page.Args{}); !fault.Is(err, fault.CodeTooMany) || fault.Of(err).Path[0] != "filter" {
		t.Errorf("a hundred and one kinds: %v", err)
	}
}

func TestMarkingAgainChangesNothing(t *testing.T) {
	w := open(t)
	p := w.three(t)
	ctx, all := as(t, p), w.inbox(t, p)
	in := MarkInput{IDs: []id.Notification{all[0].ID, all[2].ID}}
	for i, want := range []int{2, 0} {
		got, err := w.MarkRead(ctx, in)
		must(t, err)
		if got.Marked != want || got.UnreadCount != 1 || len(got.Notifications) != 2 || !got.Notifications[1].Read() || got.Notifications[1].ReadAt == nil {
			t.Errorf("the %d. time: %+v", i+1, got)
		}
	}
	for i, want := range []int{1, 0} {
		got, err := w.MarkRead(ctx, MarkInput{UpTo: new(w.now())})
		must(t, err)
		if got.Marked != want || got.UnreadCount != 0 || got.Notifications != nil {
			t.Errorf("up to now, the %d. time: %+v", i+1, got)
		}
	}
}

func TestWhatIsMarkedIsNamedInOneWay(t *testing.T) {
	w := open(t)
	p := w.three(t)
	ctx, all := as(t, p), w.inbox(t, p)
	got, err := w.MarkRead(ctx, MarkInput{UpTo: &all[1].At})
	must(t, err)
	if got.Marked != 2 || got.UnreadCount != 1 {
		t.Errorf("up to the second: %+v", got)
	}
	other := id.Derived[id.Notification](id.KindNotification, "other")
	for says, tc := range map[string]struct {
		in   MarkInput
		code fault.Code
		at   string
	}{
		"neither":       {MarkInput{}, CodeMarkWhat, "ids"},
		"both":          {MarkInput{IDs: []id.Notification{all[0].ID}, UpTo: new(w.now())}, CodeMarkWhat, "ids"},
		"too many":      {MarkInput{IDs: make([]id.Notification, MostIDs+1)}, fault.CodeTooMany, "ids"},
		"somebody's":    {MarkInput{IDs: []id.Notification{all[0].ID, other}}, fault.CodeNotFound, "ids.1"},
		"nobody's name": {MarkInput{IDs: []id.Notification{w.inbox(t, person(host(), "liaison"))[0].ID}}, fault.CodeNotFound, "ids.0"},
	} {
		_, err := w.MarkRead(ctx, tc.in)
		if f := fault.Of(err); f.Code != tc.code || strings.Join(f.Path, ".") != tc.at {
			t.Errorf("%s: %v", says, err)
		}
	}
	if got := w.inbox(t, p)[0]; got.Read() {
		t.Error("of a refused input something was marked")
	}
}

func TestANotificationSaysNothingOfWhatIsHiddenNow(t *testing.T) {
	w := open(t)
	p := person(unit(2), "liaison")
	w.happens(t, "contract.signed", string(theContract()), "", bson.M{"party": unit(1)})
	w.happens(t, "contract.noticeGiven", string(theContract()), "", bson.M{"party": unit(1)})
	say := func(in *Language) string {
		t.Helper()
		said, err := w.Texts(as(t, p), w.inbox(t, p), in)
		must(t, err)
		return *said[0]
	}
	if got := say(nil); got != "长安社区已通知退出契约《共建契约》。" {
		t.Errorf("said %q", got)
	}
	if got := say(new(English)); got != "Chang'an has given notice of leaving the contract “共建契约”." {
		t.Errorf("said %q", got)
	}
	w.mailbox[p] = Account{Language: English}
	if got := say(nil); !strings.HasPrefix(got, "Chang'an") {
		t.Errorf("in the language of the account: %q", got)
	}
	w.hidden[string(theContract())] = true
	if got := say(new(Chinese)); got != "有签约方通知退出契约。" {
		t.Errorf("of what is hidden: %q", got)
	}
	if n := w.inbox(t, p)[0]; n.Subject != "" || n.Contract != "" || n.Organisation != "" || n.On != nil {
		t.Errorf("of what is hidden: %+v", n)
	}
}

func TestWhatTimeDidIsSaidWithoutAnOrganisation(t *testing.T) {
	w := open(t)
	w.happens(t, "fulfilment.accepted", string(theFulfilment()), "", dueEvent("ACCEPTED"))
	p := person(unit(1), "liaison")
	said, err := w.Texts(as(t, p), w.inbox(t, p), new(Chinese))
	must(t, err)
	if *said[0] != "贵方在契约《共建契约》中 2026-03-12 的履约因期满无异议视为认可。" {
		t.Errorf("said %q", *said[0])
	}
}

func TestNothingIsKeptForEver(t *testing.T) {
	w := open(t)
	p := w.three(t)
	w.wait(KeptFor - 150*time.Minute)
	w.tick(t)
	if got := w.kinds(t, p); len(got) != 2 {
		t.Errorf("after 180 days there are %v", got)
	}
}

func set(version int, change func(*SetInput)) SetInput {
	in := SetInput{Change: command.Change{ExpectedVersion: version}}
	change(&in)
	return in
}

func TestKindsAreToldAsTheyAreWanted(t *testing.T) {
	w := open(t)
	p := person(unit(1), "liaison")
	ctx := as(t, p)
	got, err := w.Set(ctx, set(0, func(in *SetInput) {
		in.Kinds = []*WishInput{{Kind: ContractSuspended, InApp: new(false)}, {Kind: ContractResumed, InApp: new(false), Mail: new(true)}}
	}))
	must(t, err)
	if got.Version != 1 || got.MailMode != None || got.DigestHour != DefaultHour {
		t.Errorf("set: %+v", got)
	}
	w.three(t)
	if got := w.kinds(t, p); fmt.Sprint(got) != "[CONTRACT_ACTIVATED]" {
		t.Errorf("told %v", got)
	}
	if got := w.kinds(t, person(unit(2), "liaison")); len(got) != 3 {
		t.Errorf("somebody else is told %v", got)
	}
	got, err = w.Set(ctx, set(1, func(in *SetInput) {
		in.Language, in.DigestHour = new(English), new(20)
		in.Kinds = []*WishInput{{Kind: ContractSuspended, InApp: new(true)}}
	}))
	must(t, err)
	if len(got.Own) != 1 || *got.Language != English || got.DigestHour != 20 || len(got.Kinds()) != len(Kinds()) {
		t.Errorf("set again: %+v", got)
	}
}

func TestSettingsThatCannotBeAreRefused(t *testing.T) {
	w := open(t)
	p := person(unit(1), "liaison")
	ctx := as(t, p)
	for says, tc := range map[string]struct {
		in   SetInput
		code fault.Code
		at   string
	}{
		"a version that never was": {set(3, func(*SetInput) {}), fault.CodeConflict, "expectedVersion"},
		"the 24th hour":            {set(0, func(in *SetInput) { in.DigestHour = new(24) }), fault.CodeOutOfRange, "digestHour"},
		"an hour before the first": {set(0, func(in *SetInput) { in.DigestHour = new(-1) }), fault.CodeOutOfRange, "digestHour"},
		"mail without an address":  {set(0, func(in *SetInput) { in.MailMode = new(Digest) }), CodeNoAddress, "mailMode"},
		"a kind twice": {set(0, func(in *SetInput) {
			in.Kinds = []*WishInput{{Kind: RoleGranted}, {Kind: RoleGranted}}
		}), fault.CodeDuplicate, "kinds.1.kind"},
	} {
		_, err := w.Set(ctx, tc.in)
		if f := fault.Of(err); f.Code != tc.code || strings.Join(f.Path, ".") != tc.at {
			t.Errorf("%s: %v", says, err)
		}
	}
	if _, err := w.Set(authz.With(t.Context(), authz.Actor{}), set(0, func(*SetInput) {})); !fault.Is(err, fault.CodeUnauthenticated) {
		t.Errorf("nobody sets: %v", err)
	}
	if _, err := w.Settings(authz.With(t.Context(), authz.Actor{})); !fault.Is(err, fault.CodeUnauthenticated) {
		t.Errorf("nobody asks: %v", err)
	}
	w.mailbox[p] = Account{Email: "p@example.org"}
	if got, err := w.Set(ctx, set(0, func(in *SetInput) { in.MailMode = new(Digest) })); err != nil || got.MailMode != Digest {
		t.Errorf("with an address: %v", err)
	}
}
