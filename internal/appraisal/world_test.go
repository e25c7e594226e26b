package appraisal_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/appraisal"
	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
)

// world is the room with a journal of its own, and a clock that is moved by hand.
type world struct {
	*appraisal.Service
	flaky   *flaky
	journal *journal.Journal
	mu      sync.Mutex
	at      time.Time
	seq     int64
}

const (
	firstDay = scalar.Date("2026-03-01") // of the contract; the world begins then, at 09:00 in Shanghai
	lastDay  = scalar.Date("2029-02-28")
)

func open(t testing.TB) *world {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "world.bolt"))
}

func openAt(t testing.TB, path string) *world {
	t.Helper()
	w := &world{}
	w.goTo(firstDay, "09:00")
	db, err := boltstore.Open(path, boltstore.Options{Unsynced: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.WithoutCancel(t.Context())) })
	w.flaky = &flaky{Backend: db}
	if w.journal, err = journal.New(t.Context(), journal.Options{Backend: db, Now: w.now, Node: "test"}); err != nil {
		t.Fatal(err)
	}
	w.Service, err = appraisal.Open(t.Context(), w.flaky, appraisal.Service{
		Now: w.now, Random: rand.Reader, Told: w.journal.Wake, Organisations: facts,
		Cursors: &page.Cursors{Keys: func() [][]byte { return [][]byte{make([]byte, 32)} }},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.journal.Collect(w.Outboxes()...)
	w.journal.Follow("pairs", []string{appraisal.ToldSubmitted}, w.FollowSubmitted)
	w.journal.Follow("records", []string{appraisal.ToldOpened}, w.FollowOpened)
	return w
}

// flaky is a store that stops writing when it is told to.
type flaky struct {
	store.Backend
	mu   sync.Mutex
	left int // writes until it fails, where fails is set
	down bool
}

// failAfter lets so many changes through, and none after them until mend.
func (f *flaky) failAfter(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left, f.down = n, true
}

func (f *flaky) mend() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down = false
}

