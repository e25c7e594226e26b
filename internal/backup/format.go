package backup

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// A file is: the head, the body, the tail, the end.
//
// Head and tail are one BSON document each, never compressed. The body is BSON documents one behind the other, parts,
// each with a stretch of one collection; together they are one zstd stream, or plain. The end is the tail's length (4
// bytes, little-endian), the SHA-256 of every byte before it and of that length, and eight bytes that nothing follows.
const (
	format = "cobuild.backup"
	form   = 1

	endMark = "COBUILD\x1a"
	endSize = 4 + sha256.Size + len(endMark)

	mostHead = 1 << 20  // the longest head in bytes
	mostTail = 4 << 20  // the longest tail
	partSize = 1 << 20  // when a part is full
	mostPart = 20 << 20 // the longest part: the last document in it may be a large one
	partDocs = 1000
)

// The ways the body is packed.
const (
	packedZstd  = "zstd"
	packedPlain = "none"
)

// head begins a file: what is known when it is begun.
type head struct {
	Format      string    `bson:"format"`
	Form        int       `bson:"form"`    // of the file, not of the documents
	Program     string    `bson:"program"` // version that wrote it
	Created     time.Time `bson:"created"` // UTC
	Compression string    `bson:"compression"`
	Collections []shape   `bson:"collections"`
}

// shape is the form of a collection's documents.
type shape struct {
	Name  string `bson:"name"`
	Shape int    `bson:"shape"`
}

// part is a stretch of one collection.
type part struct {
	Collection string     `bson:"collection"`
	Documents  []bson.Raw `bson:"documents"`
}

// tail ends a file: what is known when all is read.
type tail struct {
	Seq         int64    `bson:"seq"`               // the journal's last place
	Head        []byte   `bson:"head,omitempty"`    // hash of the event there
	Waiting     int64    `bson:"waiting"`           // events in outboxes
	TreeSize    int64    `bson:"treeSize"`          // of the audit log's newest checkpoint
	TreeRoot    []byte   `bson:"treeRoot"`          // by the very events of this file
	LogKeys     []string `bson:"logKeys,omitempty"` // public
	Keys        []string `bson:"keys,omitempty"`    // identifiers of the keyring's keys that the documents need
	Collections []count  `bson:"collections"`
}

// count is what a file holds of a collection: how many documents, and the SHA-256 of them one behind the other.
type count struct {
	Name      string `bson:"name"`
	Documents int64  `bson:"documents"`
	Bytes     int64  `bson:"bytes"`
	Digest    []byte `bson:"digest"`
}

// documents are those of all collections.
func (t *tail) documents() (n int64) {
	for _, c := range t.Collections {
		n += c.Documents
	}
	return n
}

// end are the last bytes, given the digest of everything before.
func end(tailLength int, digest []byte) []byte {
	out := binary.LittleEndian.AppendUint32(nil, uint32(tailLength))
	return append(append(out, digest...), endMark...)
}

// readHead takes the head off a file's beginning.
func readHead(beginning []byte) (h head, size int, err error) {
	if len(beginning) < 5 {
		return h, 0, ErrForeign
	}
	n := int64(binary.LittleEndian.Uint32(beginning))
	mark := []byte("\x02format\x00\x0f\x00\x00\x00" + format + "\x00")
	if !bytes.HasPrefix(beginning[4:], mark) || n > mostHead {
		return h, 0, ErrForeign
	}
	if n > int64(len(beginning)) {
		return h, 0, ErrShort
	}
	raw := bson.Raw(beginning[:n])
	if raw.Validate() != nil {
		return h, 0, ErrAltered
	}
	if f, ok := raw.Lookup("form").AsInt64OK(); ok && f > form {
		return h, 0, fmt.Errorf("%w: its form is %d, this program knows %d", ErrNewer, f, form)
	}
	if err := bson.Unmarshal(raw, &h); err != nil || h.Form != form {
		return h, 0, ErrAltered
	}
	return h, int(n), nil
}

// readTail reads a tail that the file's digest covers.
func readTail(raw bson.Raw) (t tail, err error) {
	if err := errors.Join(raw.Validate(), bson.Unmarshal(raw, &t)); err != nil {
		return t, broken("its tail cannot be read: %v", err)
	}
	return t, nil
}
