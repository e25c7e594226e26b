package backup

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/ledger"
)

// proof follows a journal from its first event and finds out whether it is whole: each event is what its hash says and
// follows its subject's event before, and all together are what the checkpoints say that were signed. It is told of the
// audit log first.
type proof struct {
	keys  []ledger.Key
	event ledger.Event
	last  map[[16]byte]ledger.Hash // of each subject, the hash of its last event
	tree  ledger.Tree

	size  int64                   // of the newest checkpoint
	root  ledger.Hash             // that this journal has there
	roots map[int64][]ledger.Hash // that checkpoints have
	tiles map[string][sha256.Size]byte
}

func newProof(keys []ledger.Key) *proof {
	return &proof{
		keys: keys, last: map[[16]byte]ledger.Hash{}, roots: map[int64][]ledger.Hash{}, tiles: map[string][sha256.Size]byte{},
		root: new(ledger.Tree).Root(),
	}
}

// take takes a document of a collection, if it is one of the log's.
func (p *proof) take(coll string, doc bson.Raw) error {
	switch coll {
	case events:
		return p.add(doc)
	case auditLog:
		return p.log(doc)
	case tiles:
		p.tile(doc)
	}
	return nil
}

// checkpoint is a document of the audit log: its head, or what a witness has counter-signed.
type checkpoint struct {
	ID   string `bson:"_id"`
	Size int64  `bson:"size"`
}

// log takes a document of the audit log.
func (p *proof) log(doc bson.Raw) error {
	var c checkpoint
	if err := bson.Unmarshal(doc, &c); err != nil {
		return fmt.Errorf("%w: %w", ErrLog, err)
	}
	if c.ID != "head" {
		return p.witnessed(c, doc)
	}
	_, note, _ := doc.Lookup("note").BinaryOK()
	signed, err := ledger.OpenNote(note, p.keys...)
	if err != nil || signed.Size != c.Size {
		return fmt.Errorf("%w: its checkpoint of %d events is not signed by its key", ErrLog, c.Size)
	}
	p.size = c.Size
	p.roots[c.Size] = append(p.roots[c.Size], signed.Root)
	return nil
}

// witnessed takes a counter-signed checkpoint. Who signed it is for who verifies an export; here its root counts.
func (p *proof) witnessed(c checkpoint, doc bson.Raw) error {
	note, _ := doc.Lookup("note").StringValueOK()
	text, _, _ := strings.Cut(note, "\n\n")
	seen, err := ledger.ParseCheckpoint(text + "\n")
	if err != nil || seen.Size != c.Size {
		return fmt.Errorf("%w: what %s has signed cannot be read", ErrLog, c.ID)
	}
	p.roots[c.Size] = append(p.roots[c.Size], seen.Root)
	return nil
}

// tile takes a tile that is kept.
func (p *proof) tile(doc bson.Raw) {
	id, _ := doc.Lookup("_id").StringValueOK()
	_, data, _ := doc.Lookup("data").BinaryOK()
	p.tiles[id] = sha256.Sum256(data)
}

// add takes the next event.
func (p *proof) add(doc bson.Raw) error {
	e, at := &p.event, p.tree.Size+1
	if err := e.Read(doc); err != nil {
		return fmt.Errorf("%w at event %d: %w", ErrLog, at, err)
	}
	if e.Seq != at {
		return fmt.Errorf("%w: an event is missing at place %d", ErrLog, at)
	}
	hash, _, err := e.Digest()
	if err != nil || !bytes.Equal(hash[:], e.Hash) {
		return fmt.Errorf("%w: event %d %s is not what its hash says", ErrLog, at, e.ID)
	}
	whole := sha256.Sum256(e.Subject)
	subject := [16]byte(whole[:16])
	before, had := p.last[subject]
	if had != (len(e.Previous) > 0) || had && !bytes.Equal(before[:], e.Previous) {
		return fmt.Errorf("%w: event %d %s does not follow its subject's event before", ErrLog, at, e.ID)
	}
	p.last[subject] = hash
	return p.grow(hash)
}

// grow lays an event into the tree.
func (p *proof) grow(hash ledger.Hash) error {
	for _, t := range p.tree.Add(hash) {
		id := fmt.Sprintf("%d/%d", t.Level, t.N)
		kept, ok := p.tiles[id]
		if ok != (p.tree.Size <= p.size) || ok && kept != sha256.Sum256(t.Data) {
			return fmt.Errorf("%w: tile %s is not that of its events", ErrLog, id)
		}
	}
	for _, root := range p.roots[p.tree.Size] {
		if p.root = p.tree.Root(); p.root != root {
			return fmt.Errorf("%w: the first %d events are not those that were signed", ErrLog, p.tree.Size)
		}
	}
	return nil
}

// end is told that there are no more events.
func (p *proof) end() error {
	for size := range p.roots {
		if size > p.tree.Size {
			return fmt.Errorf("%w: %d events were signed, and %d are there", ErrLog, size, p.tree.Size)
		}
	}
	return nil
}
