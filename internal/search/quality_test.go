package search_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
)

// examples are the organisations and contracts of the demonstration, by their keys.
type examples struct {
	Communities   []record
	ResidentUnits []record
	Contracts     []struct {
		record
		Title, Purpose string
		Clauses        []struct{ Heading, Body string }
		Commitments    []struct{ Action string }
		Parties        []struct{ Organisation string }
	}
}

type record struct{ Key, Name, NameEn string }

// realInput is a world of the demonstration's examples, read by the sub-district above all of them.
func realInput(t *testing.T) *world {
	t.Helper()
	raw, err := os.ReadFile("../demo/data/co-building.seed.json")
	must(t, err)
	var file examples
	must(t, json.Unmarshal(raw, &file))
	w := open(t, onFile(t))
	names := map[string]string{}
	for _, r := range slices.Concat(file.Communities, file.ResidentUnits) {
		names[r.Key] = r.Name
		w.all[id.Derived[string](id.KindCommunity, r.Key)] = &thing{id: id.Derived[string](id.KindCommunity, r.Key), rev: 1, name: r.Name, also: r.NameEn, key: r.Key}
	}
	for _, c := range file.Contracts {
		texts := []string{c.Purpose}
		for _, p := range c.Parties {
			texts = append(texts, names[p.Organisation])
		}
		for _, m := range c.Commitments {
			texts = append(texts, m.Action)
		}
		for _, l := range c.Clauses {
			texts = append(texts, l.Heading, l.Body)
		}
		w.all[id.Derived[string](id.KindContract, c.Key)] = &thing{
			id: id.Derived[string](id.KindContract, c.Key), rev: 1, name: c.Title, text: strings.Join(texts, "\n"), key: c.Key,
			above: []id.Organisation{street},
		}
	}
	w.build()
	return w
}

// TestTheExpectedComesFirstOnRealInput holds the order of hits to what a reader of the examples expects.
func TestTheExpectedComesFirstOnRealInput(t *testing.T) {
	w := realInput(t)
	for text, want := range map[string][]string{ // in this order, from the first on
		"棠渚花园社区":         {"C001", "EX001"},
		"翎岑实验学校":         {"U016", "EX009"},
		"Lingcen School": {"U016"},
		"tangzhu garden": {"C001"},
		"觅弦医院":           {"U072"},
		"古井":             {"EX028"},
		"高标准农田":          {"EX010"},
		"陀螺":             {"EX036"},
		"防诈宣讲":           {"EX024"},
		"消防演练 法治讲座":      {"EX040"},
		"积分 志愿者":         {"EX023"},
		"玉米温室":           {"EX042"},
		"更换老化线路":         {"EX019"},
		"棠渚花园社区与珩岑联合服务站的协议": {"EX001"},
		"蘅浦新村 健身区":          {"EX018"},
		"ＬＩＮＧＣＥＮ　ｓｃｈｏｏｌ":    {"U016"},
		"开协商议事会":            {"EX007"},
		"垃圾房改造":             {"EX015"},
	} {
		c := w.ask(actor(authz.Supervisor, street), text, nil, first(10))
		var got []string
		for _, h := range c.Nodes() {
			got = append(got, h.Object.(*thing).key)
		}
		if len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
			t.Errorf("%q finds %v, not %v first", text, got, want)
		}
	}
	for text, want := range map[string][]string{ // among the first five, in any order
		"理发": {"EX021", "EX032"}, "免费理发": {"EX021"}, "文艺汇演": {"EX034"}, "健康咨询": {"EX032"},
	} {
		var got []string
		for _, h := range w.ask(actor(authz.Supervisor, street), text, nil, first(5)).Nodes() {
			got = append(got, h.Object.(*thing).key)
		}
		for _, key := range want {
			if !slices.Contains(got, key) {
				t.Errorf("%q finds %v, and %s is not among them", text, got, key)
			}
		}
	}
}
