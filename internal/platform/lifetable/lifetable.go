// Package lifetable reads the tables of docs/contract-life.md, from which tests make their cases: what the page says to
// people and what the program does cannot part.
package lifetable

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// Row is a line of a table: in a state, by a verb, who leads it to which states.
type Row struct {
	State, Verb string
	Who         []string
	To          []string
}

// Read reads the table below a heading of a page.
func Read(page, heading string) ([]Row, error) {
	raw, err := os.ReadFile(page) //nolint:gosec // tests name a page of the repository
	if err != nil {
		return nil, err
	}
	_, part, found := strings.Cut(string(raw), "\n## "+heading+"\n")
	if !found {
		return nil, fmt.Errorf("%s has no part %q", page, heading)
	}
	part, _, _ = strings.Cut(part, "\n## ")
	var rows []Row
	for line := range strings.Lines(part) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if !strings.HasPrefix(line, "|") || len(cells) != 4 {
			continue
		}
		for i, c := range cells {
			cells[i] = strings.Trim(strings.TrimSpace(c), "`")
		}
		if cells[0] == "State" || cells[0] == "状态" || strings.HasPrefix(cells[0], "-") {
			continue
		}
		r := Row{State: cells[0], Verb: cells[1], Who: split(strings.ReplaceAll(cells[2], "；", ";"), ";"), To: split(cells[3], ",")}
		if Find(rows, r.State, r.Verb) != nil {
			return nil, fmt.Errorf("%s, %s: %s in %s stands twice", page, heading, r.Verb, r.State)
		}
		rows = append(rows, r)
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("%s, %s: no table", page, heading)
	}
	return rows, nil
}

// Find is the row of a verb in a state; nil where there is none.
func Find(rows []Row, state, verb string) *Row {
	i := slices.IndexFunc(rows, func(r Row) bool { return r.State == state && r.Verb == verb })
	if i < 0 {
		return nil
	}
	return &rows[i]
}

func split(s, by string) []string {
	var out []string
	for p := range strings.SplitSeq(s, by) {
		if p = strings.Trim(strings.TrimSpace(p), "`"); p != "" {
			out = append(out, p)
		}
	}
	return out
}
