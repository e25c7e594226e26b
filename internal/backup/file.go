package backup

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"github.com/klauspost/compress/zstd"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/ledger"
)

// File is a backup that was looked over from its first byte to its last: nothing of it was changed since it was written.
type File struct {
	in   io.ReaderAt
	size int64
	head head
	tail tail
	from int64 // where the body begins
	to   int64 // where it ends
	sum  []byte
}

// Open looks a file over: whether it is a backup, of a form that this program knows, whole and unchanged. What is in it is
// then for Check.
func Open(ctx context.Context, in io.ReaderAt, size int64, progress func(done, total int64)) (*File, error) {
	f := &File{in: in, size: size}
	beginning := make([]byte, min(size, mostHead))
	if _, err := in.ReadAt(beginning, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("backup: %w", err)
	}
	h, n, err := readHead(beginning)
	if err != nil {
		return nil, err
	}
	f.head, f.from = h, int64(n)
	if size < f.from+int64(endSize) {
		return nil, ErrShort
	}
	last := make([]byte, endSize)
	if _, err := in.ReadAt(last, size-int64(endSize)); err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	if !bytes.HasSuffix(last, []byte(endMark)) {
		return nil, ErrShort
	}
	if f.sum, err = digest(ctx, in, size, progress); err != nil {
		return nil, err
	}
	if !bytes.Equal(f.sum, last[4:4+sha256.Size]) {
		return nil, ErrAltered
	}
	length := int64(binary.LittleEndian.Uint32(last))
	f.to = size - int64(endSize) - length
	if length > mostTail || f.to < f.from {
		return nil, broken("its tail has no place")
	}
	raw := make([]byte, length)
	if _, err := in.ReadAt(raw, f.to); err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	f.tail, err = readTail(raw)
	return f, err
}

// digest is that of all bytes but the digest itself and the mark behind it.
func digest(ctx context.Context, in io.ReaderAt, size int64, progress func(done, total int64)) ([]byte, error) {
	sum := sha256.New()
	from := io.NewSectionReader(in, 0, size-int64(endSize)+4)
	buf := make([]byte, min(size, 1<<20))
	for done := int64(0); ; progress(done, size) {
		n, err := from.Read(buf)
		_, _ = sum.Write(buf[:n])
		done += int64(n)
		if errors.Is(err, io.EOF) {
			return sum.Sum(nil), nil
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return nil, fmt.Errorf("backup: %w", err)
		}
	}
}

// Contents is what a file says of itself.
type Contents struct {
	Created   time.Time
	Program   string
	Seq       int64
	Waiting   int64 // events in outboxes
	Documents int64
	TreeSize  int64
	TreeRoot  string
	Keys      []string // identifiers of the keyring's keys that are needed
	LogKeys   []string
	Parts     []Part
}

// Part is how much a file holds of a collection.
type Part struct {
	Name      string `json:"name"`
	Documents int64  `json:"documents"`
	Bytes     int64  `json:"bytes,omitempty"`
}

// Contents says what is in the file.
func (f *File) Contents() Contents {
	t := &f.tail
	c := Contents{
		Created: f.head.Created, Program: f.head.Program, Seq: t.Seq, Waiting: t.Waiting, Documents: t.documents(),
		TreeSize: t.TreeSize, Keys: t.Keys, LogKeys: t.LogKeys,
	}
	if len(t.TreeRoot) == ledger.HashSize {
		c.TreeRoot = ledger.Hash(t.TreeRoot).String()
	}
	for _, p := range t.Collections {
		c.Parts = append(c.Parts, Part{p.Name, p.Documents, p.Bytes})
	}
	return c
}

// placed is a document of a collection.
type placed struct {
	coll string
	doc  bson.Raw
}

// documents yields every document in the order of the file, those of a collection together. They may be kept. An error
// comes last.
func (f *File) documents(yield func(placed, error) bool) {
	section := io.NewSectionReader(f.in, f.from, f.to-f.from)
	var body io.Reader = bufio.NewReaderSize(section, 1<<20)
	switch f.head.Compression {
	case packedPlain:
	case packedZstd:
		z, err := zstd.NewReader(body, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(8<<20), zstd.WithDecoderLowmem(true))
		if err != nil {
			yield(placed{}, broken("its body cannot be unpacked: %v", err))
			return
		}
		defer z.Close()
		body = z
	default:
		yield(placed{}, broken("its body is packed as %q", f.head.Compression))
		return
	}
	for {
		p, err := readPart(body)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			yield(placed{}, err)
			return
		}
		for _, doc := range p.Documents {
			if !yield(placed{p.Collection, doc}, nil) {
				return
			}
		}
	}
}

// readPart reads the next part into memory of its own; io.EOF where there is none.
func readPart(body io.Reader) (p part, err error) {
	var length [4]byte
	if _, err := io.ReadFull(body, length[:]); errors.Is(err, io.EOF) {
		return p, io.EOF
	} else if err != nil {
		return p, broken("its body cannot be unpacked: %v", err)
	}
	n := int64(binary.LittleEndian.Uint32(length[:]))
	if n < 5 || n > mostPart {
		return p, broken("a part of %d bytes", n)
	}
	// What is said to be long is read bit by bit: memory is for what is there.
	raw := bytes.NewBuffer(make([]byte, 0, min(n, 2*partSize)))
	_, _ = raw.Write(length[:])
	if got, err := io.CopyN(raw, body, n-4); err != nil {
		return p, broken("a part ends after %d of %d bytes: %v", got+4, n, err)
	}
	if err := errors.Join(bson.Raw(raw.Bytes()).Validate(), bson.Unmarshal(raw.Bytes(), &p)); err != nil {
		return p, broken("a part cannot be read: %v", err)
	}
	return p, nil
}

// tally counts and digests the documents of a collection.
type tally struct {
	count
	digest hash.Hash
	last   string // the identifier before
}

func newTally(name string) *tally { return &tally{count: count{Name: name}, digest: sha256.New()} }

func (t *tally) add(doc bson.Raw) {
	t.Documents++
	t.Bytes += int64(len(doc))
	_, _ = t.digest.Write(doc)
}

func (t *tally) sum() count {
	c := t.count
	c.Digest = t.digest.Sum(nil)
	return c
}

func (c count) equal(d count) bool {
	return c.Name == d.Name && c.Documents == d.Documents && c.Bytes == d.Bytes && bytes.Equal(c.Digest, d.Digest)
}
