package transfer_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/blob"
	"github.com/cobuild/cobuild/internal/platform/blob/blobtest"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/web/transfer"
)

// hall is a door with one shelf, on which a file is that has been announced.
type hall struct {
	*transfer.Door
	server *httptest.Server
	bucket *blob.Bucket

	mu      sync.Mutex
	at      time.Time
	want    transfer.Expected
	arrived []transfer.Arrival
	refuse  error // what the shelf answers
	found   transfer.Found
	gone    bool // the caller has signed out
	asked   int  // how often an upload was expected
}

func open(t *testing.T, address string, alter ...func(*transfer.Config)) *hall {
	t.Helper()
	h := &hall{at: time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)}
	var err error
	if h.bucket, err = blob.Open(t.Context(), address); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.bucket.Close() })
	c := transfer.Config{
		Bucket: h.bucket, Now: h.now, Secrets: func() [][]byte { return [][]byte{[]byte("new"), []byte("old")} },
		Again: func(_ context.Context, who id.Person, session id.Session) (authz.Actor, error) {
			h.mu.Lock()
			defer h.mu.Unlock()
			if h.gone {
				return authz.Actor{}, fault.New(fault.Unauthenticated, fault.CodeUnauthenticated)
			}
			return authz.Actor{Person: who, Session: session}, nil
		},
		Refuse: func(w http.ResponseWriter, _ *http.Request, err error) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, string(fault.Of(err).Code))
		},
	}
	for _, a := range alter {
		a(&c)
	}
	h.Door = transfer.New(c)
	h.Shelve("paper", transfer.Shelf{
		Expect: func(ctx context.Context, name string) (transfer.Expected, error) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.asked++
			if authz.From(ctx).Person != "wang" || name != "one" {
				return transfer.Expected{}, fault.New(fault.NotFound, fault.CodeNotFound)
			}
			return h.want, h.refuse
		},
		Arrived: func(_ context.Context, _ string, a transfer.Arrival) error {
			h.mu.Lock()
			defer h.mu.Unlock()
			if len(h.arrived) > 0 {
				return fault.New(fault.Refused, fault.CodeAlreadyDone)
			}
			h.arrived = append(h.arrived, a)
			return nil
		},
		Find: func(context.Context, string) (transfer.Found, error) {
			h.mu.Lock()
			defer h.mu.Unlock()
			return h.found, h.refuse
		},
	})
	h.Shelve("out", transfer.Shelf{Find: func(context.Context, string) (transfer.Found, error) { return h.found, nil }})
	h.server = httptest.NewServer(h)
	t.Cleanup(h.server.Close)
	return h
}

func folder(t *testing.T, alter ...func(*transfer.Config)) *hall {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "files"), alter...)
}

func (h *hall) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}

func (h *hall) wait(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = h.at.Add(d)
}

func wang(t *testing.T) context.Context {
	t.Helper()
	return authz.With(t.Context(), authz.Actor{Person: "wang", Session: "s"})
}

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// announce expects just these bytes, and gives the address for them.
func (h *hall) announce(t *testing.T, data []byte) string {
	t.Helper()
	h.want = transfer.Expected{Key: "paper/one", Size: int64(len(data)), SHA256: hash(data)}
	a, err := h.Upload(wang(t), "paper", "one")
	if err != nil || a.Method != http.MethodPut || !a.ExpiresAt.Equal(h.now().Add(transfer.UploadFor)) {
		t.Fatalf("%+v, %v", a, err)
	}
	return a.URL
}

func (h *hall) send(t *testing.T, method, address string, body io.Reader, headers ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, h.server.URL+address, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := h.server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(got)
}

func (h *hall) empty(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for { // what is cut off is cleared away after its sender has gone
		left, err := h.bucket.List(ctx, "", "", 10)
		if err != nil || len(h.arrived) > 0 {
			t.Errorf("left %v, arrived %v, %v", left, h.arrived, err)
		}
		if err != nil || len(left) == 0 {
			return
		}
		select {
		case <-ctx.Done():
			t.Errorf("left %v", left)
			return
		case <-time.After(time.Millisecond):
		}
	}
}

