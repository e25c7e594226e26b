package match

import (
	"fmt"
	"slices"
	"testing"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/page"
)

// figures are how good the answers to several questions are.
type figures struct {
	questions int
	precision float64 // sum over questions of the share of the first five that serve
	recall    float64 // sum over questions of the share of those that serve among the first twenty
	first     float64 // sum over questions of one by the place of the first that serves
}

const (
	top   = 5
	depth = 20
)

// count takes up one answer. Where fewer than five serve, a perfect answer still has a precision of 1.
func (f *figures) count(answer []string, serves map[string]bool) {
	f.questions++
	hits := 0
	for i, a := range answer[:min(len(answer), depth)] {
		if !serves[a] {
			continue
		}
		if hits++; hits == 1 {
			f.first += 1 / float64(i+1)
		}
		if i < top {
			f.precision += 1 / float64(min(top, len(serves)))
		}
	}
	f.recall += float64(hits) / float64(min(depth, len(serves)))
}

func (f figures) String() string {
	n := float64(f.questions)
	return fmt.Sprintf("precision at %d %.3f, recall at %d %.3f, mean reciprocal rank %.3f, of %d questions", top, f.precision/n, depth, f.recall/n, f.first/n, f.questions)
}

// planted is a town in which each of some needs has four resources planted that serve it, as many that say the same and do
// not, and noise all around.
func planted(w *town, questions, noise int) (needs, resources []*Item) {
	all := themes()
	for range questions {
		n := w.choose()
		need := w.item(NeedSide, n, all, nil)
		for need.Place == nil {
			need = w.item(NeedSide, n, all, nil)
		}
		needs = append(needs, need)
		for planted := 0; planted < 4; {
			r := w.item(ResourceSide, n, all, need.Place)
			if w.serves(need, r) {
				planted++
			}
			resources = append(resources, r)
		}
		for range 4 { // the same words, far away
			resources = append(resources, w.item(ResourceSide, n, all, nil))
		}
	}
	for range noise {
		resources = append(resources, w.item(ResourceSide, w.choose(), all, nil))
	}
	return needs, resources
}

func TestMatchesServeBetterThanTextSearchInATownOfPlantedPairs(t *testing.T) {
	w := open(t)
	w.Categories = townTree
	town := townOf(20261126, 4, w.at)
	needs, resources := planted(town, 60, 1500)
	for _, i := range slices.Concat(needs, resources) {
		w.items[i.ID] = i
	}
	w.file(t)
	text := searchIn(titlesOf(resources))
	var ours, plain, near figures
	for _, n := range needs {
		serves := map[string]bool{}
		for _, r := range resources {
			if town.serves(n, r) {
				serves[r.ID] = true
			}
		}
		ours.count(w.answer(t, n), serves)
		var found, close []string
		for _, d := range text.best(n.Title, len(resources)) {
			if found = append(found, resources[d].ID); n.Above[0] == resources[d].Above[0] {
				close = append(close, resources[d].ID)
			}
		}
		plain.count(found, serves)
		near.count(close, serves)
	}
	t.Logf("matching:                         %s", ours)
	t.Logf("text search:                      %s", plain)
	t.Logf("text search in the sub-district:  %s", near)
	if n := float64(ours.questions); ours.precision/n < 0.5 || ours.recall/n < 0.75 || ours.precision < 1.5*max(plain.precision, near.precision) || ours.recall < max(plain.recall, near.recall) {
		t.Error("below the floor")
	}
}

func titlesOf(all []*Item) []string {
	out := make([]string, len(all))
	for i, r := range all {
		out[i] = r.Title
	}
	return out
}

// answer is what the first page of matches tells of a need.
func (w *world) answer(t testing.TB, n *Item) []string {
	t.Helper()
	got, err := w.Matches(as(t, n.Organisation), Question{Need: new(id.Need(n.ID))}, page.Args{First: new(depth)})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range got.Nodes() {
		out = append(out, string(m.ResourceID))
	}
	return out
}
