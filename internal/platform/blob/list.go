package blob

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	cloud "gocloud.dev/blob"
)

// List tells of up to most blobs whose keys begin with a prefix and come after a key, in the order of their keys. In a
// folder there may be remains among them of writes that the end of the program broke off, under names that are no keys;
// Delete takes these too.
func (b *Bucket) List(ctx context.Context, prefix, after string, most int) ([]Info, error) {
	if b.folder != "" {
		return b.walk(ctx, prefix, after, most)
	}
	var out []Info
	it := b.at.List(&cloud.ListOptions{Prefix: prefix, BeforeList: b.startAfter(after)})
	for len(out) < most {
		o, err := it.Next(ctx)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, failed("list", prefix, err)
		}
		if o.Key > after {
			out = append(out, Info{Key: o.Key, Size: o.Size, Written: o.ModTime})
		}
	}
	return out, nil
}

// startAfter spares a server the keys that were listed before.
func (b *Bucket) startAfter(key string) func(func(any) bool) error {
	return func(as func(any) bool) error {
		var in *s3.ListObjectsV2Input
		if key != "" && as(&in) && in.ContinuationToken == nil {
			in.StartAfter = aws.String(b.prefix + key)
		}
		return nil
	}
}

// walk lists a folder. The order of keys is not the order of a walk, so all are looked at, and few are held.
func (b *Bucket) walk(ctx context.Context, prefix, after string, most int) ([]Info, error) {
	var out []Info
	keep := func() {
		slices.SortFunc(out, func(x, y Info) int { return cmp.Compare(x.Key, y.Key) })
		out = out[:min(len(out), most)]
	}
	root := filepath.Join(b.folder, filepath.FromSlash(prefix[:strings.LastIndex(prefix, "/")+1]))
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // gone since it was seen
			return nil
		}
		if err != nil || d.IsDir() {
			return errors.Join(err, ctx.Err())
		}
		key, err := filepath.Rel(b.folder, path)
		if key = filepath.ToSlash(key); err != nil || !strings.HasPrefix(key, prefix) || key <= after {
			return err
		}
		i, err := os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if out = append(out, Info{Key: key, Size: i.Size(), Written: i.ModTime()}); len(out) >= 2*most {
			keep()
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("blob: list %s: %w", prefix, err)
	}
	keep()
	return out, nil
}
