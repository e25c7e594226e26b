// Package blob keeps the bytes of files, apart from the documents that know about them: in a folder, or in a bucket of
// any server that speaks the S3 protocol.
//
// A blob is written once under a key and never changed. It appears when it is whole: a write that is broken off, by its
// author or by the end of the program, leaves nothing under the key. What the bytes hash to is told to the writer, who
// keeps it where the key is kept.
package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"

	cloud "gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

// The errors that callers act on. Any other one means that the place is out of order at the moment.
var (
	ErrNotFound = errors.New("blob: there is none under this key")
	ErrKey      = errors.New("blob: a key is made of small letters, digits, - and _, with / between its parts")
	ErrAddress  = errors.New("blob: the place for files is a folder or s3://bucket?region=…")
	ErrSecret   = errors.New("blob: an address holds no user, password or key; they come from the environment")
	ErrNoBucket = errors.New("blob: there is no such bucket")
)

// Bucket is a place for blobs.
type Bucket struct {
	at     *cloud.Bucket
	name   string
	folder string // empty for a bucket of a server
	prefix string // of all keys, in a bucket that is shared; ends in /
}

// Info is what a place knows of a blob.
type Info struct {
	Key     string
	Size    int64     // bytes
	Written time.Time // by the clock of the place
}

// String names the place without what its address says of how to reach it.
func (b *Bucket) String() string { return b.name }

// Close lets go of the place.
func (b *Bucket) Close() error { return b.at.Close() }

// Read opens a blob from its beginning. The reader seeks: it asks the place only for what is read.
func (b *Bucket) Read(ctx context.Context, key string) (io.ReadSeekCloser, Info, error) {
	r, err := b.reader(ctx, key, 0, -1)
	if err != nil {
		return nil, Info{}, err
	}
	return r, Info{Key: key, Size: r.Size(), Written: r.ModTime()}, nil
}

// ReadRange opens length bytes of a blob from an offset on; all that follow where length is below 0.
func (b *Bucket) ReadRange(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	return b.reader(ctx, key, offset, length)
}

func (b *Bucket) reader(ctx context.Context, key string, offset, length int64) (*cloud.Reader, error) {
	if err := fit(key); err != nil {
		return nil, err
	}
	r, err := b.at.NewRangeReader(ctx, key, offset, length, nil)
	if err != nil {
		return nil, failed("read", key, err)
	}
	return r, nil
}

// Info tells what the place knows of a blob.
func (b *Bucket) Info(ctx context.Context, key string) (Info, error) {
	if err := fit(key); err != nil {
		return Info{}, err
	}
	a, err := b.at.Attributes(ctx, key)
	if err != nil {
		return Info{}, failed("look at", key, err)
	}
	return Info{Key: key, Size: a.Size, Written: a.ModTime}, nil
}

// Delete removes a blob; one that is not there is removed already.
func (b *Bucket) Delete(ctx context.Context, key string) error {
	if err := b.at.Delete(ctx, key); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
		return failed("delete", key, err)
	}
	return nil
}

// synced makes a new name in the folder outlast a loss of power.
func (b *Bucket) synced(key string) error {
	if b.folder == "" {
		return nil
	}
	dir, err := os.Open(filepath.Dir(filepath.Join(b.folder, filepath.FromSlash(key))))
	if err != nil {
		return fmt.Errorf("blob: %w", err)
	}
	_ = dir.Sync() // some systems cannot sync a folder; there the rename has to do
	return dir.Close()
}

var keys = regexp.MustCompile(`^[0-9a-z_-]+(/[0-9a-z_-]+)*$`)

// fit refuses keys that another place would spell otherwise.
func fit(key string) error {
	if len(key) > 500 || !keys.MatchString(key) {
		return ErrKey
	}
	return nil
}

func failed(what, key string, err error) error {
	if gcerrors.Code(err) == gcerrors.NotFound || errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s", ErrNotFound, key)
	}
	return fmt.Errorf("blob: %s %s: %w", what, key, err)
}
