package blob_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/internal/platform/blob"
	"github.com/cobuild/cobuild/internal/platform/blob/blobtest"
)

// places runs a test in a folder and in a bucket of a server that speaks S3.
func places(t *testing.T, test func(t *testing.T, b *blob.Bucket)) {
	t.Helper()
	for name, address := range map[string]func(t *testing.T) string{
		"folder": func(t *testing.T) string { t.Helper(); return filepath.Join(t.TempDir(), "files") },
		"s3":     func(t *testing.T) string { t.Helper(); return blobtest.S3(t) },
		"shared": func(t *testing.T) string { t.Helper(); return blobtest.S3(t) + "&prefix=cobuild/a" },
	} {
		t.Run(name, func(t *testing.T) {
			b, err := blob.Open(t.Context(), address(t))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = b.Close() })
			test(t, b)
		})
	}
}

// long is more than a server takes in one part.
func long() []byte { return bytes.Repeat([]byte("0123456789abcdef"), 700_000) }

func put(t *testing.T, b *blob.Bucket, key string, data []byte) {
	t.Helper()
	got, err := b.Put(t.Context(), key, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	if want := (blob.Written{Size: int64(len(data)), SHA256: hex.EncodeToString(sum[:])}); got != want {
		t.Errorf("wrote %+v, want %+v", got, want)
	}
}

func keysOf(t *testing.T, b *blob.Bucket, prefix, after string, most int) string {
	t.Helper()
	infos, err := b.List(t.Context(), prefix, after, most)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, i := range infos {
		keys = append(keys, i.Key)
		if i.Written.IsZero() {
			t.Errorf("%s was written at no time", i.Key)
		}
	}
	return strings.Join(keys, " ")
}

func TestWhatIsWrittenIsReadWholeAndInParts(t *testing.T) {
	places(t, func(t *testing.T, b *blob.Bucket) {
		t.Helper()
		put(t, b, "a/long", long())
		r, info, err := b.Read(t.Context(), "a/long")
		if err != nil || info.Size != int64(len(long())) || info.Written.IsZero() {
			t.Fatalf("%+v, %v", info, err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, long()) {
			t.Errorf("read %d bytes, %v", len(got), err)
		}
		if at, err := r.Seek(-4, io.SeekEnd); err != nil || at != info.Size-4 {
			t.Errorf("at %d, %v", at, err)
		}
		if got, err := io.ReadAll(r); err != nil || string(got) != "cdef" {
			t.Errorf("the end is %q, %v", got, err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		part, err := b.ReadRange(t.Context(), "a/long", 16, 3)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(part); err != nil || string(got) != "012" || part.Close() != nil {
			t.Errorf("the part is %q, %v", got, err)
		}
		put(t, b, "empty", nil)
		if i, err := b.Info(t.Context(), "empty"); err != nil || i.Size != 0 {
			t.Errorf("the empty one: %+v, %v", i, err)
		}
	})
}

func TestAWriteThatIsBrokenOffLeavesNothing(t *testing.T) {
	places(t, func(t *testing.T, b *blob.Bucket) {
		t.Helper()
		torn := io.MultiReader(bytes.NewReader(long()), broken{})
		if _, err := b.Put(t.Context(), "a/torn", torn); !errors.Is(err, errTorn) {
			t.Errorf("put: %v", err)
		}
		w, err := b.Create(t.Context(), "a/aborted")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte("half")); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.Abort(), w.Abort()); err != nil {
			t.Errorf("abort: %v", err)
		}
		if _, err := w.Commit(); err != nil {
			t.Errorf("a commit after an abort: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		late, err := b.Create(ctx, "a/late")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := late.Write(long()); err != nil {
			t.Fatal(err)
		}
		cancel()
		if _, err := late.Commit(); err == nil {
			t.Error("committed though its author is gone")
		}
		if got := keysOf(t, b, "", "", 100); got != "" {
			t.Errorf("left %s", got)
		}
	})
}

var errTorn = errors.New("torn")

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errTorn }

func TestABlobAppearsWhenItIsWholeAndTakesThePlaceOfAnother(t *testing.T) {
	places(t, func(t *testing.T, b *blob.Bucket) {
		t.Helper()
		put(t, b, "a", []byte("one"))
		w, err := b.Create(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte("second")); err != nil {
			t.Fatal(err)
		}
		if i, err := b.Info(t.Context(), "a"); err != nil || i.Size != 3 {
			t.Errorf("before: %+v, %v", i, err)
		}
		if _, err := w.Commit(); err != nil {
			t.Fatal(err)
		}
		if err := w.Abort(); err != nil {
			t.Errorf("abort after commit: %v", err)
		}
		if i, err := b.Info(t.Context(), "a"); err != nil || i.Size != 6 {
			t.Errorf("after: %+v, %v", i, err)
		}
	})
}

func TestBlobsAreListedInTheirOrderWithinABound(t *testing.T) {
	places(t, func(t *testing.T, b *blob.Bucket) {
		t.Helper()
		for _, k := range []string{"x/3", "x/1", "x/2/a", "y/1", "x-/0"} {
			put(t, b, k, []byte(k))
		}
		for _, tt := range []struct {
			prefix, after string
			most          int
			want          string
		}{
			{"x/", "", 10, "x/1 x/2/a x/3"},
			{"x/", "", 2, "x/1 x/2/a"},
			{"x/", "x/1", 10, "x/2/a x/3"},
			{"x/", "x/3", 10, ""},
			{"", "", 10, "x-/0 x/1 x/2/a x/3 y/1"},
			{"", "x/2/a", 2, "x/3 y/1"},
			{"z", "", 10, ""},
		} {
			if got := keysOf(t, b, tt.prefix, tt.after, tt.most); got != tt.want {
				t.Errorf("%q after %q: got %s, want %s", tt.prefix, tt.after, got, tt.want)
			}
		}
	})
}

func TestWhatIsDeletedIsGoneAndCanBeDeletedAgain(t *testing.T) {
	places(t, func(t *testing.T, b *blob.Bucket) {
		t.Helper()
		put(t, b, "a", []byte("one"))
		for range 2 {
			if err := b.Delete(t.Context(), "a"); err != nil {
				t.Error(err)
			}
		}
		_, infoErr := b.Info(t.Context(), "a")
		_, _, readErr := b.Read(t.Context(), "a")
		_, rangeErr := b.ReadRange(t.Context(), "a", 0, 1)
		for _, err := range []error{infoErr, readErr, rangeErr} {
			if !errors.Is(err, blob.ErrNotFound) {
				t.Errorf("got %v", err)
			}
		}
	})
}

func TestAKeyNamesABlobAndNoPath(t *testing.T) {
	places(t, func(t *testing.T, b *blob.Bucket) {
		t.Helper()
		for _, key := range []string{"", "/", "../a", "a/../../b", "a//b", "a/", "A", "a b", "a.tmp", "ä", "a\x00", strings.Repeat("a", 501)} {
			_, createErr := b.Create(t.Context(), key)
			_, infoErr := b.Info(t.Context(), key)
			_, _, readErr := b.Read(t.Context(), key)
			for _, err := range []error{createErr, infoErr, readErr} {
				if !errors.Is(err, blob.ErrKey) {
					t.Errorf("%q: got %v", key, err)
				}
			}
		}
	})
}

func TestAPlaceThatCannotBeIsToldAtOnceAndWithoutSecrets(t *testing.T) {
	s3 := blobtest.S3(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]error{
		"":                                       blob.ErrAddress,
		"ftp://files":                            blob.ErrAddress,
		"s3://":                                  blob.ErrAddress,
		"s3://a/b":                               blob.ErrAddress,
		"s3://a?region=%zz":                      nil,
		"s3://me:hush@a?region=x":                blob.ErrSecret,
		"s3://a?region=x&secret_access_key=hush": blob.ErrSecret,
		"s3://a?region=x&use_path_style=hush?":   blob.ErrAddress,
		strings.Replace(s3, "s3://files", "s3://b", 1): blob.ErrNoBucket,
		s3 + "&prefix=../x":                            blob.ErrKey,
		file:                                           nil,
	} {
		_, err := blob.Open(t.Context(), address)
		if err == nil || want != nil && !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", address, err, want)
		}
		if want == blob.ErrSecret && strings.Contains(err.Error(), "hush") { //nolint:errorlint // which of ours is wanted
			t.Errorf("%s: told %v", address, err)
		}
	}
	b, err := blob.Open(t.Context(), s3)
	if err != nil || b.String() != "s3://files" {
		t.Errorf("%s, %v", b, err)
	}
}

func TestTheRemainsOfAWriteThatTheEndOfTheProgramBrokeOffAreListedAndCanGo(t *testing.T) {
	folder := t.TempDir()
	b, err := blob.Open(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	put(t, b, "a/whole", []byte("whole"))
	remains := filepath.Join(folder, "a", "torn.18fb2.tmp")
	if err := os.WriteFile(remains, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := keysOf(t, b, "a/", "", 10); got != "a/torn.18fb2.tmp a/whole" {
		t.Errorf("listed %s", got)
	}
	if err := b.Delete(t.Context(), "a/torn.18fb2.tmp"); err != nil {
		t.Error(err)
	}
	if got := keysOf(t, b, "a/", "", 10); got != "a/whole" {
		t.Errorf("left %s", got)
	}
}
