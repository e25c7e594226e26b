package ledger

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// Why is what is wrong with an export.
type Why string

// What can be wrong with an export.
const (
	Damaged   Why = "damaged"   // bytes that are none of an export's
	Altered   Why = "altered"   // an event is not what its hash says
	Unchained Why = "unchained" // an event does not follow its subject's event before
	Misplaced Why = "misplaced" // an event is missing, or one too many
	Short     Why = "short"     // the file ends too early
	Long      Why = "long"      // something stands behind the end
	Unsigned  Why = "unsigned"  // the checkpoint is not signed by the log's key
	Untrusted Why = "untrusted" // a key that was asked for has signed nothing
	OtherRoot Why = "otherRoot" // the events are not those that were signed
	Rewritten Why = "rewritten" // the events are not those that a witness saw
)

// BadError says what is wrong with an export, and where: at an event, or at the head where Seq is 0.
type BadError struct {
	Why    Why
	Seq    int64
	ID     string // of the event, where it can be read
	Offset int64  // in bytes, of the document
	What   string // the key or witness it is about
}

// Error names the place.
func (e *BadError) Error() string {
	return fmt.Sprintf("ledger: the export is %s at event %d %s (byte %d) %s", e.Why, e.Seq, e.ID, e.Offset, e.What)
}

// Report is what an export proves.
type Report struct {
	Checkpoint Checkpoint
	Subjects   int // how many have events
	Erased     int // events of which something was erased
	LogKeys    []Key
	Witnesses  []WitnessReport
}

// WitnessReport is what a witness has counter-signed.
type WitnessReport struct {
	Key  Key
	Size int64
	At   time.Time
}

// mostDocument is the longest document of an export.
const mostDocument = 17 << 20

// Verify checks an export to its last byte, on every processor: that each event is what its hash says, that each follows
// its subject's event before, and that all together are what the log has signed and its witnesses have seen. Each key of
// trust must have signed. It is told how far it is after each batch of events.
func Verify(ctx context.Context, file io.Reader, trust []Key, progress func(done, total int64)) (*Report, error) {
	v := &verifier{in: bufio.NewReaderSize(file, 1<<16), last: map[string]Hash{}, progress: progress, trust: trust}
	if err := v.head(); err != nil {
		return nil, err
	}
	if err := v.events(ctx); err != nil {
		return nil, err
	}
	return v.finish()
}

type verifier struct {
	in       *bufio.Reader
	at       int64 // bytes read
	trust    []Key
	progress func(done, total int64)

	h     Head
	seal  Hash
	seen  map[int64][]Signed // witnessed checkpoints by their size
	check Signed
	tree  Tree
	last  map[string]Hash // of each subject, the hash of its last event
	out   Report
}

// document reads the next one, into memory of its own.
func (v *verifier) document(into []byte) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(v.in, size[:]); err != nil {
		return into, err
	}
	n := int64(binary.LittleEndian.Uint32(size[:]))
	if n < 5 || n > mostDocument {
		return into, ErrMalformed
	}
	into = append(into, size[:]...)
	at := len(into)
	into = slices.Grow(into, int(n)-4)[:at+int(n)-4]
	_, err := io.ReadFull(v.in, into[at:])
	v.at += n
	return into, err
}

