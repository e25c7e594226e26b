package transfer

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/blob"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// Refuser answers a fault in the form and the language that the caller reads.
type Refuser func(w http.ResponseWriter, r *http.Request, err error)

// codeMethod refuses a method that an address is not for.
const codeMethod fault.Code = "METHOD_NOT_ALLOWED"

// ServeHTTP takes bytes in or hands them out, by an address.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := d.serve(w, r); err != nil {
		d.Refuse(w, r, err)
	}
}

func (d *Door) serve(w http.ResponseWriter, r *http.Request) error {
	if err := d.Ready(); err != nil {
		return err
	}
	a, err := d.read(r.URL.Path, r.URL.Query())
	if err != nil {
		return err
	}
	if allow := allowed(a.method); !slices.Contains(allow, r.Method) {
		words := strings.Join(allow, ", ")
		w.Header().Set("Allow", words)
		return fault.New(fault.Invalid, codeMethod, "allow", words)
	}
	ctx := r.Context()
	who, err := d.Again(ctx, a.by, a.in)
	if err != nil && fault.Of(err).Kind != fault.Unavailable { // signed out, or no account any more
		err = fault.New(fault.Forbidden, CodeAddress).Because(err)
	}
	if err != nil {
		return err
	}
	leave, err := d.enter(ctx, string(a.by))
	if err != nil {
		w.Header().Set("Retry-After", "1")
		return err
	}
	defer leave()
	r = r.WithContext(authz.With(ctx, who))
	s := d.shelves[a.shelf]
	switch {
	case a.method == http.MethodPut && s.Expect != nil:
		return d.take(w, r, s, a.name)
	case a.method == http.MethodGet && s.Find != nil:
		return d.give(w, r, s, a.name)
	}
	return fault.New(fault.NotFound, fault.CodeNotFound)
}

func allowed(method string) []string {
	if method == http.MethodGet {
		return []string{http.MethodGet, http.MethodHead}
	}
	return []string{method}
}

// give hands the bytes out, whole or in ranges.
func (d *Door) give(w http.ResponseWriter, r *http.Request, s Shelf, name string) error {
	f, err := s.Find(r.Context(), name)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	stuck := time.AfterFunc(patience, cancel) // a place that does not answer holds nobody for long
	defer stuck.Stop()
	bytes, info, err := d.Bucket.Read(ctx, f.Key)
	if err != nil {
		return lost(err)
	}
	defer bytes.Close()
	stuck.Reset(d.time(info.Size) + patience)
	h := w.Header()
	h.Set("Content-Type", f.MediaType)
	h.Set("Content-Disposition", disposition(f))
	h.Set("Content-Security-Policy", "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Robots-Tag", "noindex")
	h.Set("Cache-Control", "private, no-cache")
	if f.SHA256 != "" {
		h.Set("ETag", `"`+f.SHA256+`"`)
	}
	conn := http.NewResponseController(w)
	defer d.hurry(d.time(info.Size), conn.SetWriteDeadline)()
	http.ServeContent(w, r, "", time.Time{}, bytes)
	return nil
}

// disposition is shown or kept, under the name that people gave it (RFC 6266).
func disposition(f Found) string {
	how := "attachment"
	if f.Inline {
		how = "inline"
	}
	return mime.FormatMediaType(how, map[string]string{"filename": f.Name})
}

// take lets the bytes in: no more than was said, of the kind that was said, and what they hash to must be as said. What
// is otherwise leaves nothing.
func (d *Door) take(w http.ResponseWriter, r *http.Request, s Shelf, name string) error {
	want, err := s.Expect(r.Context(), name)
	if err != nil {
		return err
	}
	if err := want.announced(r.ContentLength); err != nil {
		return err
	}
	conn := http.NewResponseController(w)
	defer d.hurry(d.time(want.most()), conn.SetReadDeadline)()
	_ = conn.SetWriteDeadline(time.Time{})                                      // else the answer would come too late for it
	long, end := context.WithTimeout(r.Context(), d.time(want.most())+patience) // the place for blobs may be stuck as well
	defer end()
	got, err := d.keep(long, r.Body, want)
	if err != nil {
		return d.slow(err, want)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), patience) // what has come is taken, though the client has gone
	defer cancel()
	if err := s.Arrived(ctx, name, Arrival{Key: want.Key, Written: got}); err != nil {
		return errors.Join(err, d.Bucket.Delete(ctx, want.Key)) // else what sweeps removes it
	}
	w.Header().Set("ETag", `"`+got.SHA256+`"`)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// keep writes what comes, and makes it appear only where it is what was expected.
