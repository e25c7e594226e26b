package playbook

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/cobuild/cobuild/internal/exchange"
	"github.com/cobuild/cobuild/internal/platform/record"
	"github.com/cobuild/cobuild/internal/platform/recurrence"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

func TestEveryPlaybookHoldsAgainstTheFormOfItsFile(t *testing.T) {
	form := formOfFile(t)
	names, err := fs.Glob(shipped, "packs/*.json")
	if err != nil || len(names) < len(CommunityTypes()) {
		t.Fatalf("%v, %v", names, err)
	}
	for _, name := range names {
		if err := form.Validate(document(t, name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What the form forbids is seen to be forbidden: each spoils one thing in a sound file.
func TestTheFormOfTheFileRefusesWhatIsWrong(t *testing.T) {
	form := formOfFile(t)
	for name, spoil := range map[string]func(map[string]any){
		"an unknown type":           func(d map[string]any) { d["type"] = "SHOPS" },
		"a text in one language":    func(d map[string]any) { delete(d["title"].(map[string]any), "en") },
		"a field that nobody knows": func(d map[string]any) { d["author"] = "somebody" },
		"a need without a category": func(d map[string]any) { delete(first(d, "needs"), "category") },
		"a need of nothing":         func(d map[string]any) { first(d, "needs")["quantity"] = 0 },
		"a unit of another kind":    func(d map[string]any) { first(d, "resources")["provider"] = "SHOP" },
		"a commitment of no time":   func(d map[string]any) { delete(first(first(d, "contractTemplates"), "commitments"), "recurrence") },
		"a commitment of two times": func(d map[string]any) { first(first(d, "contractTemplates"), "commitments")["standing"] = true },
		"a choice of nothing": func(d map[string]any) {
			delete(first(first(first(d, "projectTemplates"), "form"), "fields"), "options")
		},
		"a post that names its holder": func(d map[string]any) { first(d, "posts")["person"] = "per1_x" },
		"a thirteenth month":           func(d map[string]any) { first(d, "calendar")["months"] = []any{13} },
	} {
		d := document(t, "packs/rural.1.json").(map[string]any)
		spoil(d)
		raw, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		again, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		if form.Validate(again) == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func first(d map[string]any, list string) map[string]any {
	return d[list].([]any)[0].(map[string]any)
}

func formOfFile(t *testing.T) *jsonschema.Schema {
	t.Helper()
	raw, err := os.ReadFile("playbook.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("mem:///playbook.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("mem:///playbook.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func document(t *testing.T, name string) any {
	t.Helper()
	raw, err := shipped.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// all are the playbooks that come with the program.
func all(t *testing.T) []*Playbook {
	t.Helper()
	s, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	return s.all
}

func TestThereIsAPlaybookForEveryTypeWithItsOwnStrategy(t *testing.T) {
	s, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for of, want := range map[CommunityType]Strategy{"RURAL": Development, "OLD_ESTATE": Governance, "COMMERCIAL": Integration, "RESETTLEMENT": Advancement} {
		if p := s.of(of, nil); p == nil || p.Strategy != want {
			t.Errorf("%s: %+v", of, p)
		}
	}
}

// A commercial estate builds with its property manager and others at once; an old estate has its six roles.
func TestPlaybooksKnowHowTheirTypeWorks(t *testing.T) {
	s, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	three := slices.ContainsFunc(s.of("COMMERCIAL", nil).ContractTemplates, func(c *ContractTemplate) bool {
		return len(c.Partners) > 1 && slices.Contains(c.Partners[0].UnitKinds, "PROPERTY_MANAGER")
	})
	if !three {
		t.Error("no contract of three with a property manager in a commercial estate")
	}
	for _, role := range []string{"政策宣传员", "信息联络员", "矛盾调解员", "卫生巡查员", "文化传播员", "文明引导员"} {
		if !slices.ContainsFunc(s.of("OLD_ESTATE", nil).Posts, func(p *Post) bool { return p.Title.Zh == role }) {
			t.Errorf("an old estate without %s", role)
		}
	}
	kinds := map[CommunityType]string{"RURAL": "“三资”", "RESETTLEMENT": "产权"}
	for of, about := range kinds {
		if !slices.ContainsFunc(s.of(of, nil).ContractTemplates, func(c *ContractTemplate) bool { return strings.Contains(c.Title.Zh, about) }) {
			t.Errorf("%s has no contract about %s", of, about)
		}
	}
}

func TestEveryRhythmOfAPlaybookFallsDueWithinItsContract(t *testing.T) {
	const begins, oneYear = scalar.Date("2027-01-01"), 365
	for _, p := range all(t) {
		for _, c := range p.ContractTemplates {
			for _, m := range c.Commitments {
				if m.DueAfterDays != nil && *m.DueAfterDays >= c.Months*28 {
					t.Errorf("%s %s: %q is due after the end", p.Type, c.Key, m.Action.En)
				}
				due(t, p.Type, c.Key, m.Recurrence, begins, begins.AddDays(c.Months*30))
			}
		}
		for _, e := range p.Calendar {
			due(t, p.Type, e.Key, e.Recurrence, begins, begins.AddDays(oneYear))
		}
	}
}

func due(t *testing.T, of CommunityType, key string, rule *string, from, to scalar.Date) {
	t.Helper()
	if rule == nil {
		return
	}
	r, err := recurrence.Parse(*rule)
	if err != nil {
		t.Errorf("%s %s: %v", of, key, err)
		return
	}
	if days, err := recurrence.Dates(r, from, to); err != nil || len(days) == 0 {
		t.Errorf("%s %s: %s is never due: %v", of, key, *rule, err)
	}
}

// What a template of projects asks for is held against the same engine that will hold records against it.
func TestEverySchemaOfAPlaybookCompilesAndDescribesItsFieldsAndForm(t *testing.T) {
	for _, p := range all(t) {
		for _, m := range p.ProjectTemplates {
			s, err := record.Compile(m.RecordSchema())
			if err != nil {
				t.Errorf("%s %s: %v", p.Type, m.Key, err)
				continue
			}
			for _, f := range m.Filterable {
				if err := s.Describes(*f); err != nil {
					t.Errorf("%s %s %s: %v", p.Type, m.Key, f.Path, err)
				}
			}
			var shown []string
			for _, section := range m.Form {
				for _, f := range section.Fields {
					shown = append(shown, string(f.Path))
				}
			}
			var asked struct{ Properties map[string]any }
			if err := json.Unmarshal([]byte(m.Schema), &asked); err != nil {
				t.Fatal(err)
			}
			for name := range asked.Properties {
				if !slices.Contains(shown, "/"+name) {
					t.Errorf("%s %s: the form does not ask for %s", p.Type, m.Key, name)
				}
			}
			if len(shown) != len(asked.Properties) {
				t.Errorf("%s %s: the form asks for %d of %d", p.Type, m.Key, len(shown), len(asked.Properties))
			}
		}
	}
}

// What a need or a resource is about is a leaf of the tree of categories; for whom it is, the room of needs knows; the
// clauses that a contract takes up come with the program.
func TestWhatAPlaybookNamesIsThere(t *testing.T) {
	leaves := map[string]bool{}
	var gather func(all []branch)
	gather = func(all []branch) {
		for _, c := range all {
			leaves[c.Code] = len(c.Children) == 0
			gather(c.Children)
		}
	}
	gather(parsed[[]branch](t, "../category/categories.json"))
	clauses := map[string]bool{}
	for _, c := range parsed[[]struct{ Key string }](t, "../template/shipped/clauses.json") {
		clauses[c.Key] = true
	}
	for _, p := range all(t) {
		for _, n := range p.Needs {
			if !leaves[n.Category] {
				t.Errorf("%s %s: no leaf %s", p.Type, n.Key, n.Category)
			}
			for _, a := range n.Audiences {
				if !slices.Contains(exchange.Audiences(), exchange.Audience(a)) {
					t.Errorf("%s %s: nobody is %s", p.Type, n.Key, a)
				}
			}
		}
		for _, r := range p.Resources {
			if !leaves[r.Category] {
				t.Errorf("%s %s: no leaf %s", p.Type, r.Key, r.Category)
			}
		}
		for _, c := range p.ContractTemplates {
			for _, key := range c.LibraryClauses {
				if !clauses[key] {
					t.Errorf("%s %s: no clause %s", p.Type, c.Key, key)
				}
			}
		}
	}
}

type branch struct {
	Code     string
	Children []branch
}

func parsed[T any](t *testing.T, name string) T {
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

// Chinese is written with full-width marks and in Chinese, English in English.
func TestBothLanguagesOfAPlaybookAreWrittenAsTheirReadersWriteThem(t *testing.T) {
	chinese := func(r rune) bool { return unicode.Is(unicode.Han, r) }
	halfWidth := regexp.MustCompile(`[\p{Han}][,;:!?()]|[,;:!?()][\p{Han}]`)
	for _, p := range all(t) {
		for _, w := range texts(t, p) {
			if !strings.ContainsFunc(w.Zh, chinese) && w.Zh != "%" || halfWidth.MatchString(w.Zh) {
				t.Errorf("%s: %q is no Chinese", p.Type, w.Zh)
			}
			if strings.ContainsFunc(w.En, chinese) || strings.ContainsAny(w.En, "，。；：！？（）") {
				t.Errorf("%s: %q is no English", p.Type, w.En)
			}
		}
	}
}

// texts are all texts of a playbook in both languages: every object in its file with a zh and an en.
func texts(t *testing.T, p *Playbook) []Words {
	t.Helper()
	raw, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	var found []Words
	var walk func(any)
	walk = func(v any) {
		switch x := v.(type) {
		case []any:
			for _, e := range x {
				walk(e)
			}
		case map[string]any:
			zh, has := x["Zh"].(string)
			en, too := x["En"].(string)
			if has && too {
				found = append(found, Words{Zh: zh, En: en})
			}
			for _, e := range x {
				walk(e)
			}
		}
	}
	walk(v)
	if len(found) < 200 {
		t.Fatalf("found only %d texts: does the search still work?", len(found))
	}
	return found
}

// Playbooks are of organisations and services. Nothing in them is of belief, of study, of petitions, of a household's life
// or of who somebody is.
func TestNothingInAPlaybookIsAboutAPersonOrWhatTheyBelieve(t *testing.T) {
	personal := []string{
		"身份证", "手机号", "电话号码", "姓名", "住址", "门牌", "籍贯", "民族", "宗教", "信仰", "党员", "党课", "党费", "入党", "思想汇报", "组织生活", "学习强国", "心得",
		"信访", "上访", "病史", "病历", "确诊", "残疾证", "低保户名单", "收入情况", "婚姻", "离婚", "家庭矛盾", "前科", "排名", "先进个人", "积分榜",
		"identity card", "identity number", "telephone number", "belief", "religio", "party member", "petition", "diagnos", "medical record", "marriage", "divorce", "ranking", "leaderboard",
	}
	digits := regexp.MustCompile(`1[3-9][0-9]{9}|[0-9]{17}[0-9Xx]`)
	for _, p := range all(t) {
		for _, w := range texts(t, p) {
			for _, said := range []string{w.Zh, strings.ToLower(w.En)} {
				for _, word := range personal {
					if strings.Contains(said, word) {
						t.Errorf("%s: %q holds %q", p.Type, said, word)
					}
				}
				if digits.MatchString(said) {
					t.Errorf("%s: %q holds a number of a person", p.Type, said)
				}
			}
		}
	}
}

// The facts of a part rest on reported examples: each is one of those that the demonstration shows.
func TestTheBasisOfAPartIsAnExampleThatIsKnown(t *testing.T) {
	file := parsed[struct{ Sources []struct{ Key string } }](t, "../demo/data/co-building.seed.json")
	known := map[string]bool{}
	for _, s := range file.Sources {
		known[s.Key] = true
	}
	rests := 0
	for _, p := range all(t) {
		for _, part := range p.parts {
			b, ok := part.of.(interface{ basis() []string })
			if !ok {
				continue
			}
			for _, key := range b.basis() {
				rests++
				if !known[key] {
					t.Errorf("%s %s rests on %s, which is not known", p.Type, part.Key, key)
				}
			}
		}
	}
	if rests < 100 {
		t.Errorf("only %d parts rest on examples", rests)
	}
}

func (b Basis) basis() []string { return b.Basis }

// What communities took is told by the versions that they took it from.
func TestAReleasedPlaybookNeverChanges(t *testing.T) {
	raw, err := os.ReadFile("testdata/released.txt")
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, p := range all(t) {
		have = append(have, p.line())
	}
	if got := strings.Join(have, "\n") + "\n"; got != string(raw) {
		t.Errorf("a playbook that was released is never changed: make the next version. The files say\n%s", got)
	}
}

// line is a playbook with the print of all of its parts, as testdata/released.txt has it.
func (p *Playbook) line() string {
	var all strings.Builder
	for _, part := range p.parts {
		all.WriteString(part.Key + part.print)
	}
	sum := sha256.Sum256([]byte(string(p.IssuedOn) + p.Title.Zh + p.Title.En + p.Summary.Zh + p.Summary.En + all.String()))
	return string(p.Type) + " " + strconv.Itoa(p.Version) + " " + hex.EncodeToString(sum[:])
}
