package file_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/file"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/blob"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/keyring"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
	"github.com/cobuild/cobuild/internal/platform/vault"
	"github.com/cobuild/cobuild/internal/platform/web/transfer"
)

// world is the room on a store of its own, with a place for bytes, a door and a clock that is moved by hand.
type world struct {
	*file.Service
	t      *testing.T
	db     *boltstore.Store
	bucket *blob.Bucket

	mu      sync.Mutex
	at      time.Time
	readers map[string][]id.Person // of subjects
	named   map[string][]id.File   // by subjects
	parties []id.Organisation
}

func school() id.Organisation { return id.Derived[id.Organisation](id.KindUnit, "school") }
func bank() id.Organisation   { return id.Derived[id.Organisation](id.KindUnit, "bank") }

func contractID() id.Contract { return id.Derived[id.Contract](id.KindContract, "c") }

const (
	report = "ful1_01k9x3c7m2h0v5t8w4qg6znbyd"
	other  = "ful1_01k9x3c7m2h0v5t8w4qg6znbye"
)

// people act, by what they are called.
func people() map[string]authz.Actor {
	person := func(name string, r authz.Role, in id.Organisation) authz.Actor {
		return authz.Actor{Person: id.Derived[id.Person](id.KindPerson, name), Session: "s", Holdings: []authz.Holding{{Role: r, Organisation: in}}}
	}
	return map[string]authz.Actor{
		"": {}, "liaison": person("liaison", authz.Liaison, school()), "member": person("member", authz.Member, school()),
		"steward": person("steward", authz.GridSteward, school()), "banker": person("banker", authz.Liaison, bank()),
		"program": {Service: "svc", Scopes: []string{"CONTRACTS_READ"}, Holdings: []authz.Holding{{Role: authz.Liaison, Organisation: school()}}},
	}
}

func open(t *testing.T, place ...string) *world {
	t.Helper()
	w := &world{
		t: t, at: time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC), readers: map[string][]id.Person{}, named: map[string][]id.File{},
		parties: []id.Organisation{school(), bank()},
	}
	folder := t.TempDir()
	address := filepath.Join(folder, "files")
	if len(place) > 0 {
		address = place[0]
	}
	var err error
	w.db, err = boltstore.Open(filepath.Join(folder, "world.bolt"), boltstore.Options{})
	must(t, err)
	t.Cleanup(func() { _ = w.db.Close(context.WithoutCancel(t.Context())) })
	ring, err := keyring.Create(filepath.Join(folder, "keyring"), w.at, rand.Reader)
	must(t, err)
	v, err := vault.Open(t.Context(), w.db, vault.Config{Ring: ring, Now: w.now, Random: rand.Reader})
	must(t, err)
	w.bucket, err = blob.Open(t.Context(), address)
	must(t, err)
	t.Cleanup(func() { _ = w.bucket.Close() })
	door := transfer.New(transfer.Config{
		Bucket: w.bucket, Now: w.now, Secrets: func() [][]byte { return [][]byte{[]byte("secret")} },
		Again: func(_ context.Context, who id.Person, _ id.Session) (authz.Actor, error) {
			for _, a := range people() {
				if a.Author() == who {
					return a, nil
				}
			}
			return authz.Actor{}, fault.New(fault.Unauthenticated, fault.CodeUnauthenticated)
		},
		Refuse: func(w http.ResponseWriter, _ *http.Request, err error) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, string(fault.Of(err).Code))
		},
	})
	w.Service, err = file.Open(t.Context(), w.db, file.Service{
		Now: w.now, Random: rand.Reader, Vault: v, Door: door, Most: 1 << 20,
		Cursors:  &page.Cursors{Keys: func() [][]byte { return [][]byte{make([]byte, 32)} }},
		Readable: w.readable, Names: w.names, Subject: w.subject,
	})
	must(t, err)
	return w
}

func (w *world) readable(ctx context.Context, subjects []string) ([]bool, error) {
	out := make([]bool, len(subjects))
	for i, s := range subjects {
		out[i] = slices.Contains(w.readers[s], authz.From(ctx).Person)
	}
	return out, nil
}

