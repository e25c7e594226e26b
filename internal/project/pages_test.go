package project_test

import (
	"slices"
	"testing"

	"github.com/cobuild/cobuild/internal/platform/lifetable"
	"github.com/cobuild/cobuild/internal/project"
)

// life is what a page says of one of the two lives. It is read off the page, not off the program, so that neither can change
// without the other.
func life(t *testing.T, page string, k project.Kind) []lifetable.Row {
	t.Helper()
	rows, err := lifetable.Read("../../docs/"+page, map[string]string{
		"projects.md" + string(project.Ordinary):           "The life of an ordinary project",
		"projects.md" + string(project.SecretaryLed):       "The life of a secretary-led project",
		"projects.zh-CN.md" + string(project.Ordinary):     "普通项目的状态",
		"projects.zh-CN.md" + string(project.SecretaryLed): "书记项目的状态",
	}[page+string(k)])
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// told is where a page says that a verb leads from a state.
func told(rows []lifetable.Row, s project.Status, v project.Verb) (to project.Status, ok bool) {
	row := lifetable.Find(rows, string(s), string(v))
	if row == nil || len(row.To) != 1 {
		return "", false
	}
	return project.Status(row.To[0]), true
}

// callerOf is which of the tests' people the page means.
func callerOf(word string) string {
	return map[string]string{
		"who leads": "secretary", "a partner": "partner", "the secretary": "secretary", "the sub-district": "officer", "the district": "chief",
	}[word]
}

// inChinese is the same word on the Chinese page.
func inChinese(word string) string {
	return map[string]string{
		"who leads": "牵头单位", "a partner": "参与单位", "the secretary": "社区书记", "the sub-district": "街道", "the district": "区",
	}[word]
}

// The tables of the pages are the program's, in every state and for every verb of both lives.
func TestTheLivesOfProjectsAreAsThePagesTellThem(t *testing.T) {
	h := newHouse(t)
	form := h.template()
	for k, begins := range map[project.Kind]struct {
		verb string
		in   project.Status
	}{project.Ordinary: {"createProject", project.Planned}, project.SecretaryLed: {"applySecretaryProject", project.Applied}} {
		rows := life(t, "projects.md", k)
		n := 1
		if first := lifetable.Find(rows, "–", begins.verb); first == nil || !slices.Equal(first.To, []string{string(begins.in)}) {
			t.Errorf("%s begins with %+v", k, first)
		}
		h.brought(k, begins.in, form) // and fails the test where it does not
		for _, s := range project.Statuses() {
			for _, v := range project.Verbs() {
				want, says := told(rows, s, v)
				if says {
					n++
				}
				if have, has := project.Target(k, s, v); has != says || have != want {
					t.Errorf("%s in a %s project that is %s leads to %q, the page says %q", v, k, s, have, want)
				}
			}
		}
		if n != len(rows) {
			t.Errorf("%s: of %d rows %d are of this life", k, len(rows), n)
		}
	}
}

func TestBothPagesTellTheSameLives(t *testing.T) {
	for _, k := range []project.Kind{project.Ordinary, project.SecretaryLed} {
		want, got := life(t, "projects.md", k), life(t, "projects.zh-CN.md", k)
		if len(got) != len(want) {
			t.Fatalf("%s: %d lines in Chinese, %d in English", k, len(got), len(want))
		}
		for i, w := range want {
			for j, who := range w.Who {
				w.Who[j] = inChinese(who)
			}
			if g := got[i]; w.State != g.State || w.Verb != g.Verb || !slices.Equal(w.Who, g.Who) || !slices.Equal(w.To, g.To) {
				t.Errorf("%s, line %d: %+v in Chinese, %+v in English", k, i+1, g, w)
			}
		}
	}
}
