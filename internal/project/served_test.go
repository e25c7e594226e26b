package project_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/record"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/mongostore/mongotest"
	"github.com/cobuild/cobuild/internal/project"
)

// watch is a store that notes how projects are looked for: by which scans, and how many documents they yield.
type watch struct {
	store.Backend
	mu    sync.Mutex
	scans []store.Scan
	read  int
}

func (w *watch) Find(ctx context.Context, s store.Scan) iter.Seq2[bson.Raw, error] {
	found := w.Backend.Find(ctx, s)
	if s.Collection != "projects" {
		return found
	}
	w.mu.Lock()
	w.scans = append(w.scans, s)
	w.mu.Unlock()
	return func(yield func(bson.Raw, error) bool) {
		for doc, err := range found {
			w.mu.Lock()
			w.read++
			w.mu.Unlock()
			if !yield(doc, err) {
				return
			}
		}
	}
}

func (w *watch) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.scans, w.read = nil, 0
}

// wanted is a filter and an order by declared fields, how many projects it finds.
type wanted struct {
	name   string
	record []*project.RecordCondition
	order  *project.Order
	path   record.Pointer // whose index serves it
	found  int
}

func byArea(d page.Direction) *project.Order {
	return &project.Order{Field: project.OrderByRecord, Path: new(record.Pointer("/area")), Direction: d}
}

func allWanted() []wanted {
	return []wanted{
		{"equal", []*project.RecordCondition{{Path: "/area", Eq: number("7")}}, byArea(page.Ascending), "/area", 1},
		{"between", []*project.RecordCondition{{Path: "/area", Gte: number("5"), Lt: number("9")}}, nil, "/area", 4},
		{"above, downwards", []*project.RecordCondition{{Path: "/area", Gt: number("36")}}, byArea(page.Descending), "/area", 3},
		{"by another field", []*project.RecordCondition{{Path: "/site", Gte: said("乙"), Lte: said("乙")}}, nil, "/site", 10},
		{"one of several", []*project.RecordCondition{{Path: "/area", In: []record.Value{*number("30"), *number("7"), *number("9"), *number("99")}}}, byArea(page.Ascending), "/area", 3},
		{"one of several, by the last change", []*project.RecordCondition{{Path: "/site", In: []record.Value{*said("乙"), *said("丁")}}}, nil, "/site", 20},
		{"that have it", []*project.RecordCondition{{Path: "/open", Exists: new(true)}}, nil, "/open", 6},
		{"that have it not", []*project.RecordCondition{{Path: "/open", Exists: new(false)}}, nil, "/open", 34},
		{"in an order alone", nil, byArea(page.Descending), "/area", 5},
	}
}

// servedByIndex asks for projects among many others, and looks at how the store was asked: by the index of the declared
// field, from where the filter begins to where it ends, so that nothing is read that is not answered but the one behind a
// page.
func servedByIndex(t *testing.T, h *house, w *watch, look func(*testing.T, store.Scan)) {
	t.Helper()
	form, other := h.template(), h.template()
	for i := range 40 {
		site := []string{"甲", "乙", "丙", "丁"}[i%4]
		open := ""
		if i%7 == 0 {
			open = `,"open":true`
		}
		h.begun(of(form, record.JSON(fmt.Sprintf(`{"site":%q,"area":%d%s}`, site, i, open))))
		h.begun(of(other, record.JSON(fmt.Sprintf(`{"site":%q,"area":%d}`, site, i))))
	}
	slots := map[record.Pointer]int{}
	for _, s := range must2(h.Service.Template(h.admin(), form.ID)).Slots {
		slots[s.Path] = s.Number
	}
	for _, tt := range allWanted() {
		t.Run(tt.name, func(t *testing.T) {
			w.forget()
			f := &project.Filter{Template: &project.TemplateChoice{Eq: &form.ID}, Record: tt.record}
			first := max(tt.found, 5)
			l := must2(h.Projects(h.secretary(), f, tt.order, page.Args{First: &first}))
			if len(l.Edges) != tt.found || w.read > tt.found+1 {
				t.Errorf("%d are answered of %d that were read, want %d", len(l.Edges), w.read, tt.found)
			}
			field := fmt.Sprintf("slots.s%d", slots[tt.path])
			for _, s := range w.scans {
				tail := s.Tail()
				onField := slices.ContainsFunc(s.Index.On[:s.Prefix], func(o store.Order) bool { return o.Path == field }) || len(tail) > 0 && tail[0].Path == field
				if !onField || s.Prefix < 2 { // who reads, and the template
					t.Errorf("asked by %s, of which %d are fixed; want %s", s.Index.Name(), s.Prefix, field)
				}
				look(t, s)
			}
			if len(w.scans) == 0 {
				t.Error("nothing was looked for")
			}
		})
	}
}

func TestRecordFiltersAndOrdersReadTheIndexOfTheirFieldAlone(t *testing.T) {
	h := newHouse(t)
	w := &watch{Backend: h.db}
	h.db = w
	h.reopen()
	servedByIndex(t, h, w, func(*testing.T, store.Scan) {})
}

// On the other store the server itself explains how it finds them.
func TestTheOtherStoreExplainsThatItReadsTheIndexOfTheFieldAlone(t *testing.T) {
	uri, name := mongotest.Database(t)
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Disconnect(context.WithoutCancel(t.Context())) })
	w := &watch{Backend: mongotest.Connect(t, uri, name)}
	servedByIndex(t, houseOn(t, w), w, func(t *testing.T, s store.Scan) {
		t.Helper()
		var plan bson.Raw
		ask := bson.D{{Key: "explain", Value: find(s)}, {Key: "verbosity", Value: "executionStats"}}
		if err := client.Database(name).RunCommand(t.Context(), ask).Decode(&plan); err != nil {
			t.Fatal(err)
		}
		text := plan.String()
		taken := strings.Contains(text, `"Index Name": "`+s.Index.Name()+`"`) || strings.Contains(text, `"indexName": "`+s.Index.Name()+`"`)
		if !taken || strings.Contains(text, "COLLSCAN") || strings.Contains(text, "Seq Scan") { // the words of either server
			t.Errorf("the server does not take %s: %s", s.Index.Name(), text)
		}
	})
}

// find is a scan as the server is asked for it.
func find(s store.Scan) bson.D {
	alternatives := bson.A{}
	for _, b := range s.Branches {
		one := bson.D{}
		for i, v := range b {
			one = append(one, bson.E{Key: s.Index.On[i].Path, Value: v})
		}
		if tail := s.Tail(); len(tail) > 0 {
			one = append(one, bounds(tail[0].Path, s.Range)...)
		}
		alternatives = append(alternatives, one)
	}
	where := bson.D{{Key: "$or", Value: alternatives}}
	if len(alternatives) == 1 {
		where, _ = alternatives[0].(bson.D)
	}
	return bson.D{{Key: "find", Value: s.Collection}, {Key: "filter", Value: where}, {Key: "hint", Value: s.Index.Name()}}
}

// bounds are a scan's range on the first field that its branches do not fix.
func bounds(path string, r store.Range) bson.D {
	var in bson.D
	for _, end := range []struct {
		v            any
		open         bool
		closed, past string
	}{{r.Low, r.LowOpen, "$gte", "$gt"}, {r.High, r.HighOpen, "$lte", "$lt"}} {
		switch {
		case end.v == nil:
		case end.open:
			in = append(in, bson.E{Key: end.past, Value: end.v})
		default:
			in = append(in, bson.E{Key: end.closed, Value: end.v})
		}
	}
	if in == nil {
		return nil
	}
	return bson.D{{Key: path, Value: in}}
}
