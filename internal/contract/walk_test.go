package contract

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/signing"
)

// walker takes one contract through verbs drawn at random and keeps what it saw.
type walker struct {
	c       *Contract
	now     time.Time
	n       int
	wasText int    // the version before the step
	was     Status // the state before the step
	frozen  []byte // the text frozen last
	void    int
}

func TestWhateverPeopleDoTheContractHolds(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := begin(r)
		for range rapid.IntRange(1, 120).Draw(r, "steps") {
			w.was, w.wasText, w.void = w.c.Status, w.c.TextVersion, len(w.c.Void)
			verb := w.step(r)
			w.holds(r, verb)
		}
	})
}

func begin(r *rapid.T) *walker {
	w := &walker{c: &Contract{}, now: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
	w.c.ID = id.Derived[id.Contract](id.KindContract, "walk")
	w.c.Above = []id.Organisation{north, xi}
	t := Text{
		Title: "共建", TimeZone: DefaultZone, EffectiveOn: "2026-03-10", EndsOn: "2026-09-20", NoticeDays: 20,
		AutoRenew: rapid.Bool().Draw(r, "renews itself"),
		Named:     []Named{{Organisation: host, Part: Host}, {Organisation: school, Part: Partner}, {Organisation: bank, Part: Partner}, {Organisation: south, Part: Witness}},
	}
	if rapid.Bool().Draw(r, "ordered") {
		t.SigningOrder = []id.Organisation{bank, host, school}
	}
	drafter := rapid.SampledFrom([]id.Organisation{host, school}).Draw(r, "drafter")
	if err := w.c.begin(w.by(drafter), t); err != nil {
		r.Fatal(err)
	}
	return w
}

func (w *walker) by(o id.Organisation) By {
	return By{Party: o, Person: id.Person("per of " + o), At: w.now}
}

// step tries one verb by one party, as the store would: on a copy that is thrown away where it is refused.
func (w *walker) step(r *rapid.T) Verb {
	parties := []id.Organisation{host, school, bank, south, hospital}
	verb := rapid.SampledFrom(append(Verbs(), VerbActivate)).Draw(r, "verb")
	by := w.by(rapid.SampledFrom(parties).Draw(r, "party"))
	if ways := w.onwards(parties); len(ways) > 0 && rapid.IntRange(0, 9).Draw(r, "onwards") > 1 {
		way := rapid.SampledFrom(ways).Draw(r, "way")
		verb, by.Party = way.verb, way.party
	}
	w.n++
	c := clone(r, w.c)
	said := c.ready(verb, by.Party)
	ordered := slices.Contains([]Verb{VerbSuspend, VerbResume, VerbTerminate}, verb) && rapid.IntRange(0, 9).Draw(r, "ordered") == 0
	if ordered {
		said, by.Party = c.can(verb), north
	}
	err := w.try(r, c, verb, by)
	if verb != VerbActivate && said != nil && err == nil {
		r.Fatalf("%s by %s was not allowed and went through: %v", verb, by.Party, said)
	}
	if err == nil {
		w.c = c
	}
	return verb
}

type way struct {
	verb  Verb
	party id.Organisation
}

// onwards are the verbs that bring the contract further and are allowed now: drawn at random alone, few contracts would
// ever be signed.
func (w *walker) onwards(parties []id.Organisation) []way {
	var out []way
	if w.c.Status == Active || w.c.Status == Suspended {
		return w.consents(parties)
	}
	for _, v := range []Verb{VerbPropose, VerbAgree, VerbOpen, VerbSign} {
		for _, o := range parties {
			if w.c.ready(v, o) == nil && (v != VerbOpen || o == host) {
				out = append(out, way{v, o})
			}
		}
	}
	if w.c.WakeAt != nil {
		out = append(out, way{VerbActivate, ""})
	}
	return out
}

// consents are the ways to bring a step that is proposed to its end.
func (w *walker) consents(parties []id.Organisation) []way {
	var out []way
	for _, o := range parties {
		if w.n%3 == 0 && w.c.Step != nil && w.c.ready(w.c.Step.Verb, o) == nil {
			out = append(out, way{w.c.Step.Verb, o})
		}
	}
	return out
}

func (w *walker) try(r *rapid.T, c *Contract, v Verb, by By) error {
	switch v {
	case VerbRevise:
		return c.Revise(by, w.revised(r, c), "")
	case VerbPropose:
		return c.Propose(by)
	case VerbRequestChanges:
		return c.RequestChanges(by, []Remark{{Body: "x"}})
	case VerbAgree:
		return c.Agree(by)
	case VerbDecline:
		return c.Decline(by, "")
	case VerbCancel:
		return c.Cancel(by, "")
	case VerbOpen:
		return c.Open(by)
	case VerbReopen:
		return c.Reopen(by, "")
	case VerbSign:
		return c.Sign(by, "kid", "jws of "+string(by.Party))
	case VerbActivate:
		return w.pass(r, c)
	default:
		return w.tryInForce(r, c, v, by)
	}
}

func (w *walker) tryInForce(r *rapid.T, c *Contract, v Verb, by By) error {
	switch v {
	case VerbWithdraw:
		return c.WithdrawStep(by)
	case VerbNotice:
		return c.GiveNotice(by, nil, "x")
	case VerbComplete:
		return c.Complete(by, Undone{Count: rapid.IntRange(0, 1).Draw(r, "undone")})
	case VerbObject:
		return c.Object(by, "x")
	case VerbRenew:
		return c.readyToRenew(by)
	}
	if by.Party == north {
		return c.Order(v, by, "x")
	}
	return c.Together(v, by, "x")
}

// pass lets time pass, now and then so much that several things fall due at once.
func (w *walker) pass(r *rapid.T, c *Contract) error {
	w.now = w.now.Add(time.Duration(rapid.IntRange(1, 600).Draw(r, "hours")) * time.Hour)
	_, err := c.Wake(w.now, Deeds{
		Undone: func() (Undone, error) { return Undone{Count: rapid.IntRange(0, 1).Draw(r, "undone")}, nil },
		Renew:  func() error { return nil },
	})
	return err
}

// byTime are the states to which time alone may lead from a state.
func byTime(from Status) []Status {
	out := []Status{from}
	for i := 0; i < len(out); i++ {
		for _, v := range TimeVerbs() {
			for _, to := range Targets(out[i], v) {
				if !slices.Contains(out, to) {
					out = append(out, to)
				}
			}
		}
	}
	return out
}

// revised is another text: with another title, and now and then with one partner more or less.
func (w *walker) revised(r *rapid.T, c *Contract) Text {
	t := c.Text
	t.Title = fmt.Sprintf("共建 %d", w.n)
	t.SigningOrder = nil
	t.Named = slices.Clone(t.Named)
	o := rapid.SampledFrom([]id.Organisation{"", school, bank, hospital}).Draw(r, "changed party")
	switch {
	case o == "" || t.has(o, Partner) && partners(&t) == 1: // no text is without one
	case c.names(o):
		t.Named = slices.DeleteFunc(t.Named, func(n Named) bool { return n.Organisation == o })
	default:
		t.Named = append(t.Named, Named{Organisation: o, Part: Partner})
	}
	return t
}

func partners(t *Text) int {
	n := 0
	for _, p := range t.Named {
		if p.Part == Partner {
			n++
		}
	}
	return n
}

func clone(r *rapid.T, c *Contract) *Contract {
	raw, err := bson.Marshal(c)
	if err != nil {
		r.Fatal(err)
	}
	var out Contract
	if err := bson.Unmarshal(raw, &out); err != nil {
		r.Fatal(err)
	}
	return &out
}

// holds checks what must be true of every contract at any time.
func (w *walker) holds(r *rapid.T, v Verb) {
	c := w.c
	led := Targets(w.was, v)
	if v == VerbActivate {
		led = byTime(w.was)
	}
	if c.Status != w.was && !slices.Contains(led, c.Status) {
		r.Fatalf("%s led from %s to %s", v, w.was, c.Status)
	}
	if c.TextVersion < w.wasText || c.TextVersion > w.wasText+1 || len(c.Revisions) != c.TextVersion {
		r.Fatalf("version %d after %d, with %d revisions", c.TextVersion, w.wasText, len(c.Revisions))
	}
	if len(c.Void) < w.void {
		r.Fatal("a void signature was forgotten")
	}
	w.frozenHolds(r)
	w.readersHold(r)
	w.signaturesHold(r)
	w.forceHolds(r)
	if got := clone(r, c); !reflect.DeepEqual(got.Text, clone(r, got).Text) {
		r.Fatal("the text does not survive the store")
	}
}

func (w *walker) frozenHolds(r *rapid.T) {
	c := w.c
	open := slices.Contains([]Status{Signing, Signed, Active, Suspended, Expired, Terminated, Completed}, c.Status)
	if open != (c.Frozen != nil) && c.Status != Cancelled {
		r.Fatalf("%s with frozen %v", c.Status, c.Frozen != nil)
	}
	if c.Frozen == nil {
		w.frozen = nil
		return
	}
	if w.frozen != nil && !bytes.Equal(w.frozen, c.Frozen.Bytes) {
		r.Fatal("the frozen text has changed")
	}
	now, err := c.canonical()
	if err != nil || !bytes.Equal(now, c.Frozen.Bytes) || signing.Hash(c.Frozen.Bytes) != c.Frozen.Hash {
		r.Fatalf("what is shown is not what is signed: %v", err)
	}
	w.frozen = c.Frozen.Bytes
}

func (w *walker) readersHold(r *rapid.T) {
	want := map[id.Organisation]bool{north: true, xi: true}
	for _, p := range w.c.Parties {
		if p.State != Left { // who has exited goes on reading
			want[p.Organisation] = true
		}
	}
	if len(want) != len(w.c.Readers) {
		r.Fatalf("readers %v, want %v", w.c.Readers, want)
	}
	for _, o := range w.c.Readers {
		if !want[o] {
			r.Fatalf("%s reads", o)
		}
	}
}

func (w *walker) signaturesHold(r *rapid.T) {
	c := w.c
	missing := 0
	for _, p := range c.Parties {
		switch {
		case p.Signature == nil:
			if p.Required() {
				missing++
			}
		case c.Frozen == nil || p.Signature.TextHash != c.Frozen.Hash || p.State != HasSigned && p.State != Exited || !c.names(p.Organisation):
			r.Fatalf("%s has signed what is not there", p.Organisation)
		}
		if p.State == Agreed && p.AgreedTo != c.TextVersion {
			r.Fatalf("%s agrees to version %d of %d", p.Organisation, p.AgreedTo, c.TextVersion)
		}
	}
	sealed := slices.Contains([]Status{Signed, Active, Suspended, Expired, Terminated, Completed}, c.Status)
	if sealed && missing > 0 || c.Status == Signing && missing == 0 {
		r.Fatalf("%s with %d signatures missing", c.Status, missing)
	}
	if (c.WakeAt != nil) != (c.Status == Signed || c.Status == Active || c.Status == Suspended) {
		r.Fatalf("%s wakes at %v", c.Status, c.WakeAt)
	}
}

// forceHolds checks what must be true of a contract in force, and of one that was.
func (w *walker) forceHolds(r *rapid.T) {
	c := w.c
	inForce := c.Status == Active || c.Status == Suspended
	resting := len(c.Pauses) > 0 && c.Pauses[len(c.Pauses)-1].Until == nil
	if resting != (c.Status == Suspended) {
		r.Fatalf("%s, and resting: %v", c.Status, resting)
	}
	if ended := slices.Contains([]Status{Expired, Terminated, Completed, Cancelled, Declined}, c.Status); ended != (c.EndedAt != nil) {
		r.Fatalf("%s, ended at %v", c.Status, c.EndedAt)
	}
	if c.Completion != nil && c.Status != Active || c.Step != nil && !inForce {
		r.Fatalf("%s with %v, %v", c.Status, c.Completion, c.Step)
	}
	if c.Step != nil {
		w.stepHolds(r)
	}
	partners := 0
	for _, p := range c.Parties {
		if p.Part == Partner && !p.gone() {
			partners++
		}
		if p.State != Exited {
			continue
		}
		if p.Organisation == c.Host || slices.Contains(c.Current, p.Organisation) || !slices.Contains(c.Readers, p.Organisation) {
			r.Fatalf("%s has exited", p.Organisation)
		}
		for _, v := range Verbs() {
			if c.ready(v, p.Organisation) == nil {
				r.Fatalf("%s has exited and may %s", p.Organisation, v)
			}
		}
	}
	if inForce && (partners == 0 || c.Party(c.Host).gone()) {
		r.Fatal("in force without a host or a partner")
	}
}

// stepHolds checks that a step waits for somebody, and has the consent of who proposed it.
func (w *walker) stepHolds(r *rapid.T) {
	c, missing := w.c, 0
	for _, p := range c.Parties {
		if p.Required() && c.Step.consentOf(p.Organisation) == nil {
			missing++
		}
	}
	for _, k := range c.Step.Consents {
		if p := c.Party(k.Organisation); p == nil || !p.Required() {
			r.Fatalf("%s has consented", k.Organisation)
		}
	}
	if missing == 0 || c.Step.consentOf(c.Step.ProposedBy) == nil || len(Targets(c.Status, c.Step.Verb)) == 0 {
		r.Fatalf("%+v waits for nobody", c.Step)
	}
}

func TestDifferencesAreNoneJustWhereTextsAreTheSame(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		a, b := drawText(r, "a"), drawText(r, "b")
		if len(Differences(a, a)) != 0 {
			r.Fatal("a text differs from itself")
		}
		if same := sameText(a, b); same != (len(Differences(a, b)) == 0) {
			r.Fatalf("same %v, differences %v", same, Differences(a, b))
		}
		back, forth := Differences(b, a), Differences(a, b)
		if len(back) != len(forth) {
			r.Fatalf("%d one way and %d the other", len(forth), len(back))
		}
	})
}

func drawText(r *rapid.T, label string) *Text {
	t := &Text{Title: rapid.SampledFrom([]string{"x", "y"}).Draw(r, label), EndsOn: "2027-01-01"}
	for _, k := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"c1", "c2", "c3"}), 0, 3, rapid.ID).Draw(r, label) {
		t.Clauses = append(t.Clauses, &Clause{Key: k, Body: rapid.SampledFrom([]string{"p", "q"}).Draw(r, label)})
	}
	for _, k := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"m1", "m2"}), 0, 2, rapid.ID).Draw(r, label) {
		t.Commitments = append(t.Commitments, &Commitment{Key: k, Weight: rapid.IntRange(1, 2).Draw(r, label)})
	}
	return t
}
