package main

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/match"
)

// titled are the program's own weights with another version, by which nothing counts but how alike titles are.
func titled(t *testing.T) string {
	t.Helper()
	w, err := match.OwnWeights()
	if err != nil {
		t.Fatal(err)
	}
	w.Version = "titles-alone-1"
	for name, f := range w.Factors {
		f.Weight = 0
		if name == match.Wording {
			f.Weight = 1000
		}
		w.Factors[name] = f
	}
	for name, own := range w.Types {
		own.Factors = nil
		w.Types[name] = own
	}
	raw, err := json.Marshal(w)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "weights.json")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestAServerMatchesByTheWeightsItWasGiven(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "weights.json")
	if err := os.WriteFile(bad, []byte(`{"format":"cobuild-match-weights/1","luck":1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, errs, code := cobuild(t, "", "serve", "--addr", "127.0.0.1:0", "--data", t.TempDir(), "--match-weights", bad); code == 0 || !strings.Contains(errs, "luck") {
		t.Errorf("a bad file: %d %s", code, errs)
	}
	dir := demonstration(t)
	s := serving(t, "--data", dir, "--demo", "--match-weights", titled(t))
	tokens := tokensIn(t, dir)
	if data, errs := s.ask(t, "", `{ matchWeights { version document } }`, nil); errs != nil || at(data, "matchWeights", "version") != "titles-alone-1" ||
		at(data, "matchWeights", "document", "factors", "WORDING", "weight") != 1000.0 {
		t.Errorf("in force are %v %v", data, errs)
	}
	need, resource := s.lists(t, tokens["secretary"], "publishNeed", "need"), s.lists(t, tokens["liaison"], "offerResource", "resource")
	for began := time.Now(); time.Since(began) < 10*time.Minute; time.Sleep(50 * time.Millisecond) {
		data, errs := s.ask(t, tokens["secretary"], `query($id: ID!) { matches(need: $id, nearMisses: true, first: 50) { weightsVersion nodes { score weightsVersion resource { id }
			factors { factor value weight } } } }`, map[string]any{"id": need})
		if errs != nil || at(data, "matches", "weightsVersion") != "titles-alone-1" {
			t.Fatalf("matched by %v %v", data, errs)
		}
		nodes, _ := at(data, "matches", "nodes").([]any)
		for _, n := range nodes {
			if at(n, "resource", "id") == resource {
				byTitles(t, n)
				return
			}
		}
	}
	t.Error("the offer is not matched")
}

// byTitles says that a match is worth what its titles are worth.
func byTitles(t *testing.T, m any) {
	t.Helper()
	all, _ := at(m, "factors").([]any)
	for _, f := range all {
		want := 0.0
		if at(f, "factor") == "WORDING" {
			want = 1
			score, _ := at(m, "score").(float64)
			if value, _ := at(f, "value").(float64); value == 0 || math.Abs(score-value) > 1e-9 {
				t.Errorf("titles that are alike by %v make a score of %v", value, score)
			}
		}
		if at(f, "weight") != want {
			t.Errorf("%v counts %v, not %v", at(f, "factor"), at(f, "weight"), want)
		}
	}
	if len(all) == 0 || at(m, "weightsVersion") != "titles-alone-1" {
		t.Errorf("it was judged by %v: %v", at(m, "weightsVersion"), all)
	}
}

// lists has somebody publish a need or a resource for the organisation that they act for, and gives back its identifier.
func (s *server) lists(t *testing.T, token, mutation, what string) string {
	t.Helper()
	data, _ := s.ask(t, token, `{ viewer { roles { organisation { id } } } }`, nil)
	roles, _ := at(data, "viewer", "roles").([]any)
	name := strings.ToUpper(mutation[:1]) + mutation[1:]
	data, errs := s.ask(t, token, "mutation($in: "+name+"Input!) { it: "+mutation+"(input: $in) { "+what+" { id } errors { code message path } } }", map[string]any{"in": map[string]any{
		what: map[string]any{
			"publisher": at(roles[0], "organisation", "id"), "category": "ELDERS_MEALS", "title": "独居老人午餐送餐", "quantity": "20", "unit": "份",
			"validUntil": time.Now().AddDate(0, 0, 60).Format(time.DateOnly), "visibility": "PUBLIC",
		},
	}})
	made, _ := at(data, "it", what, "id").(string)
	if made == "" {
		t.Fatalf("%s: %v %v", mutation, data, errs)
	}
	return made
}
