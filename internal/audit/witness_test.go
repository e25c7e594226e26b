package audit_test

import (
	"bytes"
	"crypto/ed25519"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/cobuild/cobuild/internal/audit"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/ledger"
)

// onlooker is a witness with a clock of its own.
type onlooker struct {
	key ed25519.PrivateKey
	at  time.Time
}

func newOnlooker(t testing.TB) *onlooker {
	t.Helper()
	return &onlooker{newKey(t), time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)}
}

const onlookersName = "witness.example.net"

func (o *onlooker) public() ledger.Key {
	public, _ := o.key.Public().(ed25519.PublicKey)
	return ledger.WitnessKey(onlookersName, public)
}

// signs counter-signs a checkpoint. Every signature is a minute later than the last.
func (o *onlooker) signs(t testing.TB, is ledger.Signed) []byte {
	t.Helper()
	o.at = o.at.Add(time.Minute)
	signed, err := note.Sign(is.Note, ledger.WitnessSigner(onlookersName, o.key, func() time.Time { return o.at }))
	must(t, err)
	return signed
}

func TestTheNewestCounterSignatureIsKeptAndExported(t *testing.T) {
	onBoth(t, func(t *testing.T, at site) {
		t.Helper()
		o, k := newOnlooker(t), newKeys(t)
		registers := func(s *audit.Service) { s.Witnesses = []ledger.Key{o.public()} }
		n, other := open(t, at(), "a", k, registers), open(t, at(), "b", k, registers)
		if by, err := n.WitnessedBy(t.Context()); err != nil || len(by) != 0 {
			t.Errorf("before any: %v, %v", by, err)
		}
		n.light("lamp")
		n.move()
		must(t, n.Settle(t.Context()))
		first := n.signed()
		n.turn("lamp", "per1_a")
		n.move()
		must(t, n.Settle(t.Context()))
		second := n.signed()
		old := o.signs(t, first)
		must(t, n.Countersign(t.Context(), old))
		must(t, other.Countersign(t.Context(), o.signs(t, second)))
		must(t, n.Countersign(t.Context(), old)) // comes late
		must(t, n.Countersign(t.Context(), o.signs(t, first)))
		for _, one := range []*node{n, other} {
			by, err := one.WitnessedBy(t.Context())
			must(t, err)
			if len(by) != 1 || by[0].Size != 2 || by[0].Name != onlookersName || by[0].Key != o.public().String() {
				t.Errorf("witnessed: %+v", by)
			}
		}
		again := o.signs(t, second)
		must(t, n.Countersign(t.Context(), again)) // the same size, later
		if by, err := other.WitnessedBy(t.Context()); err != nil || by[0].Note != string(again) {
			t.Errorf("the later signature is not kept: %+v, %v", by, err)
		}
		r, err := ledger.Verify(t.Context(), bytes.NewReader(n.export()), []ledger.Key{o.public()}, func(int64, int64) {})
		if err != nil || len(r.Witnesses) != 1 {
			t.Errorf("the export carries %+v, %v", r, err)
		}
		beside := open(t, at(), "command", k) // which was not told of any witness
		if r, err = ledger.Verify(t.Context(), bytes.NewReader(beside.export()), []ledger.Key{o.public()}, func(int64, int64) {}); err != nil || len(r.Witnesses) != 1 {
			t.Errorf("an export beside the server carries %+v, %v", r, err)
		}
	})
}

