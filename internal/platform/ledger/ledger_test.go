package ledger_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/platform/ledger"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// book is a log in memory.
type book struct {
	docs  [][]byte
	tree  ledger.Tree
	last  map[string][]byte
	roots []ledger.Hash // roots[n] is that of n events
	tiles map[[2]int64][]byte
	dice  *rand.ChaCha8
}

func newBook() *book {
	b := &book{last: map[string][]byte{}, tiles: map[[2]int64][]byte{}, dice: rand.NewChaCha8([32]byte{1})}
	b.roots = []ledger.Hash{b.tree.Root()}
	return b
}

// tell adds an event.
func (b *book) tell(t testing.TB, subject string, data any) {
	t.Helper()
	n := len(b.docs) + 1
	doc, err := bson.Marshal(bson.D{
		{Key: "_id", Value: fmt.Sprint(subject, ":", n, ":0")},
		{Key: "type", Value: "lamp.lit"},
		{Key: "subject", Value: subject},
		{Key: "subjectVersion", Value: n},
		{Key: "actor", Value: "per1_" + strconv.Itoa(n%3)},
		{Key: "at", Value: noon.Add(time.Duration(n) * time.Second)},
		{Key: "audience", Value: bson.A{"com1_a", "unt1_b"}},
		{Key: "data", Value: data},
		{Key: "seq", Value: int64(n)},
		{Key: "rev", Value: int64(1)},
	})
	must(t, err)
	var salt [ledger.SaltSize]byte
	_, _ = b.dice.Read(salt[:])
	sealed, hash, err := ledger.Seal(doc, salt[:], b.last[subject])
	must(t, err)
	b.docs, b.last[subject] = append(b.docs, sealed), hash[:]
	for _, tile := range b.tree.Add(hash) {
		b.tiles[[2]int64{int64(tile.Level), tile.N}] = tile.Data
	}
	if n <= rooted {
		b.roots = append(b.roots, b.tree.Root())
	}
}

// rooted is up to how many events the roots are remembered.
const rooted = 3000

func (b *book) load(level int, n int64) ([]byte, error) {
	if d := b.tiles[[2]int64{int64(level), n}]; d != nil {
		return d, nil
	}
	return nil, ledger.ErrNoTile
}

func pair(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, 32))
}

func public(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }

const origin = "cobuild.example.org/audit"

// checkpoint is the signed checkpoint of the first n events.
func (b *book) checkpoint(t testing.TB, n int, signers ...note.Signer) []byte {
	t.Helper()
	c := ledger.Checkpoint{Origin: origin, Size: int64(n)}
	if c.Root = b.tree.Root(); n < len(b.roots) {
		c.Root = b.roots[n]
	}
	raw, err := note.Sign(&note.Note{Text: c.Text()}, append([]note.Signer{ledger.LogSigner(origin, pair(1))}, signers...)...)
	must(t, err)
	return raw
}

func watcher() note.Signer {
	return ledger.WitnessSigner("witness.example.net", pair(2), func() time.Time { return noon })
}

func watcherKey() ledger.Key { return ledger.WitnessKey("witness.example.net", public(pair(2))) }
func logKey() ledger.Key     { return ledger.LogKey(origin, public(pair(1))) }

// export writes the whole log; a witness has seen all but the last third.
func (b *book) export(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	n := len(b.docs)
	h := ledger.Head{Size: int64(n), Checkpoint: b.checkpoint(t, n), Keys: []ledger.Key{logKey(), watcherKey()}}
	if n > 2 && n <= rooted {
		h.Witnessed = [][]byte{b.checkpoint(t, n-n/3, watcher())}
	}
	w, err := ledger.NewWriter(&out, h)
	must(t, err)
	for _, d := range b.docs {
		must(t, w.Add(d))
	}
	must(t, w.Close())
	return out.Bytes()
}

func verify(file []byte, trust ...ledger.Key) (*ledger.Report, error) {
	return ledger.Verify(context.Background(), bytes.NewReader(file), trust, func(int64, int64) {})
}

// some is a log of a few subjects with data of many kinds.
func some(t testing.TB, n int) *book {
	t.Helper()
	b := newBook()
	for i := range n {
		b.tell(t, fmt.Sprint("ctr1_", i%3), bson.D{
			{Key: "status", Value: "ACTIVE"},
			{Key: "n", Value: i},
			{Key: "large", Value: int64(i) << 40},
			{Key: "late", Value: i%2 == 0},
			{Key: "share", Value: 0.5},
			{Key: "day", Value: noon},
			{Key: "none", Value: nil},
			{Key: "person", Value: "per1_1"},
			{Key: "parts", Value: bson.A{bson.D{{Key: "x", Value: "一"}}}},
		})
	}
	return b
}