// Replace fails once the changes that were let through are used up.
func (f *flaky) Replace(ctx context.Context, coll string, rev int64, doc bson.Raw) error {
	f.mu.Lock()
	fails := f.down && f.left == 0
	f.left = max(f.left-1, 0)
	f.mu.Unlock()
	if fails {
		return store.ErrUnavailable
	}
	return f.Backend.Replace(ctx, coll, rev, doc)
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

// settle lets time and the followers do all that they have to.
func (w *world) settle(t failer) {
	t.Helper()
	for {
		if err := w.journal.Drain(context.Background()); err != nil {
			t.Fatalf("drain: %v", err)
		}
		if w.tick(t) == 0 {
			return
		}
	}
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
	officer    = "officer"    // supervisor of the town, which is a witness that promises something
	both       = "both"       // secretary, and liaison of the school
	steward    = "steward"    // of the community
	member     = "member"     // of the community
	supervisor = "supervisor" // of the street, which is above
	auditor    = "auditor"    // of the street
	admin      = "admin"      // operates the platform
	stranger   = "stranger"   // liaison of a unit that is no party
	nobody     = ""
)

func everybody() []string {
	return []string{secretary, liaison, banker, officer, both, steward, member, supervisor, auditor, admin, stranger, nobody}
}

func community() id.Organisation { return id.Derived[id.Organisation](id.KindCommunity, "community") }
func school() id.Organisation    { return id.Derived[id.Organisation](id.KindUnit, "school") }
func bank() id.Organisation      { return id.Derived[id.Organisation](id.KindUnit, "bank") }
func other() id.Organisation     { return id.Derived[id.Organisation](id.KindUnit, "other") }
func street() id.Organisation    { return id.Derived[id.Organisation](id.KindSubDistrict, "street") }
func town() id.Organisation      { return id.Derived[id.Organisation](id.KindSubDistrict, "town") }

// facts are what is known of the organisations of this world.
func facts(_ context.Context, ids []id.Organisation) ([]organisation.Facts, error) {
	known := map[id.Organisation]organisation.Facts{
		community(): {Kind: organisation.KindCommunity, CommunityType: "COMMERCIAL", Above: []id.Organisation{street()}},
		school():    {Kind: organisation.KindResidentUnit, Above: []id.Organisation{street()}},
		bank():      {Kind: organisation.KindResidentUnit, Above: []id.Organisation{street()}},
		other():     {Kind: organisation.KindResidentUnit},
		street():    {Kind: organisation.KindSubDistrict},
		town():      {Kind: organisation.KindSubDistrict},
	}
	out := make([]organisation.Facts, len(ids))
	for i, o := range ids {
		if f, ok := known[o]; ok {
			f.ID = o
			out[i] = f
		}
	}
	return out, nil
}

func holdings() map[string][]authz.Holding {
	holds := func(r authz.Role, o id.Organisation) authz.Holding { return authz.Holding{Role: r, Organisation: o} }
	return map[string][]authz.Holding{
		secretary:  {holds(authz.Secretary, community())},
		liaison:    {holds(authz.Liaison, school())},
		banker:     {holds(authz.Liaison, bank())},
		officer:    {holds(authz.Supervisor, town())},
		both:       {holds(authz.Secretary, community()), holds(authz.Liaison, school())},
		steward:    {holds(authz.GridSteward, community())},
		member:     {holds(authz.Member, community())},
		supervisor: {holds(authz.Supervisor, street())},
		auditor:    {holds(authz.Auditor, street())},
		admin:      {holds(authz.Administrator, "")},
		stranger:   {holds(authz.Liaison, other())},
	}
}

func actor(name string) authz.Actor {
	a := authz.Actor{Name: name, Holdings: holdings()[name]}
	if name != nobody {
		a.Person = id.Derived[id.Person](id.KindPerson, name)
	}
	return a
}

func as(name string) context.Context { return authz.With(context.Background(), actor(name)) }

// speaker is who appraises for an organisation.
func speaker(o id.Organisation) string {
	return map[id.Organisation]string{community(): secretary, school(): liaison, bank(): banker, town(): officer}[o]
}

func contractID() id.Contract { return id.Derived[id.Contract](id.KindContract, "c") }

// told is a contract's event, as the contract's room tells it: between the community, the school and the bank, with a
// promise of the school to the community. Changes are made to it.
func told(status contract.Status, change ...func(*contract.Snapshot)) contract.Snapshot {
	s := contract.Snapshot{
		Status: status, Title: "Reading room", TextVersion: 1, TimeZone: contract.DefaultZone,
		EffectiveOn: firstDay, EndsOn: lastDay, Host: community(), SubDistrict: street(),
		Parties: []id.Organisation{community(), school(), bank()}, Partners: []id.Organisation{school(), bank()},
		Above: []id.Organisation{street()},
		Commitments: []contract.Promise{{
			ID: id.Within[id.Commitment](id.KindCommitment, string(contractID()), "c1"), Key: "c1",
			Provider: school(), Receivers: []id.Organisation{community()}, Action: "open the library", Weight: 1,
		}},
	}
	for _, c := range change {
		c(&s)
	}
	return s
}

// promised adds a promise between two parties.
func promised(from, to id.Organisation) func(*contract.Snapshot) {
	return func(s *contract.Snapshot) {
		s.Commitments = append(s.Commitments, contract.Promise{Key: "x", Provider: from, Receivers: []id.Organisation{to}, Weight: 1})
	}
}

// witnessed adds a party that is neither host nor partner.
func witnessed(by id.Organisation) func(*contract.Snapshot) {
	return func(s *contract.Snapshot) { s.Parties = append(s.Parties, by) }
}

// without takes a party out, as one that has left.
func without(o id.Organisation) func(*contract.Snapshot) {
	return func(s *contract.Snapshot) {
		is := func(p id.Organisation) bool { return p == o }
		s.Parties, s.Partners = slices.DeleteFunc(s.Parties, is), slices.DeleteFunc(s.Partners, is)
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

func (w *world) hear(t failer, s contract.Snapshot) journal.Entry {
	t.Helper()
	e := w.entry(t, s)
	w.follow(t, e)
	return e
}

func (w *world) follow(t failer, e journal.Entry) {
	t.Helper()
	if err := w.FollowContract(context.Background(), e); err != nil {
		t.Fatalf("follow: %v", err)
	}
}

// all lists every appraisal there is.
func (w *world) all(t failer) []*appraisal.Appraisal {
	t.Helper()
	of := &appraisal.Filter{Contract: &appraisal.ContractChoice{Eq: new(contractID())}}
	return w.listed(t, authz.AsSystem(context.Background()), of, nil)
}

func (w *world) listed(t failer, ctx context.Context, f *appraisal.Filter, o *appraisal.Order) []*appraisal.Appraisal {
	t.Helper()
	var out []*appraisal.Appraisal
	for args := (page.Args{First: new(7)}); ; {
		got, err := w.Appraisals(ctx, f, o, args)
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

// of finds the appraisal of one party by another, on the latest occasion.
func (w *world) of(t failer, from, to id.Organisation) *appraisal.Appraisal {
	t.Helper()
	var found *appraisal.Appraisal
	for _, a := range w.all(t) {
		if a.Appraiser == from && a.Appraised == to && (found == nil || a.ClosesAt.After(found.ClosesAt)) {
			found = a
		}
	}
	if found == nil {
		t.Fatalf("there is no appraisal of %s by %s", to, from)
	}
	return found
}

// ended is a world whose contract has just been completed.
func ended(t *testing.T, change ...func(*contract.Snapshot)) *world {
	t.Helper()
	w := open(t)
	w.hear(t, told(contract.Active, change...))
	w.goTo("2026-09-01", "10:00")
	w.hear(t, told(contract.Completed, change...))
	w.settle(t)
	return w
}

// secret is a comment that is nowhere else.
const secret = "七月的活动场地一直没有落实"

// scores give each criterion of an appraisal the same score.
func scores(a *appraisal.Appraisal, score int) []*appraisal.RatingInput {
	var out []*appraisal.RatingInput
	for _, c := range a.Criteria {
		out = append(out, &appraisal.RatingInput{Key: c.Key, Score: score})
	}
	return out
}

func (w *world) submit(ctx context.Context, a *appraisal.Appraisal, score int) (*appraisal.Appraisal, error) {
	return w.Submit(ctx, appraisal.SubmitInput{
		Change: command.Change{ExpectedVersion: a.Version}, ID: a.ID, Ratings: scores(a, score), Comment: new(secret),
	})
}

// say submits what an organisation's speaker says of another.
func (w *world) say(t failer, from, to id.Organisation, score int) *appraisal.Appraisal {
	t.Helper()
	return must(t)(w.submit(as(speaker(from)), w.of(t, from, to), score))
}

func (w *world) reply(ctx context.Context, a *appraisal.Appraisal) (*appraisal.Appraisal, error) {
	return w.Answer(ctx, appraisal.AnswerInput{Change: command.Change{ExpectedVersion: a.Version}, ID: a.ID, Body: "谢谢，明年改进"})
}

// read finds an appraisal as somebody sees it.
func (w *world) read(t failer, who string, of *appraisal.Appraisal) *appraisal.Appraisal {
	t.Helper()
	return must(t)(w.Appraisal(as(who), of.ID))
}

// journalled is everything that the journal holds, as bytes.
func (w *world) journalled(t failer) string {
	t.Helper()
	if err := w.journal.Drain(context.Background()); err != nil {
		t.Fatalf("drain: %v", err)
	}
	var b strings.Builder
	for after := int64(0); ; {
		entries, err := w.journal.Read(context.Background(), after, 1000)
		if err != nil {
			t.Fatalf("journal: %v", err)
		}
		if len(entries) == 0 {
			return b.String()
		}
		for _, e := range entries {
			after = e.Seq
			b.WriteString(e.Type + " " + e.Subject + " " + string(e.Data) + "\n")
		}
	}
}

func must(t failer) func(*appraisal.Appraisal, error) *appraisal.Appraisal {
	return func(a *appraisal.Appraisal, err error) *appraisal.Appraisal {
		t.Helper()
		if err != nil {
			t.Fatalf("refused: %v", err)
		}
		return a
	}
}

// refused checks that an error is a fault of a code.
func refused(t failer, err error, code fault.Code) {
	t.Helper()
	if !fault.Is(err, code) {
		t.Fatalf("want %s, got %v", code, err)
	}
}

// pairs are who appraises whom, by occasion.
func pairs(all []*appraisal.Appraisal) []string {
	names := map[id.Organisation]string{community(): "community", school(): "school", bank(): "bank", town(): "town"}
	var out []string
	for _, a := range all {
		out = append(out, string(a.Occasion)+" "+names[a.Appraiser]+"→"+names[a.Appraised])
	}
	slices.Sort(out)
	return out
}

func same(t failer, what string, got, want []string) {
	t.Helper()
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("%s:\n%q, want\n%q", what, got, want)
	}
}

// states counts appraisals by their state.
func states(all []*appraisal.Appraisal) map[appraisal.Status]int {
	out := map[appraisal.Status]int{}
	for _, a := range all {
		out[a.Status]++
	}
	return out
}

func inStates(t failer, all []*appraisal.Appraisal, want map[appraisal.Status]int) {
	t.Helper()
	if got := states(all); !maps.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
}

func sealedText(t failer, a *appraisal.Appraisal) string {
	t.Helper()
	text, err := a.SealedText()
	if err != nil || text == nil {
		t.Fatalf("sealed text: %v, %v", text, err)
	}
	return *text
}

// hashOf is worked out with nothing of ours.
func hashOf(text string) string {
	return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(text)))
}
