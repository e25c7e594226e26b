package bulk_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/bulk"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/blob"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/fault/catalogue"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/sheet"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
	"github.com/cobuild/cobuild/internal/platform/web/transfer"
)

// world is the room with a list that can be exported and a mutation that can be imported, on a store and a place for
// files of its own.
type world struct {
	*bulk.Service

	t      *testing.T
	db     store.Backend
	bucket *blob.Bucket
	door   *transfer.Door

	mu     sync.Mutex
	at     time.Time
	rows   int                // of the list
	made   map[string]string  // by its name for the server, what an import has made
	times  int                // that a mutation was asked for
	signed map[id.Person]bool // out
	office map[id.Person]id.Organisation
	budget int                   // operations before the next one must wait; below 0 for any number
	refuse map[string]fault.Code // by name, what a mutation says of it
	taken  map[string]bool       // names of which there can be only one, those that were made; nil where any may repeat
	asked  func(authz.Actor)     // hears who asks
}

const (
	ann id.Person = "per1_01kjn4f8w0000000000000ann0"
	ben id.Person = "per1_01kjn4f8w0000000000000ben0"
)

func newWorld(t *testing.T) *world {
	t.Helper()
	db, err := boltstore.Open(filepath.Join(t.TempDir(), "store"), boltstore.Options{})
	must(t, err)
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	bucket, err := blob.Open(t.Context(), t.TempDir())
	must(t, err)
	t.Cleanup(func() { _ = bucket.Close() })
	w := &world{
		t: t, db: db, bucket: bucket, at: time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC), made: map[string]string{},
		signed: map[id.Person]bool{}, office: map[id.Person]id.Organisation{ann: "com1_a", ben: "com1_b"}, budget: -1, refuse: map[string]fault.Code{},
		asked: func(authz.Actor) {},
	}
	w.restart()
	return w
}

// restart is another program on the same store.
func (w *world) restart() {
	w.t.Helper()
	words, err := catalogue.Load()
	must(w.t, err)
	w.door = transfer.New(transfer.Config{
		Bucket: w.bucket, Now: w.now, Secrets: func() [][]byte { return [][]byte{[]byte("a secret of the tests")} },
		Again: func(ctx context.Context, who id.Person, s id.Session) (authz.Actor, error) {
			return w.again(ctx, who, s)
		},
		Refuse: func(rw http.ResponseWriter, _ *http.Request, err error) {
			rw.WriteHeader(http.StatusTeapot)
			_, _ = io.WriteString(rw, string(fault.Of(err).Code))
		},
	})
	w.Service, err = bulk.Open(w.t.Context(), w.db, &bulk.Service{
		Now: w.now, Random: rand.Reader, Blobs: w.bucket, Door: w.door, Alone: true,
		Cursors: &page.Cursors{Keys: func() [][]byte { return [][]byte{[]byte("another secret of the tests.....")} }},
		Again:   w.again, Rights: func(ctx context.Context) (authz.Actor, error) { return w.again(ctx, authz.From(ctx).Person, "") },
		Plan: func(_ context.Context, query string, _ map[string]any) (*bulk.Plan, error) {
			if !strings.Contains(query, "things") {
				return nil, fault.New(fault.Invalid, bulk.CodeQuery, "line", 1, "column", 3, "detail", "no list")
			}
			return &bulk.Plan{Query: "page", First: "first", Path: []string{"things"}, Columns: []string{"id", "owner.name", "tags"}}, nil
		},
		Form: func(m string) (*bulk.Form, error) {
			if m != "makeThing" {
				return nil, fault.New(fault.Invalid, "IMPORT_MUTATION", "mutation", m, "known", "makeThing")
			}
			return &bulk.Form{Query: "make", Object: "thing", Columns: w.columns}, nil
		},
		Perform: w.perform,
		Enter:   func(ctx context.Context) (context.Context, func(), bool) { return ctx, func() {}, true },
		Speak: func(ctx context.Context, l bulk.Language) context.Context {
			return catalogue.With(ctx, words.Voice(map[bulk.Language]string{bulk.Chinese: "zh-CN"}[l]))
		},
	})
	must(w.t, err)
}