func (w *world) names(_ context.Context, subject string, f id.File) (bool, error) {
	return slices.Contains(w.named[subject], f), nil
}

func (w *world) subject(ctx context.Context, c string) (file.Subject, error) {
	a := authz.From(ctx)
	if c != string(contractID()) || !a.IsSystem() && a.Person == "" {
		return file.Subject{}, fault.New(fault.NotFound, fault.CodeNotFound)
	}
	return file.Subject{Parties: w.parties, Audience: []string{string(school()), string(bank())}}, nil
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func (w *world) wait(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

func (w *world) goTo(at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = at
}

// tick lets time do all that is due.
func (w *world) tick() {
	w.t.Helper()
	for range 100 {
		n, err := w.Tick(w.t.Context(), w.now())
		must(w.t, err)
		if n == 0 {
			return
		}
	}
	w.t.Fatal("time does not come to an end")
}

func (w *world) as(who string) context.Context {
	w.t.Helper()
	a, ok := people()[who]
	if !ok {
		w.t.Fatalf("who is %s", who)
	}
	return authz.With(w.t.Context(), a)
}

const png = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR a picture"

// hashed is the hash of the picture.
func hashed() string {
	sum := sha256.Sum256([]byte(png))
	return hex.EncodeToString(sum[:])
}

func picture() file.StartInput {
	return file.StartInput{Organisation: school(), Name: "签到表.png", Size: len(png), Sha256: hashed(), MediaType: "image/png"}
}

// announced is a file of the school's that is awaited, and where its bytes are to be sent.
func (w *world) announced() *file.Started {
	w.t.Helper()
	s, err := w.Start(w.as("liaison"), picture())
	must(w.t, err)
	return s
}

// come is a file of the school's that has come.
func (w *world) come() *file.File {
	w.t.Helper()
	s := w.announced()
	if code := w.put(s.Upload.URL, png); code != "" {
		w.t.Fatalf("put: %s", code)
	}
	return w.file(s.File.ID)
}

// file is a file as it is.
func (w *world) file(f id.File) *file.File {
	w.t.Helper()
	got, err := w.File(authz.AsSystem(w.t.Context()), f)
	must(w.t, err)
	return got
}

// put sends bytes, and gives the code of the refusal.
func (w *world) put(address, data string) string {
	w.t.Helper()
	rec := httptest.NewRecorder()
	w.Door.ServeHTTP(rec, httptest.NewRequestWithContext(w.t.Context(), http.MethodPut, address, strings.NewReader(data)))
	return rec.Body.String()
}

// get fetches what lies at an address.
func (w *world) get(address string) (int, string) {
	w.t.Helper()
	rec := httptest.NewRecorder()
	w.Door.ServeHTTP(rec, httptest.NewRequestWithContext(w.t.Context(), http.MethodGet, address, nil))
	return rec.Code, rec.Body.String()
}

func (w *world) address(who string, f *file.File) string {
	w.t.Helper()
	a, err := w.Address(w.as(who), f)
	must(w.t, err)
	if a == nil {
		return ""
	}
	return a.URL
}

func (w *world) attach(who string, f *file.File) (*file.File, error) {
	return w.Attach(w.as(who), file.AttachInput{Change: command.Change{ExpectedVersion: f.Version}, ID: f.ID, Contract: new(contractID())})
}

func (w *world) remove(who string, f *file.File) (*file.File, error) {
	return w.Remove(w.as(who), file.RemoveInput{Change: command.Change{ExpectedVersion: f.Version}, ID: f.ID})
}

// blobs are the keys under which bytes lie.
func (w *world) blobs() []string {
	w.t.Helper()
	found, err := w.bucket.List(w.t.Context(), "", "", 1000)
	must(w.t, err)
	out := []string{}
	for _, f := range found {
		out = append(out, f.Key)
	}
	return out
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// is wants a fault of a code, at a field.
func is(t *testing.T, what string, err error, code fault.Code, at string) {
	t.Helper()
	f := fault.Of(err)
	if err == nil || f.Code != code || strings.Join(f.Path, ".") != at {
		t.Errorf("%s: got %v, want %s at %q", what, err, code, at)
	}
}
