package match

import (
	"bytes"
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
)

// world is the room with the rooms around it played by maps.
type world struct {
	*Service
	db       store.Backend
	at       time.Time
	items    map[string]*Item
	promised map[string][]Promised
	shares   map[Fulfilled][2]int64
	judged   map[id.Organisation]Judged
}

func begin() time.Time { return time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC) } // a Monday

// open opens the room on a store of its own.
func open(t testing.TB) *world {
	t.Helper()
	db, err := boltstore.Open(filepath.Join(t.TempDir(), "match.bolt"), boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	return on(t, db)
}

// on opens the room on a store.
func on(t testing.TB, db store.Backend) *world {
	t.Helper()
	w := &world{
		db: db,
		at: begin(), items: map[string]*Item{}, promised: map[string][]Promised{}, shares: map[Fulfilled][2]int64{},
		judged: map[id.Organisation]Judged{},
	}
	var err error
	w.Service, err = Open(t.Context(), db, Config{
		Now:        func() time.Time { return w.at },
		Cursors:    &page.Cursors{Keys: func() [][]byte { return [][]byte{bytes.Repeat([]byte("k"), 32)} }},
		Needs:      func(ctx context.Context, ids []id.Need) ([]*Item, error) { return seen(ctx, w, ids), nil },
		Resources:  func(ctx context.Context, ids []id.Resource) ([]*Item, error) { return seen(ctx, w, ids), nil },
		Keys:       func(ctx context.Context) ([]string, bool) { return keysOf(authz.From(ctx)) },
		ReadBy:     func(o organisation.Facts) []string { return []string{"public", string(o.ID)} },
		Categories: func(context.Context) ([]Filed, error) { return categories(), nil },
		Promised:   func(_ context.Context, about string) ([]Promised, error) { return w.promised[about], nil },
		Fulfilled: func(e journal.Entry) (Fulfilled, bool, error) {
			return Fulfilled{Contract: id.Contract(e.Subject), Provider: id.Organisation(e.Actor)}, true, nil
		},
		Share: func(_ context.Context, f Fulfilled) (int64, int64, error) { return w.shares[f][0], w.shares[f][1], nil },
		Judged: func(_ context.Context, of []id.Organisation) ([]Judged, error) {
			out := make([]Judged, len(of))
			for i, o := range of {
				out[i] = w.judged[o]
			}
			return out, nil
		},
		Organisations: func(_ context.Context, of []id.Organisation) ([]organisation.Facts, error) {
			out := make([]organisation.Facts, len(of))
			for i, o := range of {
				out[i] = organisation.Facts{ID: o, Name: names()[o], NameEn: "E " + names()[o]}
			}
			return out, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// seen finds items as the caller sees them: a copy each, so that nothing is remembered from one reading to the next.
func seen[I ~string](ctx context.Context, w *world, ids []I) []*Item {
	keys, all := keysOf(authz.From(ctx))
	out := make([]*Item, len(ids))
	for n, i := range ids {
		it := w.items[string(i)]
		if it != nil && (all || slices.ContainsFunc(it.Audience, func(k string) bool { return slices.Contains(keys, k) })) {
			out[n] = new(*it)
		}
	}
	return out
}

// keysOf are the keys of an actor: what is public, and what is for the organisations they act in.
func keysOf(a authz.Actor) ([]string, bool) {
	keys := []string{"public"}
	for _, h := range a.Holdings {
		if h.Role == authz.Administrator {
			return nil, true
		}
		keys = append(keys, string(h.Organisation))
	}
	return keys, a.IsSystem()
}

// as is a context in which somebody leads an organisation.
func as(t testing.TB, o id.Organisation) context.Context {
	t.Helper()
	return authz.With(t.Context(), authz.Actor{
		Person: "p", Holdings: []authz.Holding{{Role: authz.Secretary, Organisation: o}},
	})
}

func categories() []Filed {
	return []Filed{
		{"ELDERS", "", "Care for elders", "养老助老"},
		{"ELDERS_MEALS", "ELDERS", "Meals", "助餐"},
		{"ELDERS_HOME", "ELDERS", "Help at home", "上门服务"},
		{"HEALTH", "", "Health", "医疗健康"},
		{"HEALTH_CLINIC", "HEALTH", "Free clinics", "义诊"},
		{"CULTURE", "", "Culture and sport", "文化体育"},
		{"MEANS", "", "Space, funds and hands", "场地、资金与人力"},
		{"MEANS_ROOMS", "MEANS", "Rooms", "场地"},
		{"RURAL", "", "Rural development", "乡村发展"},
	}
}

// put publishes an item, or changes it, and lets the room hear of it.
func (w *world) put(t testing.TB, i Item) string {
	t.Helper()
	kind := id.KindNeed
	if i.Side == ResourceSide {
		kind = id.KindResource
	}
	if !id.Is(i.ID, kind) {
		i.ID = id.Derived[string](kind, i.ID)
	}
	if i.Standing == "" {
		i.Standing = Free
	}
	if i.Audience == nil {
		i.Audience = []string{"public"}
	}
	w.items[i.ID] = &i
	w.heard(t, i.ID)
	return i.ID
}

func (w *world) heard(t testing.TB, item string) {
	t.Helper()
	if err := w.FollowItem(t.Context(), entry(item)); err != nil {
		t.Fatal(err)
	}
}

func entry(subject string) journal.Entry {
	return journal.Entry{Event: store.Event{Subject: subject, Type: "test.happened"}}
}

func org(kind id.Kind, name string) id.Organisation { return id.Derived[id.Organisation](kind, name) }

func estate() id.Organisation  { return org(id.KindCommunity, "estate") }
func village() id.Organisation { return org(id.KindCommunity, "village") }
func kitchen() id.Organisation { return org(id.KindUnit, "kitchen") }

func names() map[id.Organisation]string {
	return map[id.Organisation]string{estate(): "老街社区", village(): "湖村社区", kitchen(): "暖心助餐服务中心"}
}

func street() id.Organisation { return org(id.KindSubDistrict, "street") }
func hui() id.Organisation    { return org(id.KindDistrict, "hui") }

// meals is a need that the test may alter.
func meals() Item {
	return Item{
		ID: "meals", Side: NeedSide, Organisation: estate(), Kind: "COMMUNITY", Type: "OLD_ESTATE", Above: []id.Organisation{street(), hui()},
		Category: "ELDERS_MEALS", Title: "独居老人送餐上门", Left: new(int64(20)), Unit: "份", Place: &Point{120.30, 31.68},
	}
}

// cook is the resource that serves it.
func cook() Item {
	return Item{
		ID: "cook", Side: ResourceSide, Organisation: kitchen(), Kind: "SOCIAL_ORGANISATION", Above: []id.Organisation{street(), hui()},
		Category: "ELDERS_MEALS", Title: "老人午餐送餐", Left: new(int64(30)), Unit: "份", Place: &Point{120.302, 31.681},
	}
}

// ask lists matches of one thing.
func (w *world) ask(ctx context.Context, t testing.TB, q Question) []*Match {
	t.Helper()
	got, err := w.Matches(ctx, q, page.Args{First: new(100)})
	if err != nil {
		t.Fatal(err)
	}
	return got.Nodes()
}

func ofNeed(i string) Question     { return Question{Need: new(id.Need(i))} }
func ofResource(i string) Question { return Question{Resource: new(id.Resource(i))} }

// factor finds one of a match's factors.
func factor(t testing.TB, m *Match, name FactorName) *Factor {
	t.Helper()
	i := slices.IndexFunc(m.Factors, func(f *Factor) bool { return f.Name == name })
	if i < 0 {
		t.Fatalf("no factor %s", name)
	}
	return m.Factors[i]
}

// obstacles are the names of what keeps a match apart.
func obstacleNames(m *Match) []ObstacleName {
	var out []ObstacleName
	for _, o := range m.WhyNot {
		out = append(out, o.Name)
	}
	return out
}

// file lays all cards at once, as if every event had been heard.
func (w *world) file(t testing.TB) {
	t.Helper()
	var all []*card
	for _, i := range w.items {
		if c := cardOf(i); c != nil {
			all = append(all, c)
		}
	}
	for chunk := range slices.Chunk(all, 1000) {
		if err := w.cards.AddMany(authz.AsSystem(t.Context()), access.MatchKeep, chunk); err != nil {
			t.Fatal(err)
		}
	}
}

func townTree(context.Context) ([]Filed, error) { return townCategories(), nil }