func TestAnExportProvesItself(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 255, 256, 257, 700} {
		r, err := verify(some(t, n).export(t))
		if err != nil {
			t.Fatalf("%d events: %v", n, err)
		}
		if r.Checkpoint.Size != int64(n) || r.Subjects != min(n, 3) || len(r.LogKeys) != 1 || (n > 2) != (len(r.Witnesses) == 1) {
			t.Errorf("%d events: %+v", n, r)
		}
	}
}

func TestEveryFlippedByteOfAnExportIsFound(t *testing.T) {
	good := some(t, 4).export(t)
	_, err := verify(good, logKey(), watcherKey())
	must(t, err)
	for at := range good {
		for _, flip := range []byte{1, 0x80} {
			bad := bytes.Clone(good)
			bad[at] ^= flip
			if _, err := verify(bad); err == nil {
				t.Fatalf("byte %d xor %#x was not found", at, flip)
			} else if _, named := errors.AsType[*ledger.BadError](err); !named {
				t.Fatalf("byte %d: %v", at, err)
			}
		}
	}
	for at := range good {
		if _, err := verify(good[:at]); err == nil {
			t.Fatalf("cut at %d was not found", at)
		}
	}
	if _, err := verify(append(bytes.Clone(good), 0)); err == nil {
		t.Error("a byte too many was not found")
	}
}

// bounds are where each document of an export begins and ends.
func bounds(file []byte) (out [][2]int) {
	for at := 0; at < len(file); {
		n := int(binary.LittleEndian.Uint32(file[at:]))
		out, at = append(out, [2]int{at, at + n}), at+n
	}
	return out
}

func TestTheEventWithTheFlippedByteIsNamed(t *testing.T) {
	b := some(t, 1500)
	good := b.export(t)
	docs := bounds(good)
	dice := rand.New(rand.NewPCG(3, 4))
	for range 60 {
		seq := dice.IntN(1500) + 1
		d := docs[seq]
		bad := bytes.Clone(good)
		bad[d[0]+dice.IntN(d[1]-d[0])] ^= byte(1 + dice.IntN(255))
		_, err := verify(bad)
		e, ok := errors.AsType[*ledger.BadError](err)
		if !ok || e.Seq != int64(seq) && e.Seq != int64(seq)+1 { // a wrong length is noticed where the next one begins
			t.Fatalf("event %d: %v", seq, err)
		}
	}
}

func TestWhatItsOwnerRewritesIsFoundByTheWitness(t *testing.T) {
	b, other := some(t, 9), newBook()
	for i := range 9 {
		other.tell(t, fmt.Sprint("ctr1_", i%3), bson.D{{Key: "status", Value: "NEVER"}})
	}
	mixed := *other
	mixed.roots = slices.Clone(other.roots)
	copy(mixed.roots[:7], b.roots[:7]) // the witness saw the true log
	_, err := verify(mixed.export(t))
	if e, ok := errors.AsType[*ledger.BadError](err); !ok || e.Why != ledger.Rewritten || e.Seq != 7 {
		t.Errorf("rewritten: %v", err)
	}
	mixed = *b
	mixed.docs = slices.Clone(b.docs)
	mixed.docs[4], mixed.docs[5] = mixed.docs[5], mixed.docs[4]
	if e, ok := errors.AsType[*ledger.BadError](second(verify(mixed.export(t)))); !ok || e.Why != ledger.Misplaced || e.Seq != 5 {
		t.Errorf("turned round: %v", e)
	}
	stranger := ledger.LogKey("elsewhere", public(pair(9)))
	if e, ok := errors.AsType[*ledger.BadError](second(verify(b.export(t), stranger))); !ok || e.Why != ledger.Untrusted {
		t.Errorf("a key that signed nothing: %v", e)
	}
}

func second[T any](_ T, err error) error { return err }

func TestWhatIsErasedIsGoneAndEverythingStaysProved(t *testing.T) {
	b := some(t, 40)
	name := []byte("per1_1")
	mine := func(f *ledger.Field) bool { s, ok := f.Text(); return ok && s == string(name) }
	for i, d := range b.docs {
		left, changed, err := ledger.Erase(d, mine)
		must(t, err)
		if !changed || bytes.Contains(left, name) {
			t.Fatalf("event %d still names them", i+1)
		}
		again, changed, err := ledger.Erase(left, mine)
		if err != nil || changed || !bytes.Equal(again, left) {
			t.Fatalf("event %d: erasing twice: %v %v", i+1, changed, err)
		}
		_, err = ledger.Check(left)
		must(t, err)
		more, _, err := ledger.Erase(left, func(f *ledger.Field) bool { return string(f.Name) == "audience" || string(f.Name) == "data.status" })
		must(t, err)
		b.docs[i] = more
	}
	file := b.export(t)
	r, err := verify(file, logKey())
	if err != nil || r.Erased != 40 || bytes.Contains(file, name) {
		t.Fatalf("%+v, %v", r, err)
	}
	for at := 0; at < len(file); at += 29 {
		bad := bytes.Clone(file)
		bad[at] ^= 0x10
		if _, err := verify(bad); err == nil {
			t.Fatalf("byte %d was not found", at)
		}
	}
}

