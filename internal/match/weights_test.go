package match

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheProgramsOwnWeightsAreGood(t *testing.T) {
	w, err := OwnWeights()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range communityTypes() {
		var sum int64
		for _, f := range FactorNames() {
			sum += w.weight(c, f)
		}
		if sum != one {
			t.Errorf("%s: the weights add up to %d", c, sum)
		}
	}
}

// A version is how a draft says by which weights its matches were judged. So the numbers under a version never change: others
// are the next version, whose line stands below the ones before.
func TestReleasedWeightsNeverChange(t *testing.T) {
	raw, err := os.ReadFile("testdata/released.txt")
	if err != nil {
		t.Fatal(err)
	}
	w, err := OwnWeights()
	if err != nil {
		t.Fatal(err)
	}
	all, err := w.Document()
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(all))
	lines, seen := strings.Split(strings.TrimSpace(string(raw)), "\n"), map[string]bool{}
	for _, l := range lines {
		version, _, _ := strings.Cut(l, " ")
		if seen[version] {
			t.Errorf("%s was released twice", version)
		}
		seen[version] = true
	}
	if got := w.Version + " " + hex.EncodeToString(sum[:]); got != lines[len(lines)-1] {
		t.Errorf("weights that were released are never changed: make the next version. The file says\n%s", got)
	}
}

func TestABadFileOfWeightsIsRefusedWithTheField(t *testing.T) {
	for name, tt := range map[string]struct {
		alter func(map[string]any)
		says  string
	}{
		"no weight":           {func(m map[string]any) { delete(m["factors"].(map[string]any), "LOAD") }, "factors.LOAD is missing"},
		"too heavy":           {func(m map[string]any) { deep(m, "factors", "LOAD")["weight"] = 1001 }, "factors.LOAD.weight is 1001, and must be 0 to 1000"},
		"not the whole":       {func(m map[string]any) { deep(m, "factors", "LOAD")["weight"] = 51 }, "factors add up to 1001, and must add up to 1000"},
		"a type's own":        {func(m map[string]any) { deep(m, "types", "RURAL", "factors", "DISTANCE")["weight"] = 0 }, "types.RURAL.factors add up to 920"},
		"a factor of fancy":   {func(m map[string]any) { deep(m, "factors")["LUCK"] = map[string]any{"weight": 0} }, "factors.LUCK is no factor"},
		"no reason":           {func(m map[string]any) { deep(m, "factors", "LOAD", "why")["zh"] = " " }, "factors.LOAD.why.zh must say why"},
		"a field of fancy":    {func(m map[string]any) { m["luck"] = 1 }, `unknown field "luck"`},
		"another form":        {func(m map[string]any) { m["format"] = "x" }, `format is "x"`},
		"no version":          {func(m map[string]any) { m["version"] = "" }, "version must be"},
		"a missing type":      {func(m map[string]any) { delete(deep(m, "types"), "RURAL") }, "types.RURAL is missing"},
		"a type of fancy":     {func(m map[string]any) { deep(m, "types")["HUGE"] = deep(m, "types")["RURAL"] }, "types.HUGE is no type"},
		"a kind of fancy":     {func(m map[string]any) { deep(m, "types", "RURAL", "kinds")["CLUB"] = 1 }, "types.RURAL.kinds.CLUB is no kind"},
		"within and beyond":   {func(m map[string]any) { deep(m, "distance")["near"] = 20_000 }, "distance.near is 20000"},
		"many below some":     {func(m map[string]any) { deep(m, "load")["many"] = 5 }, "load.many is 5"},
		"below nothing":       {func(m map[string]any) { deep(m, "category")["same"] = -1 }, "category.same is -1"},
		"a reach of nothing":  {func(m map[string]any) { deep(m, "types", "RURAL")["reach"] = 10 }, "types.RURAL.reach is 10"},
		"text for a number":   {func(m map[string]any) { deep(m, "timing")["soonDays"] = "soon" }, "soonDays"},
		"a category too good": {func(m map[string]any) { deep(m, "types", "RURAL", "categories")["X"] = 2000 }, "types.RURAL.categories.X is 2000"},
	} {
		var m map[string]any
		if err := json.Unmarshal(ownWeights, &m); err != nil {
			t.Fatal(err)
		}
		tt.alter(m)
		raw, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "weights.json")
		if err := os.WriteFile(file, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadWeightsFile(file); err == nil || !strings.Contains(err.Error(), tt.says) || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: got %v, want %q", name, err, tt.says)
		}
	}
	if _, err := LoadWeightsFile(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a file that is not there is read")
	}
}

func deep(m map[string]any, path ...string) map[string]any {
	for _, p := range path {
		m = m[p].(map[string]any)
	}
	return m
}
