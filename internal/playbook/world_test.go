package playbook

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
)

const (
	district = id.Organisation("dst1_00000000000000000000000001")
	street   = id.Organisation("sub1_00000000000000000000000001")
	estate   = id.Organisation("com1_00000000000000000000000001")
	village  = id.Organisation("com1_00000000000000000000000002")
	school   = id.Organisation("unt1_00000000000000000000000001")
	nobody   = id.Organisation("com1_00000000000000000000000009")
)

// house is the room on a store of its own. Other rooms make what it asks them for under the name in the context, as they
// do: the same name makes the same thing.
type house struct {
	*Service
	t     *testing.T
	types map[id.Organisation]string // of communities; they change in time

	mu    sync.Mutex
	made  map[string]int   // how often each object was asked for
	fails map[string]error // by the key of a part
}

func newHouse(t *testing.T, packs ...*Playbook) *house {
	t.Helper()
	db, err := boltstore.Open(filepath.Join(t.TempDir(), "cobuild.db"), boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	h := &house{
		t: t, made: map[string]int{}, fails: map[string]error{},
		types: map[id.Organisation]string{estate: "OLD_ESTATE", village: "RURAL"},
	}
	shelf, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range packs {
		if err := shelf.put(p); err != nil {
			t.Fatal(err)
		}
	}
	slices.SortFunc(shelf.all, func(a, b *Playbook) int { return strings.Compare(a.rank(), b.rank()) })
	if h.Service, err = Open(t.Context(), db, Config{
		Now: func() time.Time { return time.Date(2026, 11, 26, 2, 0, 0, 0, time.UTC) }, Shelf: shelf, Organisations: h.facts,
		Cursors: &page.Cursors{Keys: func() [][]byte { return [][]byte{bytes.Repeat([]byte("k"), 32)} }},
		Make: Makers{
			Need: func(ctx context.Context, of id.Organisation, language string, n *Need) (string, error) {
				if n.Title.In(language) == "" {
					return "", errors.New("no words")
				}
				return h.make(ctx, id.KindTemplate, of, n.Key)
			},
			ContractTemplate: func(ctx context.Context, of id.Organisation, c *ContractTemplate, _ CommunityType) (string, error) {
				return h.make(ctx, id.KindTemplate, of, c.Key)
			},
			ProjectTemplate: func(ctx context.Context, of id.Organisation, p *ProjectTemplate, _ CommunityType) (string, error) {
				return h.make(ctx, id.KindTemplate, of, p.Key)
			},
		},
	}); err != nil {
		t.Fatal(err)
	}
	return h
}

// make is what a room does with a name in the context: NewID and Add.
func (h *house) make(ctx context.Context, k id.Kind, _ id.Organisation, key string) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.fails[key]; err != nil {
		return "", err
	}
	made := store.NewID[string](ctx, k, h.now(), rand.Reader)
	if h.made[made] > 0 {
		store.OnceFrom(ctx).Replayed = true
	}
	if !store.Trying(ctx) {
		h.made[made]++
	}
	return made, nil
}

func (h *house) facts(_ context.Context, ids []id.Organisation) ([]organisation.Facts, error) {
	out := make([]organisation.Facts, len(ids))
	for i, o := range ids {
		switch {
		case o == school:
			out[i] = organisation.Facts{ID: o, Kind: organisation.KindResidentUnit, UnitKind: "SCHOOL"}
		case h.types[o] != "":
			out[i] = organisation.Facts{ID: o, Kind: organisation.KindCommunity, CommunityType: h.types[o], Above: []id.Organisation{street, district}}
		}
	}
	return out, nil
}

func (h *house) as(role authz.Role, in id.Organisation) context.Context {
	return authz.With(h.t.Context(), authz.Actor{Person: "per1_00000000000000000000000001", Holdings: []authz.Holding{{Role: role, Organisation: in}}})
}

func (h *house) secretary() context.Context { return h.as(authz.Secretary, estate) }

// named is a context in which the client has named its mutation.
func named(ctx context.Context, name, input string) context.Context {
	return store.WithOnce(ctx, store.NewOnce("secretary", name, []byte(input)))
}

func (h *house) applied(ctx context.Context, in ApplyInput) *Applied {
	h.t.Helper()
	a, err := h.Apply(ctx, in)
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

// counted says how many parts came to each state.
func counted(a *Applied) map[State]int {
	n := map[State]int{}
	for _, o := range a.Outcomes {
		n[o.State]++
	}
	return n
}

// next is the version after one of the playbooks that come with the program, its file altered.
func next(t *testing.T, of CommunityType, alter func(file map[string]any)) *Playbook {
	t.Helper()
	raw, err := shipped.ReadFile("packs/" + strings.ToLower(string(of)) + ".1.json")
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]any
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	file["version"] = 2
	alter(file)
	if raw, err = json.Marshal(file); err != nil {
		t.Fatal(err)
	}
	p, err := parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// refuses checks that an error has a fault of the code, at the path, dots between the steps.
func refuses(t *testing.T, err error, code fault.Code, path string) {
	t.Helper()
	if !slices.ContainsFunc(fault.All(err), func(f *fault.Fault) bool { return f.Code == code && strings.Join(f.Path, ".") == path }) {
		t.Errorf("want %s at %q, got %v", code, path, err)
	}
}

// folder is a folder with one of the playbooks that come with the program, its text altered, under a name.
func folder(t *testing.T, name string, alter func(string) string) string {
	t.Helper()
	raw, err := shipped.ReadFile("packs/rural.1.json")
	if err != nil {
		t.Fatal(err)
	}
	at := t.TempDir()
	if err := os.WriteFile(filepath.Join(at, name), []byte(alter(string(raw))), 0o600); err != nil {
		t.Fatal(err)
	}
	return at
}
