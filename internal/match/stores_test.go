package match

import (
	"slices"
	"testing"

	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store/mongostore/mongotest"
)

// Candidates are bounded, so that which of many are looked at must not hang on the store: the same town gets the same
// answers, with the same scores, from either side, near misses and communities too.
func TestATownGetsTheSameAnswersOnEitherStore(t *testing.T) {
	mongo := on(t, mongotest.Open(t))
	bolt := open(t)
	town := townOf(5, 1, bolt.at)
	needs, resources := planted(town, 6, 700)
	for _, w := range []*world{bolt, mongo} {
		w.Categories = townTree
		for _, i := range slices.Concat(needs, resources) {
			w.items[i.ID] = new(*i)
		}
		w.file(t)
	}
	var questions []Question
	for n := range needs {
		near := ofNeed(needs[n].ID)
		near.NearMisses = true
		questions = append(questions, near, ofNeed(needs[n].ID), ofResource(resources[8*n].ID), Question{Community: &needs[n].Organisation})
	}
	told := 0
	for _, q := range questions {
		one, other := bolt.said(t, q), mongo.said(t, q)
		if told += len(one); !slices.Equal(one, other) {
			t.Errorf("%+v: %d answers of the embedded store, %d of MongoDB, not the same", q, len(one), len(other))
		}
	}
	if told < 500 {
		t.Errorf("the town is too small to tell anything: %d answers", told)
	}
}

// line is what an answer says of one match.
type line struct {
	need, resource string
	score          int64
	fits           bool
}

// said is every page of the answer to a question, of whoever sees everything public.
func (w *world) said(t *testing.T, q Question) []line {
	t.Helper()
	var out []line
	for a := (page.Args{First: new(100)}); ; {
		got, err := w.Matches(as(t, kitchen()), q, a)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range got.Nodes() {
			out = append(out, line{string(m.NeedID), string(m.ResourceID), m.score, m.Fits()})
		}
		if !got.PageInfo.HasNextPage {
			return out
		}
		a.After = got.PageInfo.EndCursor
	}
}
