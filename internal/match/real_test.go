package match

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/internal/id"
)

// real is what publicly reported examples of co-building say: who lacked what, who promised what.
type real struct {
	Needs []struct {
		ID       string
		Title    string
		Examples []string
	}
	Resources []struct {
		ID       string
		Title    string
		Kind     string
		Unit     string
		Examples []string
	}
	Promises []struct {
		Example string
		Title   string
		Kind    string
		Unit    string
	}
}

// branch is a category of the tree that comes with the program.
type branch struct {
	Code     string
	Name     string
	NameEn   string
	Synonyms []string
	Children []branch
}

func readJSON[T any](t testing.TB, name string) T {
	t.Helper()
	var out T
	raw, err := os.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// shelves are the categories with what people call what lies there.
type shelves struct {
	filed []Filed
	words map[string]string // a name or a synonym, and its category
	text  *textSearch       // the names and synonyms of each category, in the order of filed
}

func shelvesOf(bs []branch) *shelves {
	s := &shelves{words: map[string]string{}}
	var said []string
	var lay func(bs []branch, under string)
	lay = func(bs []branch, under string) {
		for _, b := range bs {
			s.filed = append(s.filed, Filed{b.Code, under, b.NameEn, b.Name})
			all := append([]string{b.Name}, b.Synonyms...)
			said = append(said, strings.Join(all, " "))
			for _, w := range all {
				if _, taken := s.words[w]; !taken {
					s.words[w] = b.Code
				}
			}
			lay(b.Children, b.Code)
		}
	}
	lay(bs, "")
	s.text = searchIn(said)
	return s
}

// file finds the category of a title as somebody in a hurry would: by the longest word of the tree that stands in it, else
// by the category whose words are most like it. Nobody has looked at what comes of it.
func (s *shelves) file(title string) string {
	longest, code := 0, ""
	for w, c := range s.words {
		if n := len(w); strings.Contains(title, w) && (n > longest || n == longest && c < code) {
			longest, code = n, c
		}
	}
	if code != "" {
		return code
	}
	if best := s.text.best(title, 1); len(best) > 0 {
		return s.filed[best[0]].Code
	}
	return "MEANS"
}

// heldOut says of an example whether it is of the half that nothing was chosen by. What parts them was written down before
// anything was measured.
func heldOut(example string) bool {
	return sha256.Sum256([]byte("a blind split, the second " + example))[0]%2 == 0
}

// asked is one need of the real examples, and which offers belong to it.
type asked struct {
	need   *Item
	serves map[string]bool
}

// laid lays out what was promised in the examples as offers of one district, and asks for them by the needs of half of
// the examples. A promise belongs to a need where it was made in an example that reports the need.
func (w *world) laid(t testing.TB, out bool) (questions []asked, offers []*Item) {
	t.Helper()
	r := readJSON[real](t, "testdata/real.json")
	s := shelvesOf(readJSON[[]branch](t, "../category/categories.json"))
	w.Categories = func(context.Context) ([]Filed, error) { return s.filed, nil }
	in := map[string][]string{}
	lay := func(key, title, kind, unit string, examples ...string) {
		i := &Item{
			ID: id.Derived[string](id.KindResource, key), Side: ResourceSide, Standing: Free, Organisation: org(id.KindUnit, key), Kind: kind,
			Above: []id.Organisation{hui()}, Category: s.file(title), Title: title, Unit: unit, Audience: []string{"public"},
		}
		w.items[i.ID] = i
		offers = append(offers, i)
		for _, e := range examples {
			in[e] = append(in[e], i.ID)
		}
	}
	for _, p := range r.Promises {
		lay(p.Example+p.Title, p.Title, p.Kind, p.Unit, p.Example)
	}
	for _, o := range r.Resources {
		lay(o.ID, o.Title, o.Kind, o.Unit, o.Examples...)
	}
	for _, n := range r.Needs {
		serves := map[string]bool{}
		for _, e := range n.Examples {
			for _, i := range in[e] {
				if heldOut(e) == out {
					serves[i] = true
				}
			}
		}
		if len(serves) == 0 {
			continue
		}
		i := &Item{
			ID: id.Derived[string](id.KindNeed, n.ID), Side: NeedSide, Standing: Free, Organisation: estate(), Kind: "COMMUNITY",
			Above: []id.Organisation{hui()}, Category: s.file(n.Title), Title: n.Title, Audience: []string{"public"},
		}
		w.items[i.ID] = i
		questions = append(questions, asked{i, serves})
	}
	w.file(t)
	return questions, offers
}

// The tree was grown from the same examples: nearly every need stands in it word for word, hardly any promise does. The pages
// say so, since it tells what the figures below are worth.
func TestTheTreeKnowsWhatRealCommunitiesLack(t *testing.T) {
	r := readJSON[real](t, "testdata/real.json")
	s := shelvesOf(readJSON[[]branch](t, "../category/categories.json"))
	needs, resources, promises := 0, 0, 0
	for _, n := range r.Needs {
		if _, ok := s.words[n.Title]; ok {
			needs++
		}
	}
	for _, o := range r.Resources {
		if _, ok := s.words[o.Title]; ok {
			resources++
		}
	}
	for _, p := range r.Promises {
		if _, ok := s.words[p.Title]; ok {
			promises++
		}
	}
	if needs != 59 || len(r.Needs) != 61 || resources != 25 || len(r.Resources) != 42 || promises != 1 || len(r.Promises) != 181 {
		t.Errorf("of %d needs %d are words of the tree, of %d resources %d, of %d promises %d: the pages say 59 of 61, 25 of 42, 1 of 181",
			len(r.Needs), needs, len(r.Resources), resources, len(r.Promises), promises)
	}
}

// The examples say neither where nor when nor how much: what is left are categories and words, the ground of text search.
// By the half that was looked at words were given the weight that they have; the other half says what came of it.
func TestMatchesServeBetterThanTextSearchInRealExamples(t *testing.T) {
	for _, half := range []struct {
		name string
		out  bool
	}{{"the half that was looked at", false}, {"the half that was held out", true}} {
		w := open(t)
		questions, offers := w.laid(t, half.out)
		text := searchIn(titlesOf(offers))
		var ours, plain figures
		for _, q := range questions {
			ours.count(w.answer(t, q.need), q.serves)
			var found []string
			for _, d := range text.best(q.need.Title, depth) {
				found = append(found, offers[d].ID)
			}
			plain.count(found, q.serves)
		}
		t.Logf("%s, %d offers", half.name, len(offers))
		t.Logf("matching:    %s", ours)
		t.Logf("text search: %s", plain)
		if n := float64(ours.questions); half.out && (ours.precision < plain.precision || ours.recall < plain.recall) || ours.precision/n < 0.4 {
			t.Errorf("%s: below the floor", half.name)
		}
	}
}