// The tree is the one of golang.org/x/mod/sumdb/tlog, its tiles and proofs too.
func TestTheTreeIsThatOfTheGoChecksumDatabase(t *testing.T) {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(at))
		for i, n := range at {
			out[i] = stored[n]
		}
		return out, nil
	})
	b := newBook()
	var roots []tlog.Hash
	const most = 70_000
	for n := range int64(most) {
		h := tlog.RecordHash(binary.BigEndian.AppendUint64(nil, uint64(n)))
		more, err := tlog.StoredHashesForRecordHash(n, h, reader)
		must(t, err)
		stored = append(stored, more...)
		for _, tile := range b.tree.Add(h) {
			b.tiles[[2]int64{int64(tile.Level), tile.N}] = tile.Data
		}
		if n < 600 || n > most-3 || n == 65_535 || n == 65_536 {
			want, err := tlog.TreeHash(n+1, reader)
			must(t, err)
			if got := b.tree.Root(); got != want {
				t.Fatalf("the root of %d is %s, not %s", n+1, got, want)
			}
			roots = append(roots, want)
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.Int64Range(0, most-1).Draw(r, "leaf")
		p, err := tlog.ProveRecord(most, n, b.tree.Reader(b.load))
		if err != nil {
			r.Fatal(err)
		}
		if err := tlog.CheckRecord(p, most, b.tree.Root(), n, tlog.RecordHash(binary.BigEndian.AppendUint64(nil, uint64(n)))); err != nil {
			r.Fatal(err)
		}
		old := rapid.Int64Range(1, 600).Draw(r, "old")
		q, err := tlog.ProveTree(most, old, b.tree.Reader(b.load))
		if err != nil {
			r.Fatal(err)
		}
		if err := tlog.CheckTree(q, most, b.tree.Root(), old, roots[old-1]); err != nil {
			r.Fatal(err)
		}
		tile := tlog.NewTiles(ledger.Height, n, n+1)[0]
		want, err := tlog.ReadTileData(tile, reader)
		if err != nil {
			r.Fatal(err)
		}
		got, err := b.tree.TileAt(tile.L, tile.N, tile.W, b.load)
		if err != nil || !bytes.Equal(got, want) {
			r.Fatalf("tile %v: %v", tile, err)
		}
	})
}

func TestANoteIsReadByWhoHasItsKey(t *testing.T) {
	b := some(t, 3)
	raw := b.checkpoint(t, 3, watcher())
	for _, k := range []ledger.Key{logKey(), watcherKey()} {
		again, err := ledger.ParseKey(k.String())
		if err != nil || again.String() != k.String() {
			t.Fatalf("%s: %v", k, err)
		}
		s, err := ledger.OpenNote(raw, again)
		if err != nil || s.Size != 3 || s.Root != b.roots[3] || !s.By(k) {
			t.Errorf("%s: %+v %v", k, s, err)
		}
	}
	plain, err := note.NewVerifier(logKey().String()) // any program that reads notes reads ours
	must(t, err)
	_, err = note.Open(raw, note.VerifierList(plain))
	must(t, err)
	s, err := ledger.OpenNote(raw, watcherKey())
	must(t, err)
	if at, ok := s.SignedTime(watcherKey()); !ok || !at.Equal(noon) {
		t.Errorf("signed at %v", at)
	}
	if _, err := ledger.OpenNote(raw, ledger.WitnessKey("witness.example.net", public(pair(3)))); err == nil {
		t.Error("a stranger's key opens it")
	}
	for _, bad := range []string{"", "x", "a+b+c", logKey().String() + "x", "a b+00000000+AAAA", "x" + logKey().String()} {
		if _, err := ledger.ParseKey(bad); err == nil {
			t.Errorf("%q is a key", bad)
		}
	}
	for _, bad := range []string{"", "a\n", "a\n1\n", "a\n01\n" + b.roots[1].String() + "\n", "a\n-1\n" + b.roots[1].String() + "\n", "a\n1\nxx\n", "a\n1\n" + b.roots[1].String() + "\nmore\n"} {
		if _, err := ledger.ParseCheckpoint(bad); err == nil {
			t.Errorf("%q is a checkpoint", bad)
		}
	}
}

// Whatever the bytes are, reading them ends well.
func FuzzAnyBytesAreReadOrRefused(f *testing.F) {
	b := some(f, 3)
	f.Add(b.export(f))
	for _, d := range b.docs {
		f.Add(d)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var e ledger.Event
		if e.Read(raw) == nil {
			_, _, _ = e.Digest()
			_, _, _ = ledger.Erase(raw, func(*ledger.Field) bool { return true })
		}
		_, _ = verify(raw)
	})
}
