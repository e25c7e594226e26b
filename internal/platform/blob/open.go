package blob

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	cloud "gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/blob/s3blob"
)

// patience is how long Open waits for a server to say whether it has the bucket.
const patience = 20 * time.Second

// Open finds the place that an address names, and makes sure that it can be reached: a folder, which is made where it is
// missing, or s3://bucket with the options region, endpoint (of a server that is not Amazon's), use_path_style, prefix,
// ssetype and kmskeyid. Who we are to the server comes from the environment, as with every program that speaks S3.
func Open(ctx context.Context, address string) (*Bucket, error) {
	scheme, _, ok := strings.Cut(address, "://")
	switch {
	case address == "" || ok && scheme != s3blob.Scheme:
		return nil, ErrAddress
	case !ok:
		return openFolder(address)
	}
	return openS3(ctx, address)
}

func openFolder(path string) (*Bucket, error) {
	at, err := fileblob.OpenBucket(path, &fileblob.Options{
		CreateDir: true, DirFileMode: 0o700, NoTempDir: true, Metadata: fileblob.MetadataDontWrite,
	})
	if err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	return &Bucket{at: at, name: path, folder: path}, nil
}

func openS3(ctx context.Context, address string) (*Bucket, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.Fragment != "" {
		return nil, ErrAddress // the cause repeats the address, which may hold a secret after all
	}
	q := u.Query()
	if u.User != nil {
		return nil, ErrSecret
	}
	prefix := q.Get("prefix")
	q.Del("prefix")
	for name := range q {
		if !options()[name] {
			return nil, ErrSecret
		}
	}
	u.Path, u.RawQuery = "", q.Encode()
	at, err := new(s3blob.URLOpener).OpenBucketURL(ctx, u)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAddress, err)
	}
	b := &Bucket{at: at, name: "s3://" + u.Host}
	if prefix != "" {
		if b.prefix = strings.TrimSuffix(prefix, "/") + "/"; fit(strings.TrimSuffix(prefix, "/")) != nil {
			return nil, ErrKey
		}
		b.at = cloud.PrefixedBucket(at, b.prefix)
	}
	if err := b.reached(ctx); err != nil {
		return nil, err
	}
	return b, nil
}

// options are what an address may say of a bucket on a server.
func options() map[string]bool {
	return map[string]bool{"region": true, "endpoint": true, "use_path_style": true, "ssetype": true, "kmskeyid": true}
}

// reached asks the server whether it has the bucket: who mistyped an address learns it at start.
func (b *Bucket) reached(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ok, err := b.at.IsAccessible(ctx)
	if err == nil && !ok {
		err = ErrNoBucket
	}
	if err != nil {
		_ = b.at.Close()
		return fmt.Errorf("blob: %s: %w", b.name, err)
	}
	return nil
}
