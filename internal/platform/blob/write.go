package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"

	cloud "gocloud.dev/blob"
)

// part is how much of a blob is held in memory on its way to a server, in bytes: the least that the protocol allows.
const part = 5 << 20

// Written is what was written.
type Written struct {
	Size   int64  // bytes
	SHA256 string // of the bytes, 64 hexadecimal digits
}

// Writer takes the bytes of one blob. It must be committed or aborted.
type Writer struct {
	bucket *Bucket
	key    string
	to     *cloud.Writer
	file   *os.File // in a folder
	cancel context.CancelFunc
	sum    hash.Hash
	size   int64
	bad    error
	ended  bool
}

// Create begins a blob. Nothing is under the key before Commit; what was under it before is replaced then.
func (b *Bucket) Create(ctx context.Context, key string) (*Writer, error) {
	if err := fit(key); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	w := &Writer{bucket: b, key: key, cancel: cancel, sum: sha256.New()}
	var err error
	w.to, err = b.at.NewWriter(ctx, key, &cloud.WriterOptions{
		ContentType: "application/octet-stream", BufferSize: part, MaxConcurrency: 1,
		BeforeWrite: func(as func(any) bool) error { as(&w.file); return nil },
	})
	if err != nil {
		cancel()
		return nil, failed("write", key, err)
	}
	return w, nil
}

// Write takes the next bytes.
func (w *Writer) Write(p []byte) (int, error) {
	n, err := w.to.Write(p)
	_, _ = w.sum.Write(p[:n]) // a hash takes everything
	w.size += int64(n)
	if err != nil {
		err = failed("write", w.key, err)
		w.bad = err
	}
	return n, err
}

// Commit makes the blob appear, whole and on the disk. After a write that failed it aborts.
func (w *Writer) Commit() (Written, error) {
	if w.ended || w.bad != nil {
		return Written{}, errors.Join(w.bad, w.Abort())
	}
	if w.file != nil {
		if err := w.file.Sync(); err != nil {
			return Written{}, errors.Join(fmt.Errorf("blob: %w", err), w.Abort())
		}
	}
	w.ended = true
	defer w.cancel()
	if err := w.to.Close(); err != nil {
		return Written{}, failed("write", w.key, err)
	}
	return w.Written(), w.bucket.synced(w.key)
}

// Written is what was written so far.
func (w *Writer) Written() Written {
	return Written{Size: w.size, SHA256: hex.EncodeToString(w.sum.Sum(nil))}
}

// Abort ends the write and leaves nothing of it. After Commit, or a second time, it does nothing: it can be deferred.
func (w *Writer) Abort() error {
	if w.ended {
		return nil
	}
	w.ended = true
	w.cancel()
	if err := w.to.Close(); err != nil && !errors.Is(err, context.Canceled) && w.bad == nil {
		return failed("abort", w.key, err)
	}
	return nil
}

// Put writes all that a reader gives under a key. Where the reader fails, nothing is written.
func (b *Bucket) Put(ctx context.Context, key string, from io.Reader) (Written, error) {
	w, err := b.Create(ctx, key)
	if err != nil {
		return Written{}, err
	}
	if _, err := io.Copy(w, from); err != nil {
		return Written{}, errors.Join(err, w.Abort())
	}
	return w.Commit()
}