// cleared waits until what was cut off is cleared away: its sender is gone before that. Nothing may be left then.
func (h *hall) cleared(t *testing.T) {
	t.Helper()
	for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(time.Millisecond) {
		if left, err := h.bucket.List(t.Context(), "", "", 10); err != nil || len(left) == 0 {
			break
		}
	}
	h.empty(t)
}

// long is more than is looked at, and more than a server takes in one part.
func long() []byte { return bytes.Repeat([]byte("0123456789abcdef"), 400_000) }

func TestBytesGoInAndOutByTheirAddresses(t *testing.T) {
	for name, h := range map[string]*hall{"folder": folder(t), "s3": open(t, blobtest.S3(t))} {
		t.Run(name, func(t *testing.T) {
			data := long()
			if resp, got := h.send(t, http.MethodPut, h.announce(t, data), bytes.NewReader(data)); resp.StatusCode != http.StatusNoContent || resp.Header.Get("ETag") != `"`+hash(data)+`"` {
				t.Fatalf("%s %s", resp.Status, got)
			}
			if a := h.arrived[0]; a.Key != "paper/one" || a.Size != int64(len(data)) || a.SHA256 != hash(data) {
				t.Errorf("arrived %+v", a)
			}
			h.found = transfer.Found{Key: "paper/one", Name: "签到表 1.mp4", MediaType: "video/mp4", SHA256: hash(data), Inline: true}
			a, err := h.Download(wang(t), "paper", "one")
			if err != nil || a.Method != http.MethodGet {
				t.Fatal(a, err)
			}
			resp, got := h.send(t, http.MethodGet, a.URL, nil)
			if resp.StatusCode != http.StatusOK || got != string(data) {
				t.Errorf("%s, %d bytes", resp.Status, len(got))
			}
			for header, want := range map[string]string{
				"Content-Type": "video/mp4", "X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-cache", "ETag": `"` + hash(data) + `"`,
				"Content-Disposition": "inline; filename*=utf-8''%E7%AD%BE%E5%88%B0%E8%A1%A8%201.mp4", "Content-Length": strconv.Itoa(len(data)), "Accept-Ranges": "bytes",
			} {
				if got := resp.Header.Get(header); got != want {
					t.Errorf("%s: %q, want %q", header, got, want)
				}
			}
			if p := resp.Header.Get("Content-Security-Policy"); !strings.Contains(p, "sandbox") || !strings.Contains(p, "default-src 'none'") {
				t.Errorf("policy %s", p)
			}
			if resp, got := h.send(t, http.MethodGet, a.URL, nil, "Range", "bytes=-4"); resp.StatusCode != http.StatusPartialContent || got != "cdef" {
				t.Errorf("the end: %s %q", resp.Status, got)
			}
			if resp, _ := h.send(t, http.MethodGet, a.URL, nil, "Range", "bytes=99999999-"); resp.StatusCode != http.StatusRequestedRangeNotSatisfiable {
				t.Errorf("beyond: %s", resp.Status)
			}
			if resp, _ := h.send(t, http.MethodGet, a.URL, nil, "If-None-Match", `"`+hash(data)+`"`); resp.StatusCode != http.StatusNotModified {
				t.Errorf("unchanged: %s", resp.Status)
			}
			if resp, got := h.send(t, http.MethodHead, a.URL, nil); resp.StatusCode != http.StatusOK || got != "" || resp.ContentLength != int64(len(data)) {
				t.Errorf("head: %s %q", resp.Status, got)
			}
		})
	}
}

