package graph_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/cobuild/cobuild/graph/graphtest"
	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/ledger"
	"github.com/cobuild/cobuild/internal/witness"
)

const trailFields = ` nodes { id seq type subjectVersion at data hash previousHash subject { id } actor { __typename id } } pageInfo { hasNextPage endCursor } `

func trailOf(t *testing.T, w *graphtest.House, who, subject, page string) *graphtest.Answer {
	t.Helper()
	return w.Ask(t, who, `query($s: ID!) { auditTrail(subject: $s, `+page+`) {`+trailFields+`} }`, "s", subject)
}

func placeOf(t *testing.T, s string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func rootHash(t *testing.T, s string) tlog.Hash {
	t.Helper()
	h, err := tlog.ParseHash(s)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestPartiesAndAuditorsReadWhatHappenedToTheirContractAndNobodyElseDoes(t *testing.T) {
	w := graphtest.NewTown(t)
	c := active(t, w).Str("it.contract.id")
	all := trailOf(t, w.House, "secretary", c, "first: 100").Fine()
	n, last, seq := all.Len("auditTrail.nodes"), any(nil), int64(0)
	if n < 5 || all.Str("auditTrail.nodes.0.type") != "contract.drafted" || all.Str("auditTrail.nodes.0.subject.id") != c ||
		all.Str("auditTrail.nodes.0.data.status") != "DRAFT" {
		t.Fatalf("the secretary reads %s", all.Text)
	}
	if me := w.Ask(t, "secretary", `{ viewer { id } }`).Str("viewer.id"); all.Str("auditTrail.nodes.0.actor.id") != me {
		t.Errorf("drafted by %v", all.Get("auditTrail.nodes.0.actor"))
	}
	for i := range n {
		at := "auditTrail.nodes." + strconv.Itoa(i) + "."
		if all.Get(at+"previousHash") != last {
			t.Errorf("event %d does not follow the one before", i)
		}
		last = all.Str(at + "hash")
		if s := placeOf(t, all.Str(at+"seq")); s <= seq {
			t.Errorf("event %d has the place %d behind %d", i, s, seq)
		} else {
			seq = s
		}
	}
	for who, want := range map[string]int{"supervisor": n, "auditor": n, "outsider": 0, "admin": 0, "": 0} {
		if a := trailOf(t, w.House, who, c, "first: 100").Fine(); a.Len("auditTrail.nodes") != want {
			t.Errorf("%s reads %d events, not %d", who, a.Len("auditTrail.nodes"), want)
		}
	}
	// Before it was invited, the partner could read nothing.
	if got := trailOf(t, w.House, "liaison", c, "first: 100").Fine().Len("auditTrail.nodes"); got == 0 || got > n {
		t.Errorf("the partner reads %d of %d", got, n)
	}
	trailOf(t, w.House, "secretary", c, "first: 101").Is("BAD_PAGE")
	trailOf(t, w.House, "secretary", c, `first: 3, after: "x"`).Is("BAD_CURSOR")
	for _, nothing := range []string{"ctr1_00000000000000000000000000", "nothing"} {
		if a := trailOf(t, w.House, "secretary", nothing, "first: 3").Fine(); a.Len("auditTrail.nodes") != 0 {
			t.Errorf("of what is not there: %s", a.Text)
		}
	}
}

func TestAnEventIsProvedByHashesAlone(t *testing.T) {
	w := graphtest.NewTown(t)
	c := active(t, w).Str("it.contract.id")
	all := trailOf(t, w.House, "secretary", c, "first: 100").Fine()
	const ask = `query($e: ID!) { inclusionProof(event: $e) { event seq hash leaf treeSize root proof note } auditCheckpoint { origin size root note keys signedAt witnesses { name } } }`
	for i := range all.Len("auditTrail.nodes") {
		at := "auditTrail.nodes." + strconv.Itoa(i) + "."
		a := w.Ask(t, "secretary", ask, "e", all.Str(at+"id")).Fine()
		leaf, err := base64.StdEncoding.DecodeString(a.Str("inclusionProof.leaf"))
		h := tlog.RecordHash(leaf)
		if err != nil || hex.EncodeToString(h[:]) != all.Str(at+"hash") || a.Str("inclusionProof.hash") != all.Str(at+"hash") {
			t.Fatalf("the leaf is not the event's: %s", a.Text)
		}
		var proof tlog.RecordProof
		for n := range a.Len("inclusionProof.proof") {
			proof = append(proof, rootHash(t, a.Str("inclusionProof.proof."+strconv.Itoa(n))))
		}
		size, root := placeOf(t, a.Str("inclusionProof.treeSize")), rootHash(t, a.Str("inclusionProof.root"))
		if err := tlog.CheckRecord(proof, size, root, placeOf(t, all.Str(at+"seq"))-1, h); err != nil {
			t.Errorf("event %d: %v", i, err)
		}
		key, err := note.NewVerifier(a.Str("auditCheckpoint.keys.0"))
		if err != nil {
			t.Fatal(err)
		}
		signed, err := note.Open([]byte(a.Str("inclusionProof.note")), note.VerifierList(key))
		if err != nil || signed.Text != "cobuild.test/audit\n"+a.Str("inclusionProof.treeSize")+"\n"+a.Str("inclusionProof.root")+"\n" {
			t.Errorf("the checkpoint is %q, %v", a.Str("inclusionProof.note"), err)
		}
	}
	event := all.Str("auditTrail.nodes.1.id")
	for who, e := range map[string]string{"outsider": event, "admin": event, "": event, "secretary": string(id.Placed(9_000_000))} {
		if a := w.Ask(t, who, ask, "e", e).Fine(); a.Get("inclusionProof") != nil {
			t.Errorf("%s is answered %s", who, a.Text)
		}
	}
	w.Ask(t, "secretary", `query($e: ID!) { inclusionProof(event: $e) { seq } }`, "e", c).Is("WRONG_ID")
}

func TestWhoeverKeptACheckpointIsProvedThatNothingBeforeItChanged(t *testing.T) {
	w := graphtest.NewTown(t)
	const ask = `query($f: Long!, $t: Long) { consistencyProof(from: $f, to: $t) { from to fromRoot toRoot proof } }`
	was := w.Ask(t, "", `{ auditCheckpoint { size root } }`).Fine()
	active(t, w)
	a := w.Ask(t, "", ask, "f", was.Str("auditCheckpoint.size")).Fine()
	var proof tlog.TreeProof
	for n := range a.Len("consistencyProof.proof") {
		proof = append(proof, rootHash(t, a.Str("consistencyProof.proof."+strconv.Itoa(n))))
	}
	from, to := placeOf(t, a.Str("consistencyProof.from")), placeOf(t, a.Str("consistencyProof.to"))
	if err := tlog.CheckTree(proof, to, rootHash(t, a.Str("consistencyProof.toRoot")), from, rootHash(t, was.Str("auditCheckpoint.root"))); err != nil || from >= to {
		t.Errorf("from %d to %d: %v", from, to, err)
	}
	same := w.Ask(t, "", ask, "f", "3", "t", "3").Fine()
	if same.Str("consistencyProof.fromRoot") != same.Str("consistencyProof.toRoot") || same.Len("consistencyProof.proof") != 0 {
		t.Errorf("of one moment: %s", same.Text)
	}
	for _, c := range []struct{ from, to any }{{"0", nil}, {"-1", nil}, {"9000000", nil}, {"1", "9000000"}, {"3", "2"}} {
		w.Ask(t, "", ask, "f", c.from, "t", c.to).Is("AUDIT_SIZE_UNKNOWN")
	}
}

// logbook reads one of the log's addresses.
func logbook(t *testing.T, w *graphtest.House, who, method, path string, body []byte) (int, []byte) {
	t.Helper()
	r := httptest.NewRequest(method, "/audit/"+path, bytes.NewReader(body)).WithContext(t.Context())
	if who != "" {
		r.Header.Set("Authorization", "Bearer "+w.Token(t, who))
	}
	out := httptest.NewRecorder()
	w.Handler.ServeHTTP(out, r)
	return out.Code, out.Body.Bytes()
}

func TestTheLogIsServedAsTilesAndItsEntriesToAuditorsAlone(t *testing.T) {
	w := graphtest.NewTown(t)
	active(t, w)
	_, keys := logbook(t, w.House, "", "GET", "keys", nil)
	key, err := ledger.ParseKey(strings.TrimSpace(string(keys)))
	if err != nil {
		t.Fatal(err)
	}
	_, raw := logbook(t, w.House, "", "GET", "checkpoint", nil)
	is, err := ledger.OpenNote(raw, key)
	if err != nil || is.Size < 10 {
		t.Fatalf("%q: %v", raw, err)
	}
	part := "000.p/" + strconv.FormatInt(is.Size, 10)
	status, tile := logbook(t, w.House, "", "GET", "tile/0/"+part, nil)
	if status != http.StatusOK || int64(len(tile)) != is.Size*ledger.HashSize {
		t.Fatalf("the tile: %d, %d bytes", status, len(tile))
	}
	status, entries := logbook(t, w.House, "auditor", "GET", "tile/entries/"+part, nil)
	for i := range is.Size {
		n := int(entries[0])<<8 | int(entries[1])
		if h := tlog.RecordHash(entries[2 : 2+n]); status != http.StatusOK || !bytes.Equal(h[:], tile[i*ledger.HashSize:][:ledger.HashSize]) {
			t.Fatalf("entry %d is not the tile's", i)
		}
		entries = entries[2+n:]
	}
	for who, want := range map[string]int{"": http.StatusUnauthorized, "secretary": http.StatusForbidden, "admin": http.StatusOK} {
		if status, _ := logbook(t, w.House, who, "GET", "tile/entries/"+part, nil); status != want {
			t.Errorf("%q is answered %d", who, status)
		}
	}
	for _, path := range []string{
		"tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/0", "tile/0/x000/000", "tile/-1/000.p/1",
		"tile/64/000.p/1", "tile/x/000.p/1", "tile/entries/000", "tile/0/999.p/1", "tile/0/x999/x999/x999/x999/999", "witnessed", "nothing", "",
	} {
		if status, _ := logbook(t, w.House, "auditor", "GET", path, nil); status != http.StatusNotFound {
			t.Errorf("%s is answered %d", path, status)
		}
	}
}

// follower is a witness of a house.
func follower(t *testing.T, at *httptest.Server, state string) *witness.Witness {
	t.Helper()
	u, err := url.Parse(at.URL)
	if err != nil {
		t.Fatal(err)
	}
	f := &witness.Witness{URL: u, Client: at.Client(), Now: noonOf, Random: rand.Reader}
	if err := f.Open(state, "witness.example.net", nil); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestAWitnessCounterSignsALogThatGrowsAndRefusesOneThatWasRewritten(t *testing.T) {
	state := filepath.Join(t.TempDir(), "witness.json")
	probe := &witness.Witness{Random: rand.Reader}
	if err := probe.Open(state, "witness.example.net", nil); err != nil {
		t.Fatal(err)
	}
	w := graphtest.NewTown(t, func(c *app.Config) { c.Witnesses = []ledger.Key{probe.Key()} })
	other := w.Fork(t)
	true1 := w.Serve(t)
	f := follower(t, true1, state)
	first, err := f.Round(t.Context())
	if err != nil || first.Size == 0 {
		t.Fatalf("%+v, %v", first, err)
	}
	w.Do(t, "secretary", "updateCommunity", m{"id": w.Community, "expectedVersion": 1, "households": 777}, "community { version }").Fine()
	again := follower(t, true1, state) // after a restart
	second, err := again.Round(t.Context())
	if err != nil || second.Size <= first.Size {
		t.Fatalf("%+v, %v", second, err)
	}
	seen := w.Ask(t, "", `{ auditCheckpoint { witnesses { name key size at note } } }`).Fine()
	if placeOf(t, seen.Str("auditCheckpoint.witnesses.0.size")) != second.Size || seen.Str("auditCheckpoint.witnesses.0.key") != f.Key().String() {
		t.Errorf("witnessed: %s", seen.Text)
	}
	_, raw := logbook(t, w.House, "", "GET", "witnessed", nil)
	if s, err := ledger.OpenNote(raw, f.Key()); err != nil || s.Size != second.Size {
		t.Errorf("%q: %v", raw, err)
	}
	for i := range 3 { // the other past: as many events and more
		other.Do(t, "secretary", "updateCommunity", m{"id": w.Community, "expectedVersion": i + 1, "households": 10 + i}, "community { version }").Fine()
	}
	deceived := follower(t, other.Serve(t), state)
	if _, err := deceived.Round(t.Context()); !errors.Is(err, witness.ErrInconsistent) {
		t.Fatalf("the rewritten log is answered %v", err)
	}
	if _, err := follower(t, true1, state).Round(t.Context()); !errors.Is(err, witness.ErrInconsistent) {
		t.Errorf("it signs again: %v", err)
	}
}

func TestACounterSignatureIsTakenFromRegisteredWitnessesAlone(t *testing.T) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	w := graphtest.NewTown(t)
	_, raw := logbook(t, w.House, "", "GET", "checkpoint", nil)
	_, keys := logbook(t, w.House, "", "GET", "keys", nil)
	key, err := ledger.ParseKey(string(keys))
	if err != nil {
		t.Fatal(err)
	}
	is, err := ledger.OpenNote(raw, key)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := note.Sign(is.Note, ledger.WitnessSigner("stranger.example.net", private, noonOf))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		body []byte
		want int
	}{{signed, http.StatusForbidden}, {raw, http.StatusForbidden}, {[]byte("hello"), http.StatusBadRequest}, {nil, http.StatusBadRequest}, {bytes.Repeat([]byte("x"), 1<<17), http.StatusBadRequest}} {
		if status, body := logbook(t, w.House, "", "POST", "witness", c.body); status != c.want {
			t.Errorf("answered %d, not %d: %s", status, c.want, body)
		}
	}
}

func TestAnErasedPersonLeavesTheTrailAndTheLogStaysProved(t *testing.T) {
	w := graphtest.NewTown(t)
	c := active(t, w).Str("it.contract.id")
	me := w.Ask(t, "secretary", `{ viewer { id } }`).Str("viewer.id")
	export := func() ([]byte, *ledger.Report) {
		var file bytes.Buffer
		if _, err := w.App.Audit.Export(t.Context(), &file, func(int64, int64) {}); err != nil {
			t.Fatal(err)
		}
		r, err := ledger.Verify(t.Context(), bytes.NewReader(file.Bytes()), nil, func(int64, int64) {})
		if err != nil {
			t.Fatal(err)
		}
		return file.Bytes(), r
	}
	file, whole := export()
	erased, err := w.App.Journal.Erase(t.Context(), me)
	if err != nil || erased == 0 {
		t.Fatalf("%d, %v", erased, err)
	}
	if a := trailOf(t, w.House, "secretary", c, "first: 1").Fine(); a.Get("auditTrail.nodes.0.actor") != nil || a.Get("auditTrail.nodes.0.hash") == nil {
		t.Errorf("still %s", a.Text)
	}
	left, r := export()
	if r.Checkpoint.Root != whole.Checkpoint.Root || r.Erased != erased || bytes.Contains(left, []byte("actor\x00\x1f\x00\x00\x00"+me)) || !bytes.Contains(file, []byte(me)) {
		t.Errorf("%+v", r)
	}
	left[len(left)/2] ^= 4
	if _, err := ledger.Verify(t.Context(), bytes.NewReader(left), nil, func(int64, int64) {}); err == nil {
		t.Error("a flipped byte was not found")
	}
}

// noonOf is a witness's clock.
func noonOf() time.Time { return time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC) }