// columns makes inputs whose one field is a name.
func (w *world) columns(header []string, mapped map[string]string) (*bulk.Filler, error) {
	for _, h := range header {
		if h != "name" && mapped[h] != "name" {
			return nil, fault.New(fault.Invalid, "COLUMN_UNKNOWN", "column", h, "nearest", "name", "line", 1)
		}
	}
	return &bulk.Filler{
		Cells: func(cells []string) (map[string]any, error) {
			if cells[0] == "no cell" {
				return nil, fault.New(fault.Invalid, "CELL_NOT_A_NUMBER", "column", header[0], "value", cells[0])
			}
			return map[string]any{"name": cells[0]}, nil
		},
		Object: func(raw json.RawMessage) (map[string]any, error) {
			out := map[string]any{}
			return out, json.Unmarshal(raw, &out)
		},
		Column: func(path []string) string { return path[0] },
	}, nil
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

// again is who somebody is now.
func (w *world) again(_ context.Context, who id.Person, s id.Session) (authz.Actor, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.signed[who] {
		return authz.Actor{}, fault.New(fault.Unauthenticated, fault.CodeUnauthenticated)
	}
	a := authz.Actor{Person: who, Session: s}
	if id.Is(string(who), id.KindServiceAccount) {
		a = authz.Actor{Service: id.ServiceAccount(who), Session: s, Scopes: []string{"CONTRACTS_READ"}}
	}
	if o := w.office[who]; o != "" {
		a.Holdings = []authz.Holding{{Role: authz.Secretary, Organisation: o}}
	}
	return a, nil
}

// as is a context in which somebody acts.
func (w *world) as(who id.Person) context.Context {
	a, err := w.again(w.t.Context(), who, "ses1_x")
	must(w.t, err)
	return authz.With(w.t.Context(), a)
}

// perform answers pages of the list, and makes things.
func (w *world) perform(ctx context.Context, query string, vars map[string]any) bulk.Outcome {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked(authz.From(ctx))
	if w.budget == 0 {
		w.budget = -1
		return bulk.Outcome{Wait: 30 * time.Second}
	}
	w.budget--
	if query == "make" {
		return w.make(vars["input"].(map[string]any))
	}
	from := 0
	if after, ok := vars["cobuildAfter"].(string); ok {
		from, _ = strconv.Atoi(after)
	}
	var rows []string
	for i := from; i < min(from+bulk.PageSize, w.rows); i++ {
		rows = append(rows, fmt.Sprintf(`{"id":"t%d","owner":{"name":"=N%d"},"tags":["a","b"]}`, i, i))
	}
	total := "null"
	if query == "first" {
		total = strconv.Itoa(w.rows)
	}
	end := from + len(rows)
	return bulk.Outcome{Data: json.RawMessage(fmt.Sprintf(
		`{"things":{"nodes":[%s],"pageInfo":{"hasNextPage":%t,"endCursor":"%d"},"totalCount":%s}}`, strings.Join(rows, ","), end < w.rows, end, total))}
}

// make makes a thing, once for each name for the server.
func (w *world) make(in map[string]any) bulk.Outcome {
	w.times++
	key, name := in["clientMutationId"].(string), fmt.Sprint(in["name"])
	if code, no := w.refuse[name]; no {
		return bulk.Outcome{Data: json.RawMessage(`{"it":{"thing":null,"replayed":false,"errors":[{"code":"` + string(code) + `","path":["name"],"message":"no ` + name + `"}]}}`)}
	}
	_, again := w.made[key]
	if w.taken != nil && !again {
		if w.taken[name] {
			return bulk.Outcome{Data: json.RawMessage(`{"it":{"thing":null,"replayed":false,"errors":[{"code":"ALREADY_TAKEN","path":["name"],"message":"taken"}]}}`)}
		}
		w.taken[name] = true
	}
	w.made[key] = name
	return bulk.Outcome{Data: json.RawMessage(fmt.Sprintf(`{"it":{"thing":{"id":"thing-%s"},"replayed":%t,"errors":[]}}`, name, again))}
}

// settle does everything that is due.
func (w *world) settle() {
	w.t.Helper()
	for range 1000 {
		n, err := w.Tick(w.t.Context(), w.now())
		must(w.t, err)
		if n == 0 {
			return
		}
	}
	w.t.Fatal("the work does not come to an end")
}

func (w *world) job(j *bulk.Job) *bulk.Job {
	w.t.Helper()
	got, err := w.Job(w.as(ann), j.ID)
	must(w.t, err)
	return got
}

func (w *world) export(f sheet.Format) *bulk.Job {
	w.t.Helper()
	j, err := w.StartExport(w.as(ann), bulk.ExportInput{Query: "{ things { nodes { id } } }", Format: f, Language: bulk.English})
	must(w.t, err)
	return j
}

// bring starts an import and brings its file.
func (w *world) bring(text string, alter ...func(*bulk.ImportInput)) *bulk.Job {
	w.t.Helper()
	in := bulk.ImportInput{Mutation: "makeThing", Format: sheet.CSV, Language: bulk.English}
	for _, a := range alter {
		a(&in)
	}
	j, err := w.StartImport(w.as(ann), in)
	must(w.t, err)
	if code, said := w.put(ann, j, []byte(text)); code >= 300 {
		w.t.Fatalf("%d %s", code, said)
	}
	return w.job(j)
}

// put brings the file of an import to its address.
func (w *world) put(who id.Person, j *bulk.Job, text []byte) (int, string) {
	w.t.Helper()
	a, err := w.Upload(w.as(who), j)
	must(w.t, err)
	if a == nil {
		w.t.Fatal("there is nowhere to bring it")
	}
	return w.send(a, text)
}

func (w *world) send(a *transfer.Address, body []byte) (int, string) {
	r := httptest.NewRequest(a.Method, a.URL, bytes.NewReader(body)).WithContext(w.t.Context())
	rec := httptest.NewRecorder()
	w.door.ServeHTTP(rec, r)
	return rec.Code, rec.Body.String()
}

// fetch gets the file of a job.
func (w *world) fetch(j *bulk.Job) string {
	w.t.Helper()
	a, err := w.Download(w.as(ann), w.job(j))
	must(w.t, err)
	if a == nil {
		w.t.Fatal("there is no file")
	}
	code, text := w.send(a, nil)
	if code != http.StatusOK {
		w.t.Fatalf("%d %s", code, text)
	}
	return text
}

func sum(text string) string {
	h := sha256.Sum256([]byte(text))
	return hex.EncodeToString(h[:])
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// relay takes the events away, as the journal does.
func (w *world) relay() {
	w.t.Helper()
	for _, box := range w.Outboxes() {
		waiting, err := box.Pending(w.t.Context(), 100)
		must(w.t, err)
		for _, p := range waiting {
			var taken []string
			for _, e := range p.Events {
				taken = append(taken, e.ID)
			}
			must(w.t, box.Clear(w.t.Context(), p.ID, p.Rev, taken))
		}
	}
}