func TestWhatIsNotAsItWasSaidLeavesNothing(t *testing.T) {
	odd := errors.New("odd")
	for name, tt := range map[string]struct {
		alter func(*transfer.Expected)
		body  io.Reader
		want  fault.Code
	}{
		"more, as the length says": {nil, strings.NewReader("the bytes and more"), transfer.CodeSize},
		"less, as the length says": {nil, strings.NewReader("the"), transfer.CodeSize},
		"nothing":                  {nil, http.NoBody, transfer.CodeSize},
		"more, without a length":   {nil, unsized("the bytes and more"), transfer.CodeTooLarge},
		"less, without a length":   {nil, unsized("the"), transfer.CodeSize},
		"others":                   {nil, strings.NewReader("the Bytes"), transfer.CodeHash},
		"others, without a length": {nil, unsized("the Bytes"), transfer.CodeHash},
		"not of the kind": {func(e *transfer.Expected) {
			e.Fits = func([]byte) error { return fault.New(fault.Invalid, "ODD").Because(odd) }
		}, strings.NewReader("the bytes"), "ODD"},
		"too many":                   {func(e *transfer.Expected) { *e = transfer.Expected{Key: "paper/one", Size: -1, Most: 5} }, strings.NewReader("the bytes"), transfer.CodeTooLarge},
		"too many, without a length": {func(e *transfer.Expected) { *e = transfer.Expected{Key: "paper/one", Size: -1, Most: 5} }, unsized("the bytes"), transfer.CodeTooLarge},
		"a bad key":                  {func(e *transfer.Expected) { e.Key = "../x" }, strings.NewReader("the bytes"), fault.CodeUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			h := folder(t)
			address := h.announce(t, []byte("the bytes"))
			if tt.alter != nil {
				tt.alter(&h.want)
			}
			if resp, got := h.send(t, http.MethodPut, address, tt.body); resp.StatusCode == http.StatusNoContent || got != string(tt.want) {
				t.Errorf("%s %s, want %s", resp.Status, got, tt.want)
			}
			h.empty(t)
		})
	}
}

// unsized hides how long a body is.
func unsized(s string) io.Reader { return io.MultiReader(strings.NewReader(s)) }

func TestASizeThatIsNotKnownBeforeIsBounded(t *testing.T) {
	h := folder(t)
	address := h.announce(t, nil)
	h.want = transfer.Expected{Key: "paper/one", Size: -1, Most: 9}
	if resp, got := h.send(t, http.MethodPut, address, unsized("the bytes")); resp.StatusCode != http.StatusNoContent {
		t.Fatalf("%s %s", resp.Status, got)
	}
	if h.arrived[0].Size != 9 {
		t.Errorf("arrived %+v", h.arrived)
	}
}

func TestWhatTheRoomDoesNotTakeIsRemovedAgain(t *testing.T) {
	h := folder(t)
	address := h.announce(t, []byte("the bytes"))
	h.send(t, http.MethodPut, address, strings.NewReader("the bytes"))
	h.want.Key = "paper/again"
	if _, got := h.send(t, http.MethodPut, address, strings.NewReader("the bytes")); got != string(fault.CodeAlreadyDone) {
		t.Errorf("a second time: %s", got)
	}
	if left, err := h.bucket.List(t.Context(), "", "", 10); err != nil || len(left) != 1 || left[0].Key != "paper/one" {
		t.Errorf("left %v, %v", left, err)
	}
}

