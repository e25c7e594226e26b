package fulfilment_test

import (
	"context"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/fulfilment"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
)

// world is the room with a journal of its own, and a clock that is moved by hand.
type world struct {
	*fulfilment.Service
	journal *journal.Journal
	mu      sync.Mutex
	at      time.Time
	seq     int64
	heard   []journal.Entry // fulfilment's own events
	pauses  []contract.Pause
	gone    []contract.Exit
}

const dawn = "2026-03-01" // the day on which the world begins, at 09:00 in Shanghai

func open(t *testing.T) *world {
	t.Helper()
	w := &world{}
	w.goTo(dawn, "09:00")
	db, err := boltstore.Open(filepath.Join(t.TempDir(), "world.bolt"), boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.WithoutCancel(t.Context())) })
	if w.journal, err = journal.New(t.Context(), journal.Options{Backend: db, Now: w.now, Node: "test"}); err != nil {
		t.Fatal(err)
	}
	w.Service, err = fulfilment.Open(t.Context(), db, fulfilment.Service{
		Now: w.now, Told: w.journal.Wake,
		Cursors: &page.Cursors{Keys: func() [][]byte { return [][]byte{make([]byte, 32)} }},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.journal.Collect(w.Outboxes()...)
	w.journal.Follow("rates", []string{"fulfilment.*"}, func(ctx context.Context, e journal.Entry) error {
		w.heard = append(w.heard, e)
		return w.FollowFulfilment(ctx, e)
	})
	return w
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

// goTo moves the clock to a day and a time of day in Shanghai.
func (w *world) goTo(day scalar.Date, clock string) {
	loc, err := time.LoadLocation(contract.DefaultZone)
	if err != nil {
		panic(err)
	}
	at, err := time.ParseInLocation("2006-01-02 15:04:05", string(day)+" "+(clock + ":00")[:8], loc)
	if err != nil {
		panic(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = at
}

func (w *world) wait(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

// tick lets time do all that it has to, and says how much that was.
func (w *world) tick(t failer) int {
	t.Helper()
	sum := 0
	for {
		n, err := w.Tick(context.Background(), w.now())
		if err != nil {
			t.Fatalf("tick: %v", err)
		}
		if sum += n; n == 0 {
			return sum
		}
	}
}

// failer is a test, be it Go's or rapid's.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// The people of this world.
const (
	secretary  = "secretary"  // of the community
	liaison    = "liaison"    // of the school
	banker     = "banker"     // liaison of the bank
	both       = "both"       // liaison of the school and of the bank
	everybody  = "everybody"  // secretary, and liaison of the school
	steward    = "steward"    // of the community
	supervisor = "supervisor" // of the sub-district
	auditor    = "auditor"    // of the sub-district
	operator   = "operator"   // administrator of the platform
	stranger   = "stranger"   // liaison of a unit that is no party
	nobody     = ""
)

func community() id.Organisation { return id.Derived[id.Organisation](id.KindCommunity, "community") }
func school() id.Organisation    { return id.Derived[id.Organisation](id.KindUnit, "school") }
func bank() id.Organisation      { return id.Derived[id.Organisation](id.KindUnit, "bank") }
func other() id.Organisation     { return id.Derived[id.Organisation](id.KindUnit, "other") }
func street() id.Organisation    { return id.Derived[id.Organisation](id.KindSubDistrict, "street") }
func town() id.Organisation      { return id.Derived[id.Organisation](id.KindSubDistrict, "town") }

func actor(name string) authz.Actor {
	holds := func(r authz.Role, o id.Organisation) authz.Holding { return authz.Holding{Role: r, Organisation: o} }
	a := authz.Actor{Name: name}
	if name != nobody {
		a.Person = id.Derived[id.Person](id.KindPerson, name)
	}
	a.Holdings = map[string][]authz.Holding{
		secretary:  {holds(authz.Secretary, community())},
		liaison:    {holds(authz.Liaison, school())},
		banker:     {holds(authz.Liaison, bank())},
		both:       {holds(authz.Liaison, school()), holds(authz.Liaison, bank())},
		everybody:  {holds(authz.Secretary, community()), holds(authz.Liaison, school())},
		steward:    {holds(authz.GridSteward, community())},
		supervisor: {holds(authz.Supervisor, street())},
		auditor:    {holds(authz.Auditor, street())},
		operator:   {holds(authz.Administrator, "")},
		stranger:   {holds(authz.Liaison, other())},
	}[name]
	return a
}

func as(name string) context.Context {
	return authz.With(context.Background(), actor(name))
}

func contractID() id.Contract { return id.Derived[id.Contract](id.KindContract, "c") }

// promise is something that the school promises the community.
func promise(key string, change ...func(*contract.Promise)) contract.Promise {
	p := contract.Promise{
		ID: id.Within[id.Commitment](id.KindCommitment, string(contractID()), key), Key: key,
		Provider: school(), Receivers: []id.Organisation{community()}, Action: "open the library", Weight: 1,
	}
	for _, c := range change {
		c(&p)
	}
	return p
}

func due(on scalar.Date) func(*contract.Promise) {
	return func(p *contract.Promise) { p.DueOn = &on }
}

func rhythm(rule string) func(*contract.Promise) {
	return func(p *contract.Promise) { p.Recurrence = &rule }
}

func standing(p *contract.Promise) { p.Standing = true }

func toBoth(p *contract.Promise) { p.Receivers = []id.Organisation{community(), bank()} }

func weighs(n int) func(*contract.Promise) {
	return func(p *contract.Promise) { p.Weight = n }
}

// told is a contract's event, as the contract's room tells it.
func told(status contract.Status, promises ...contract.Promise) contract.Snapshot {
	parties := []id.Organisation{community(), school(), bank()}
	return contract.Snapshot{
		Status: status, Title: "Reading room", TextVersion: 1, TimeZone: contract.DefaultZone,
		EffectiveOn: dawn, EndsOn: "2027-02-28", Host: community(), SubDistrict: street(),
		Parties: parties, Above: []id.Organisation{street()}, Readers: append(parties, street()), Commitments: promises,
	}
}

func (w *world) entry(t failer, s contract.Snapshot) journal.Entry {
	t.Helper()
	raw, err := bson.Marshal(s)
	if err != nil {
		t.Fatalf("event: %v", err)
	}
	w.seq++
	return journal.Entry{Seq: w.seq, Event: store.Event{
		ID: "e", Type: "contract.changed", Subject: string(contractID()), SubjectVersion: int(w.seq), At: w.now(), Data: raw,
	}}
}

func (w *world) hear(t failer, s contract.Snapshot) {
	t.Helper()
	if err := w.FollowContract(context.Background(), w.entry(t, s)); err != nil {
		t.Fatalf("follow: %v", err)
	}
}

// all lists every fulfilment there is, by day.
func (w *world) all(t failer) []*fulfilment.Fulfilment {
	t.Helper()
	var out []*fulfilment.Fulfilment
	args, contracts := page.Args{First: new(100)}, []id.Contract{contractID()}
	where := &fulfilment.Filter{Contract: &fulfilment.ContractChoice{In: contracts}}
	for {
		got, err := w.Fulfilments(authz.AsSystem(context.Background()), where, nil, args)
		if err != nil {
			t.Fatalf("list: %v", err)
		}
		out = append(out, got.Nodes()...)
		if !got.PageInfo.HasNextPage {
			return out
		}
		args.After = got.PageInfo.EndCursor
	}
}

func days(fs []*fulfilment.Fulfilment) []scalar.Date {
	var out []scalar.Date
	for _, f := range fs {
		out = append(out, f.DueOn)
	}
	return out
}

// one is the only fulfilment there is.
func (w *world) one(t failer) *fulfilment.Fulfilment {
	t.Helper()
	all := w.all(t)
	if len(all) != 1 {
		t.Fatalf("there are %d fulfilments: %v", len(all), days(all))
	}
	return all[0]
}

func (w *world) report(ctx context.Context, f *fulfilment.Fulfilment, evidence ...*fulfilment.EvidenceInput) (*fulfilment.Fulfilment, error) {
	return w.Report(ctx, fulfilment.ReportInput{
		Change: command.Change{ExpectedVersion: f.Version}, ID: f.ID, Note: "120 readers came", Evidence: evidence,
	})
}

func (w *world) accept(ctx context.Context, f *fulfilment.Fulfilment, party ...id.Organisation) (*fulfilment.Fulfilment, error) {
	return w.Accept(ctx, fulfilment.AcceptInput{Change: command.Change{ExpectedVersion: f.Version}, ID: f.ID, Party: first(party)})
}

func (w *world) dispute(ctx context.Context, f *fulfilment.Fulfilment, party ...id.Organisation) (*fulfilment.Fulfilment, error) {
	return w.Dispute(ctx, fulfilment.DisputeInput{
		Change: command.Change{ExpectedVersion: f.Version}, ID: f.ID, Party: first(party), Reason: "the door was locked",
	})
}

func (w *world) resolve(ctx context.Context, f *fulfilment.Fulfilment, o fulfilment.Outcome, party ...id.Organisation) (*fulfilment.Fulfilment, error) {
	reason := "the caretaker confirms it"
	return w.Resolve(ctx, fulfilment.ResolveInput{
		Change: command.Change{ExpectedVersion: f.Version}, ID: f.ID, Party: first(party), Outcome: o, Reason: &reason,
	})
}

func (w *world) waive(ctx context.Context, f *fulfilment.Fulfilment) (*fulfilment.Fulfilment, error) {
	return w.Waive(ctx, fulfilment.WaiveInput{Change: command.Change{ExpectedVersion: f.Version}, ID: f.ID})
}

// today is the day in Shanghai.
func (w *world) today() scalar.Date {
	loc, err := time.LoadLocation(contract.DefaultZone)
	if err != nil {
		panic(err)
	}
	return scalar.DateOf(w.now(), loc)
}

// suspends has the contract rest from today on, and resumes be in force again.
func (w *world) suspends(t failer, promises ...contract.Promise) {
	t.Helper()
	w.pauses = append(w.pauses, contract.Pause{From: w.today()})
	w.tells(t, contract.Suspended, promises...)
}

func (w *world) resumes(t failer, promises ...contract.Promise) {
	t.Helper()
	w.rested()
	w.tells(t, contract.Active, promises...)
}

func (w *world) rested() {
	if n := len(w.pauses); n > 0 && w.pauses[n-1].Until == nil {
		w.pauses = slices.Clone(w.pauses)
		w.pauses[n-1].Until = new(w.today())
	}
}

// exits has a party leave today.
func (w *world) exits(t failer, s contract.Status, who id.Organisation, promises ...contract.Promise) {
	t.Helper()
	w.gone = append(w.gone, contract.Exit{Organisation: who, On: w.today()})
	w.tells(t, s, promises...)
}

// tells has the contract tell how it is now, with its pauses and without those who have left.
func (w *world) tells(t failer, s contract.Status, promises ...contract.Promise) {
	t.Helper()
	w.hear(t, w.snapshot(s, promises...))
}

func (w *world) snapshot(s contract.Status, promises ...contract.Promise) contract.Snapshot {
	snap := told(s, promises...)
	snap.Pauses, snap.Exits = slices.Clone(w.pauses), w.gone
	for _, e := range w.gone {
		snap.Parties = slices.DeleteFunc(snap.Parties, func(o id.Organisation) bool { return o == e.Organisation })
	}
	if s == contract.Terminated || s == contract.Completed {
		snap.EndedOn = new(w.today())
	}
	return snap
}

func first(party []id.Organisation) *id.Organisation {
	if len(party) == 0 {
		return nil
	}
	return &party[0]
}

func must(t failer) func(*fulfilment.Fulfilment, error) *fulfilment.Fulfilment {
	return func(f *fulfilment.Fulfilment, err error) *fulfilment.Fulfilment {
		t.Helper()
		if err != nil {
			t.Fatalf("refused: %v", err)
		}
		return f
	}
}

func equal(t *testing.T, got []scalar.Date, want ...scalar.Date) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
}