func (d *Door) keep(ctx context.Context, from io.Reader, want Expected) (blob.Written, error) {
	body := io.LimitReader(from, want.most()+1)
	head := make([]byte, HeadSize)
	n, err := io.ReadFull(body, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return blob.Written{}, err
	}
	if want.Fits != nil {
		if err := want.Fits(head[:n]); err != nil {
			return blob.Written{}, err
		}
	}
	to, err := d.Bucket.Create(ctx, want.Key)
	if err != nil {
		return blob.Written{}, lost(err)
	}
	defer to.Abort() //nolint:errcheck // after a commit it does nothing, and before one there is an error to tell already
	if _, err = to.Write(head[:n]); err == nil {
		_, err = io.Copy(to, body)
	}
	if err != nil {
		return blob.Written{}, err
	}
	if err := want.matches(to.Written()); err != nil {
		return blob.Written{}, err
	}
	got, err := to.Commit()
	if err != nil {
		return blob.Written{}, lost(err)
	}
	return got, nil
}

// most is the most that is taken in, in bytes.
func (e Expected) most() int64 {
	if e.Size >= 0 {
		return e.Size
	}
	return e.Most
}

// announced looks at what the request says of its size, before any of it is read; below 0 where it says nothing.
func (e Expected) announced(size int64) error {
	switch {
	case size < 0:
		return nil
	case e.Size >= 0 && size != e.Size:
		return fault.New(fault.Invalid, CodeSize, "want", e.Size, "got", size)
	case size > e.most():
		return fault.New(fault.Invalid, CodeTooLarge, "max", e.most())
	}
	return nil
}

// matches looks at what has come.
func (e Expected) matches(got blob.Written) error {
	switch {
	case got.Size > e.most(): // it was read no further
		return fault.New(fault.Invalid, CodeTooLarge, "max", e.most())
	case e.Size >= 0 && got.Size != e.Size:
		return fault.New(fault.Invalid, CodeSize, "want", e.Size, "got", got.Size)
	case e.SHA256 != "" && got.SHA256 != e.SHA256:
		return fault.New(fault.Invalid, CodeHash, "want", e.SHA256, "got", got.SHA256)
	}
	return nil
}

// hurry cuts a transfer that is too slow, in the place of the bounds that all other requests have. The clock of the
// service may stand still or be moved; this one may not.
func (d *Door) hurry(after time.Duration, deadline func(time.Time) error) (done func()) {
	_ = deadline(time.Time{}) // where there is none to lift, as in a test without a connection, there is none to miss
	t := time.AfterFunc(after, func() { _ = deadline(time.Unix(1, 0)) })
	return func() { t.Stop() }
}

// slow tells the one who was cut what the bound was.
func (d *Door) slow(err error, want Expected) error {
	var late interface{ Timeout() bool }
	if errors.As(err, &late) && late.Timeout() {
		return fault.New(fault.Invalid, CodeTooSlow, "seconds", int64(d.time(want.most()).Seconds())).Because(err)
	}
	if fault.Of(err).Kind == fault.Internal { // the connection broke, or the place is out of order
		return fault.New(fault.Unavailable, fault.CodeUnavailable).Because(err)
	}
	return err
}

// lost is what the place for blobs could not do.
func lost(err error) error {
	if errors.Is(err, blob.ErrNotFound) {
		return fault.New(fault.NotFound, fault.CodeNotFound).Because(err)
	}
	return fault.New(fault.Unavailable, fault.CodeUnavailable).Because(err)
}