func ended(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

// head reads the head and checks its signatures.
func (v *verifier) head() error {
	doc, err := v.document(nil)
	if ended(err) {
		return &BadError{Why: Short}
	}
	if err == nil {
		v.h, err = readHead(doc)
	}
	if err != nil {
		return &BadError{Why: Damaged}
	}
	v.seal = sha256.Sum256(doc)
	known := append(slices.Clone(v.h.Keys), v.trust...)
	slices.SortFunc(known, func(a, b Key) int { return bytes.Compare([]byte(a.String()), []byte(b.String())) })
	known = slices.CompactFunc(known, func(a, b Key) bool { return a.String() == b.String() })
	logs := slices.DeleteFunc(slices.Clone(known), Key.Witness)
	if v.check, err = OpenNote(v.h.Checkpoint, logs...); err != nil || v.check.Size != v.h.Size {
		return &BadError{Why: Unsigned}
	}
	v.out.Checkpoint = v.check.Checkpoint
	for _, k := range logs {
		if v.check.By(k) {
			v.out.LogKeys = append(v.out.LogKeys, k)
		}
	}
	return v.witnesses(known)
}

// witnesses opens the checkpoints that others have counter-signed.
func (v *verifier) witnesses(known []Key) error {
	v.seen = map[int64][]Signed{}
	for _, raw := range v.h.Witnessed {
		s, err := OpenNote(raw, known...)
		if err != nil || s.Origin != v.check.Origin || s.Size < 1 || s.Size > v.h.Size {
			return &BadError{Why: Unsigned, What: "witness"}
		}
		for _, k := range known {
			if at, ok := s.SignedTime(k); ok {
				v.out.Witnesses = append(v.out.Witnesses, WitnessReport{k, s.Size, at})
			}
		}
		v.seen[s.Size] = append(v.seen[s.Size], s)
	}
	for _, k := range v.trust {
		signed := v.check.By(k) || slices.ContainsFunc(v.out.Witnesses, func(w WitnessReport) bool { return w.Key.String() == k.String() })
		if !signed {
			return &BadError{Why: Untrusted, What: k.String()}
		}
	}
	return nil
}

// batch is events that one processor reads while others read others.
type batch struct {
	docs []byte
	ends []int
	at   int64 // in the file
	read []proved
	done chan struct{}

	broken error // what is wrong with the document behind the last one
}

// proved is an event as one processor has found it.
type proved struct {
	hash, previous Hash
	first, erased  bool
	seq            int64
	subject, id    string
	why            Why
}

// Bounds of a batch: events, and bytes.
const (
	batchSize  = 512
	batchBytes = 8 << 20
)

// events reads, proves and joins: one reads the file, each processor proves batches, and they are joined in order.
func (v *verifier) events(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	n := runtime.GOMAXPROCS(0)
	todo, order := make(chan *batch, 2*n), make(chan *batch, 4*n)
	g.Go(func() error {
		defer close(todo)
		defer close(order)
		v.batches(ctx, todo, order)
		return nil
	})
	for range n {
		g.Go(func() error {
			var e Event
			var buf []byte
			for b := range todo {
				buf = b.prove(&e, buf)
				close(b.done)
			}
			return nil
		})
	}
	g.Go(func() error { return v.join(ctx, order) })
	return g.Wait()
}

func (v *verifier) batches(ctx context.Context, todo, order chan<- *batch) {
	for left := v.h.Size; left > 0; {
		b := &batch{at: v.at, done: make(chan struct{})}
		for left > 0 && len(b.ends) < batchSize && len(b.docs) < batchBytes && b.broken == nil {
			var err error
			if b.docs, err = v.document(b.docs); err != nil {
				b.broken = v.broken(err, v.h.Size-left+1)
				break
			}
			b.ends = append(b.ends, len(b.docs))
			left--
		}
		for _, c := range []chan<- *batch{todo, order} {
			select {
			case c <- b:
			case <-ctx.Done():
				return // the other's error is told
			}
		}
		if b.broken != nil {
			return
		}
	}
}

func (v *verifier) broken(err error, seq int64) error {
	why := Damaged
	if ended(err) {
		why = Short
	}
	return &BadError{Why: why, Seq: seq, Offset: v.at}
}

// prove finds for each event of the batch whether it is what its hash says.
func (b *batch) prove(e *Event, buf []byte) []byte {
	b.read = make([]proved, len(b.ends))
	from := 0
	for i, to := range b.ends {
		p := &b.read[i]
		err := e.Read(b.docs[from:to])
		from = to
		p.seq, p.id = e.Seq, string(e.ID)
		if err != nil || e.rev {
			p.why = Damaged
			continue
		}
		p.subject, p.erased, p.first = string(e.Subject), e.Salt == nil, e.Previous == nil
		if !p.first {
			p.previous = Hash(e.Previous)
		}
		if buf, err = e.encode(buf); err == nil {
			p.hash = sha256.Sum256(buf)
		}
		if err != nil || !bytes.Equal(p.hash[:], e.Hash) {
			p.why = Altered
		}
	}
	return buf
}

// join puts the events together in their order.
func (v *verifier) join(ctx context.Context, order <-chan *batch) error {
	for b := range order {
		select {
		case <-b.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		from := 0
		for i := range b.read {
			if why := v.follow(&b.read[i]); why != "" {
				return &BadError{Why: why, Seq: v.tree.Size + 1, ID: b.read[i].id, Offset: b.at + int64(from)}
			}
			from = b.ends[i]
		}
		if b.broken != nil {
			return b.broken
		}
		v.progress(v.tree.Size, v.h.Size)
	}
	return nil
}

// follow adds an event to its subject's chain and to the tree.
func (v *verifier) follow(p *proved) Why {
	before, had := v.last[p.subject]
	switch {
	case p.why != "":
		return p.why
	case p.seq != v.tree.Size+1:
		return Misplaced
	case had == p.first, had && before != p.previous:
		return Unchained
	}
	v.last[p.subject] = p.hash
	v.tree.Add(p.hash)
	if p.erased {
		v.out.Erased++
	}
	for _, s := range v.seen[v.tree.Size] {
		if v.tree.Root() != s.Root {
			return Rewritten
		}
	}
	return ""
}

// finish checks the end of the file and the whole tree.
func (v *verifier) finish() (*Report, error) {
	doc, err := v.document(nil)
	if err != nil {
		return nil, v.broken(err, 0)
	}
	if !bytes.Equal(doc, tail(v.seal)) {
		return nil, &BadError{Why: Damaged, Offset: v.at - int64(len(doc))}
	}
	if _, err := v.in.ReadByte(); !ended(err) {
		return nil, &BadError{Why: Long, Offset: v.at}
	}
	if v.tree.Root() != v.check.Root {
		return nil, &BadError{Why: OtherRoot}
	}
	v.out.Subjects = len(v.last)
	return &v.out, nil
}