func TestOnlyARegisteredWitnessOfThisLogIsHeard(t *testing.T) {
	onBoth(t, func(t *testing.T, at site) {
		t.Helper()
		o, k := newOnlooker(t), newKeys(t)
		n := open(t, at(), "a", k, func(s *audit.Service) { s.Witnesses = []ledger.Key{o.public()} })
		n.light("lamp")
		n.move()
		is := n.signed()
		forge := func(c ledger.Checkpoint, by ed25519.PrivateKey) []byte {
			signed, err := note.Sign(&note.Note{Text: c.Text()}, ledger.LogSigner(c.Origin, by))
			must(t, err)
			public, _ := by.Public().(ed25519.PublicKey)
			opened, err := ledger.OpenNote(signed, ledger.LogKey(c.Origin, public))
			must(t, err)
			return o.signs(t, opened)
		}
		for name, c := range map[string]struct {
			raw  []byte
			code fault.Code
		}{
			"a stranger":           {newOnlooker(t).signs(t, is), audit.CodeWitnessUnknown},
			"nobody":               {[]byte(n.note()), audit.CodeWitnessUnknown},
			"no note":              {[]byte("hello"), audit.CodeNotOurs},
			"another's key":        {forge(is.Checkpoint, newKey(t)), audit.CodeNotOurs},
			"another root":         {forge(ledger.Checkpoint{Origin: origin, Size: is.Size, Root: tlog.RecordHash([]byte("x"))}, k.all[0]), audit.CodeNotOurs},
			"more than there is":   {forge(ledger.Checkpoint{Origin: origin, Size: is.Size + 1, Root: is.Root}, k.all[0]), audit.CodeNotOurs},
			"nothing at all":       {forge(ledger.Checkpoint{Origin: origin, Size: 0, Root: is.Root}, k.all[0]), audit.CodeNotOurs},
			"another log's origin": {forge(ledger.Checkpoint{Origin: "other.test/audit", Size: is.Size, Root: is.Root}, k.all[0]), audit.CodeNotOurs},
		} {
			if err := n.Countersign(t.Context(), c.raw); !fault.Is(err, c.code) {
				t.Errorf("%s is answered %v", name, err)
			}
		}
		if by, err := n.WitnessedBy(t.Context()); err != nil || len(by) != 0 {
			t.Errorf("kept: %+v, %v", by, err)
		}
	})
}

// note is the newest checkpoint as it stands.
func (n *node) note() string {
	n.t.Helper()
	c, err := n.Checkpoint(n.t.Context())
	must(n.t, err)
	return c.Note
}

func TestAnErasedPersonIsInNoExportAndEveryProofHolds(t *testing.T) {
	onBoth(t, func(t *testing.T, at site) {
		t.Helper()
		n := open(t, at(), "a", newKeys(t))
		n.light("lamp")
		const gone, stays = "per1_00000000000000000000000001", "per1_00000000000000000000000002"
		for range 3 {
			n.turn("lamp", gone)
			n.turn("lamp", stays)
		}
		n.move()
		before, file := n.signed(), n.export()
		if !bytes.Contains(file, []byte(gone)) {
			t.Fatal("the export does not name who acted")
		}
		if erased, err := n.j.Erase(t.Context(), gone); err != nil || erased < 3 {
			t.Fatalf("%d erased, %v", erased, err)
		}
		left := n.export()
		if bytes.Contains(left, []byte(gone)) || !bytes.Contains(left, []byte(stays)) {
			t.Error("the wrong one is gone, or nobody")
		}
		if r := n.verified(); r.Erased != 3 || r.Checkpoint != before.Checkpoint {
			t.Errorf("%+v", r)
		}
		n.included(1, 2, 3, 7)
		n.turn("lamp", stays)
		n.move()
		must(t, n.Settle(t.Context()))
		n.consistent([]int64{before.Size, before.Size + 1})
		n.verified()
	})
}

func TestEntriesAreHandedToAuditorsAndTheRestToEverybody(t *testing.T) {
	onBoth(t, func(t *testing.T, at site) {
		t.Helper()
		n := open(t, at(), "a", newKeys(t))
		n.light("lamp")
		n.blaze("lamp", 255)
		n.move()
		must(t, n.Settle(t.Context()))
		h := n.Handler(func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, string(fault.Of(err).Code), http.StatusTeapot)
		})
		ask := func(a authz.Actor, path string) (int, string) {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, audit.Prefix+path, nil).WithContext(authz.With(t.Context(), a)))
			return w.Code, w.Body.String()
		}
		auditor := authz.Actor{Person: "per1_a", Holdings: []authz.Holding{{Role: authz.Auditor, Organisation: id.Organisation("dst1_a")}}}
		for _, path := range []string{"checkpoint", "keys", "tile/0/000", "tile/1/000.p/1", "tile/0/000.p/255"} {
			if code, body := ask(authz.Actor{}, path); code != http.StatusOK || body == "" {
				t.Errorf("%s: %d %s", path, code, body)
			}
		}
		if code, body := ask(auditor, "tile/entries/000"); code != http.StatusOK || len(body) < 256*100 {
			t.Errorf("an auditor is answered %d, %d bytes", code, len(body))
		}
		if code, body := ask(authz.Actor{}, "tile/entries/000"); code != http.StatusTeapot || body != "UNAUTHENTICATED\n" {
			t.Errorf("nobody is answered %d %s", code, body)
		}
		if code, body := ask(auditor, "tile/entries/001"); code != http.StatusTeapot || body != "ROUTE_NOT_FOUND\n" {
			t.Errorf("of what is not there: %d %s", code, body)
		}
	})
}
