package contract

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/signing"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
)

// The organisations of the tests.
var (
	xi       = id.Derived[id.Organisation](id.KindDistrict, "xi")
	north    = id.Derived[id.Organisation](id.KindSubDistrict, "north")
	south    = id.Derived[id.Organisation](id.KindSubDistrict, "south")
	host     = id.Derived[id.Organisation](id.KindCommunity, "host")
	school   = id.Derived[id.Organisation](id.KindUnit, "school")
	bank     = id.Derived[id.Organisation](id.KindUnit, "bank")
	hospital = id.Derived[id.Organisation](id.KindUnit, "hospital") // not a party
)

// The people of the tests.
var (
	secretary  = person("secretary", authz.Secretary, host, true)
	teacher    = person("teacher", authz.Liaison, school, true)
	banker     = person("banker", authz.Liaison, bank, true)
	clerk      = person("clerk", authz.Liaison, bank, false) // without the signing right
	steward    = person("steward", authz.GridSteward, host, false)
	supervisor = person("supervisor", authz.Supervisor, north, false)
	auditor    = person("auditor", authz.Auditor, xi, false)
	witness    = person("witness", authz.Supervisor, south, true)
	doctor     = person("doctor", authz.Liaison, hospital, true) // of an unrelated unit
	operator   = person("operator", authz.Administrator, "", false)
	nobody     = authz.Actor{}
)

func person(name string, r authz.Role, in id.Organisation, signs bool) authz.Actor {
	return authz.Actor{
		Person: id.Derived[id.Person](id.KindPerson, name), Name: name,
		Holdings: []authz.Holding{{Role: r, Organisation: in, Signing: signs}},
	}
}

// house is the room on a store of its own, with a clock that the test turns.
type house struct {
	*Service
	t     testing.TB
	clock atomic.Pointer[time.Time]
	facts map[id.Organisation]organisation.Facts
	keys  map[id.Organisation]ed25519.PrivateKey
	open  atomic.Int64 // how much is not done yet, as the house says
}

