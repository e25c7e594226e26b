package backup

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"

	"github.com/klauspost/compress/zstd"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// writer writes a file. What it has written is digested on its way out.
type writer struct {
	out  *bufio.Writer
	sum  hash.Hash
	size int64

	body   io.Writer
	packed *zstd.Encoder // nil where the body is plain

	part   part
	filled int // bytes in the part
	now    count
	digest hash.Hash
	counts []count
}

// newWriter begins a file.
func newWriter(to io.Writer, h head) (*writer, error) {
	w := &writer{out: bufio.NewWriterSize(to, 1<<20), sum: sha256.New()}
	raw, err := bson.Marshal(h)
	if err == nil && len(raw) > mostHead {
		err = fmt.Errorf("backup: a head of %d bytes", len(raw))
	}
	if err == nil {
		_, err = w.Write(raw)
	}
	if err != nil {
		return nil, err
	}
	w.body = w
	if h.Compression == packedZstd {
		w.packed, err = zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
		w.body = w.packed
	}
	return w, err
}

// Write takes bytes of the file itself.
func (w *writer) Write(b []byte) (int, error) {
	_, _ = w.sum.Write(b) // never fails
	w.size += int64(len(b))
	return w.out.Write(b)
}

// begin goes on to the next collection.
func (w *writer) begin(coll string) error {
	if err := w.flush(); err != nil {
		return err
	}
	w.part.Collection = coll
	w.now, w.digest = count{Name: coll}, sha256.New()
	return nil
}

// add writes a document of the collection.
func (w *writer) add(doc bson.Raw) error {
	w.part.Documents = append(w.part.Documents, doc)
	w.filled += len(doc)
	w.now.Documents++
	w.now.Bytes += int64(len(doc))
	_, _ = w.digest.Write(doc)
	if w.filled < partSize && len(w.part.Documents) < partDocs {
		return nil
	}
	return w.flush()
}

// flush writes the part that was begun.
func (w *writer) flush() error {
	if len(w.part.Documents) == 0 {
		return nil
	}
	raw, err := bson.Marshal(w.part)
	if err == nil {
		_, err = w.body.Write(raw)
	}
	clear(w.part.Documents)
	w.part.Documents, w.filled = w.part.Documents[:0], 0
	return err
}

// finish ends the collection.
func (w *writer) finish() error {
	w.now.Digest = w.digest.Sum(nil)
	w.counts = append(w.counts, w.now)
	return w.flush()
}

// close ends the file, and says how long it is.
func (w *writer) close(t tail) (int64, error) {
	if w.packed != nil {
		if err := w.packed.Close(); err != nil {
			return 0, err
		}
	}
	t.Collections = w.counts
	raw, err := bson.Marshal(t)
	if err == nil && len(raw) > mostTail {
		err = fmt.Errorf("backup: a tail of %d bytes", len(raw))
	}
	if err == nil {
		_, err = w.Write(raw)
	}
	if err != nil {
		return 0, err
	}
	length := end(len(raw), nil)[:4]
	_, _ = w.sum.Write(length)
	_, err = w.out.Write(end(len(raw), w.sum.Sum(nil)))
	if err == nil {
		err = w.out.Flush()
	}
	return w.size + int64(endSize), err
}