func TestAnAddressHoldsForItsTimeAndAsItWasGiven(t *testing.T) {
	h := folder(t)
	data := []byte("the bytes")
	address := h.announce(t, data)
	h.found = transfer.Found{Key: "paper/one", Name: "a", MediaType: "text/plain"}
	altered := func(name, value string) string {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		q.Set(name, value)
		return u.Path + "?" + q.Encode()
	}
	for what, a := range map[string]string{
		"another file": strings.Replace(address, "/one?", "/two?", 1), "another shelf": strings.Replace(address, "/paper/", "/out/", 1),
		"another caller": altered("by", "li"), "another session": altered("in", "x"), "another time": altered("until", "99999999999"),
		"another way": altered("do", "get"), "more": altered("x", "y"), "no signature": altered("mac", ""), "a bad signature": altered("mac", "AAAA"),
		"nothing": "/files/paper/one", "the folder": "/files/",
	} {
		for _, method := range []string{http.MethodPut, http.MethodGet} {
			if resp, got := h.send(t, method, a, bytes.NewReader(data)); resp.StatusCode == http.StatusNoContent || got != string(transfer.CodeAddress) {
				t.Errorf("%s of %s: %s %s", method, what, resp.Status, got)
			}
		}
	}
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete, "PU", "PUTT"} {
		if resp, got := h.send(t, method, address, nil); got != "METHOD_NOT_ALLOWED" || resp.Header.Get("Allow") != "PUT" {
			t.Errorf("%s: %s %s", method, resp.Status, got)
		}
	}
	h.wait(transfer.UploadFor - time.Second)
	h.mu.Lock()
	h.gone = true
	h.mu.Unlock()
	if _, got := h.send(t, http.MethodPut, address, bytes.NewReader(data)); got != string(transfer.CodeAddress) {
		t.Errorf("of somebody who has gone: %s", got)
	}
	h.gone = false
	h.wait(time.Second)
	if _, got := h.send(t, http.MethodPut, address, bytes.NewReader(data)); got != string(transfer.CodeExpired) {
		t.Errorf("too late: %s", got)
	}
	h.empty(t)
	out, err := h.Download(wang(t), "paper", "one")
	if err != nil {
		t.Fatal(err)
	}
	if resp, got := h.send(t, http.MethodPut, out.URL, bytes.NewReader(data)); got != "METHOD_NOT_ALLOWED" || resp.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("put to a download: %s", got)
	}
	if _, got := h.send(t, http.MethodGet, out.URL, nil); got != string(fault.CodeNotFound) {
		t.Errorf("what lies nowhere: %s", got)
	}
}

func TestAShelfHandsOutOnlyAndAnUnknownOneNothing(t *testing.T) {
	h := folder(t)
	for _, shelf := range []string{"out", "none"} {
		a, err := h.Upload(wang(t), shelf, "one")
		if err != nil {
			t.Fatal(err)
		}
		if _, got := h.send(t, http.MethodPut, a.URL, strings.NewReader("x")); got != string(fault.CodeNotFound) {
			t.Errorf("%s: %s", shelf, got)
		}
	}
	h.empty(t)
}

// TestAnUploadThatCreepsIsCut sends a byte and no more; the server does not wait for the rest.
func TestAnUploadThatCreepsIsCut(t *testing.T) {
	h := folder(t, func(c *transfer.Config) { c.Patience = 50 * time.Millisecond })
	address := h.announce(t, []byte("the bytes"))
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", h.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "PUT "+address+" HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nt"); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn) // until the server closes it
	if err != nil || !strings.Contains(string(answer), string(transfer.CodeTooSlow)) {
		t.Errorf("got %q, %v", answer, err)
	}
	h.empty(t)
}

func TestOneCallerHasFewTransfersUnderWay(t *testing.T) {
	h := folder(t)
	address := h.announce(t, []byte("the bytes"))
	var all sync.WaitGroup
	var ends []*io.PipeWriter
	for range 8 {
		r, w := io.Pipe()
		ends = append(ends, w)
		all.Go(func() {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, h.server.URL+address, r)
			if err != nil {
				t.Error(err)
				return
			}
			if resp, err := h.server.Client().Do(req); err == nil {
				_ = resp.Body.Close()
			}
		})
	}
	for h.inside() < 8 {
		select {
		case <-t.Context().Done():
			t.Fatal("they are not let in")
		case <-time.After(time.Millisecond):
		}
	}
	if _, got := h.send(t, http.MethodPut, address, strings.NewReader("the bytes")); got != string(fault.CodeUnavailable) {
		t.Errorf("a ninth one: %s", got)
	}
	for _, w := range ends {
		_ = w.CloseWithError(io.ErrUnexpectedEOF)
	}
	all.Wait()
	h.cleared(t)
}

// inside is how many uploads have come to the shelf.
func (h *hall) inside() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.asked
}

func TestWhereNoFilesAreKeptNothingGoesInOrOut(t *testing.T) {
	h := folder(t, func(c *transfer.Config) { c.Bucket = nil })
	if err := h.Ready(); !fault.Is(err, fault.CodeUnavailable) {
		t.Errorf("ready: %v", err)
	}
	if _, got := h.send(t, http.MethodPut, h.announce(t, []byte("x")), strings.NewReader("x")); got != string(fault.CodeUnavailable) {
		t.Errorf("got %s", got)
	}
}