func newHouse(t testing.TB) *house {
	t.Helper()
	db, err := boltstore.Open(filepath.Join(t.TempDir(), "test.db"), boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.WithoutCancel(t.Context())) })
	h := &house{t: t, keys: map[id.Organisation]ed25519.PrivateKey{}}
	h.at("2026-03-01T08:00:00Z")
	h.register()
	h.Service, err = Open(t.Context(), db, Config{
		Now:           func() time.Time { return *h.clock.Load() },
		Random:        rand.Reader,
		Cursors:       &page.Cursors{Keys: func() [][]byte { return [][]byte{[]byte("0123456789abcdef")} }},
		Organisations: h.find,
		SignAs: func(_ context.Context, o id.Organisation, said signing.Statement) (string, string, error) {
			return h.sign(o, said)
		},
		CheckSignature: func(_ context.Context, o id.Organisation, jws string, said signing.Statement) (string, error) {
			public, _ := h.keys[o].Public().(ed25519.PublicKey)
			return signing.Fingerprint(public), signing.Verify(jws, public, said)
		},
		Seal: h.seal,
		Undone: func(_ context.Context, c *Contract) (Undone, error) {
			return Undone{Count: int(h.open.Load()), Examples: []string{string(c.ID)}}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// at turns the clock.
func (h *house) at(when string) {
	now, err := time.Parse(time.RFC3339, when)
	if err != nil {
		h.t.Fatal(err)
	}
	h.clock.Store(&now)
}

func (h *house) register() {
	h.facts = map[id.Organisation]organisation.Facts{}
	add := func(o id.Organisation, k organisation.Kind, name string, above ...id.Organisation) {
		f := organisation.Facts{ID: o, Kind: k, Name: name, Above: above}
		if len(above) > 1 {
			f.SubDistrict, f.District = above[0], above[1]
		}
		h.facts[o] = f
		_, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			h.t.Fatal(err)
		}
		h.keys[o] = private
	}
	add(xi, organisation.KindDistrict, "西区")
	add(north, organisation.KindSubDistrict, "北街道", xi)
	add(south, organisation.KindSubDistrict, "南街道", xi)
	add(host, organisation.KindCommunity, "东风社区", north, xi)
	add(school, organisation.KindResidentUnit, "第一小学", north, xi)
	add(bank, organisation.KindResidentUnit, "农商银行", north, xi)
	add(hospital, organisation.KindResidentUnit, "中医院", south, xi)
}

func (h *house) find(_ context.Context, ids []id.Organisation) ([]organisation.Facts, error) {
	out := make([]organisation.Facts, len(ids))
	for i, o := range ids {
		out[i] = h.facts[o]
	}
	return out, nil
}

func (h *house) sign(o id.Organisation, said signing.Statement) (jws, kid string, err error) {
	public, _ := h.keys[o].Public().(ed25519.PublicKey)
	kid = signing.Fingerprint(public)
	jws, err = signing.Sign(h.keys[o], kid, said)
	return jws, kid, err
}

func (h *house) seal(_ context.Context, b signing.Bundle) ([]byte, error) {
	for _, p := range b.Signers() {
		known := slices.ContainsFunc(b.Keys, func(k signing.Key) bool { return k.Kid == p.Kid })
		if p.JWS == "" || known {
			continue
		}
		public, _ := h.keys[p.Party].Public().(ed25519.PublicKey)
		b.Keys = append(b.Keys, signing.Key{
			Kid: p.Kid, JWK: signing.JWKOf(public), Organisation: p.Party, RegisteredAt: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
		})
	}
	b.Issuer = "test"
	return signing.Export(b, h.keys[xi])
}

func (h *house) as(a authz.Actor) context.Context { return authz.With(h.t.Context(), a) }

// draft is an input that nothing is wrong with: a community, a school and a bank.
func draft() DraftInput {
	return DraftInput{TextInput: TextInput{
		Title: "共建协议",
		Parties: []PartyInput{
			{Organisation: host, Part: Host}, {Organisation: school, Part: Partner}, {Organisation: bank, Part: Partner},
		},
		Clauses: []ClauseInput{{Heading: "总则", Body: "双方共建。"}},
		Commitments: []CommitmentInput{
			{Provider: school, Receivers: []id.Organisation{host}, Action: "开放操场", Recurrence: new("FREQ=MONTHLY;BYMONTHDAY=1")},
			{Provider: host, Receivers: []id.Organisation{school, bank}, Action: "提供场地", DueOn: date("2026-06-30")},
		},
		EffectiveOn: "2026-04-01", EndsOn: "2027-03-31",
	}}
}

func date(s string) *scalar.Date { return new(scalar.Date(s)) }

func (h *house) drafted(in DraftInput, as authz.Actor) *Contract {
	h.t.Helper()
	c, err := h.Draft(h.as(as), in)
	if err != nil {
		h.t.Fatalf("draft: %v", err)
	}
	return c
}

func step(c *Contract) StepInput {
	return StepInput{Change: command.Change{ExpectedVersion: c.Version}, ID: c.ID}
}

// does carries out a verb as an actor, with what input it needs, on the contract as it is now.
func (h *house) does(c *Contract, v Verb, a authz.Actor) (*Contract, error) {
	c = h.read(c)
	in := step(c)
	ctx := h.as(a)
	switch v {
	case VerbRevise:
		return h.Revise(ctx, ReviseInput{Change: in.Change, ID: c.ID, Title: new(c.Title + "·")})
	case VerbPropose:
		return h.Propose(ctx, ProposeInput{in})
	case VerbRequestChanges:
		return h.RequestChanges(ctx, RequestChangesInput{in, []RemarkInput{{Body: "请修改"}}})
	case VerbAgree:
		return h.Agree(ctx, AgreeInput{in})
	case VerbDecline:
		return h.Decline(ctx, DeclineInput{in, nil})
	case VerbCancel:
		return h.Cancel(ctx, CancelInput{in, nil})
	case VerbOpen:
		return h.OpenForSigning(ctx, OpenInput{in})
	case VerbReopen:
		return h.Reopen(ctx, ReopenInput{in, nil})
	case VerbSuspend, VerbResume, VerbTerminate, VerbWithdraw, VerbNotice, VerbComplete, VerbObject, VerbRenew:
		return h.doesInForce(ctx, v, in)
	default:
		hash := "sha256:" + strings.Repeat("0", 64)
		if c.Frozen != nil {
			hash = c.Frozen.Hash
		}
		return h.Sign(ctx, SignInput{ID: c.ID, TextHash: hash})
	}
}

func (h *house) must(c *Contract, v Verb, as ...authz.Actor) *Contract {
	h.t.Helper()
	for _, a := range as {
		next, err := h.does(c, v, a)
		if err != nil {
			h.t.Fatalf("%s by %s: %v", v, a.Name, err)
		}
		c = next
	}
	return c
}

func (h *house) read(c *Contract) *Contract {
	h.t.Helper()
	got, err := h.Contract(authz.AsSystem(h.t.Context()), c.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	return got
}

// agreed, opened and signed take a contract so far.
func (h *house) agreed(c *Contract) *Contract {
	h.t.Helper()
	c = h.must(c, VerbPropose, secretary)
	return h.must(c, VerbAgree, teacher, banker)
}

func (h *house) opened(c *Contract) *Contract {
	h.t.Helper()
	return h.must(h.agreed(c), VerbOpen, secretary)
}

func (h *house) signed(c *Contract) *Contract {
	h.t.Helper()
	return h.must(h.opened(c), VerbSign, secretary, teacher, banker)
}

func (h *house) tick() int {
	h.t.Helper()
	n, err := h.Tick(h.t.Context(), h.now())
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

// told lists the types of the events that wait in a contract, oldest first.
func told(c *Contract) []string {
	var out []string
	for _, e := range c.Outbox {
		out = append(out, e.Type)
	}
	return out
}

// refuses checks that an error is a fault of the code, at the path, dots between the steps.
func refuses(t *testing.T, err error, code fault.Code, path string) fault.Fault {
	t.Helper()
	all := fault.All(err)
	i := slices.IndexFunc(all, func(f *fault.Fault) bool { return f.Code == code && strings.Join(f.Path, ".") == path })
	if i < 0 {
		t.Fatalf("want %s at %q, got %v", code, path, err)
	}
	return *all[i]
}
