package graph_test

import (
	"fmt"
	"slices"
	"strings"
)

// table is a section of the matrix: what somebody gets, by field and by caller.
type table struct {
	title   string
	callers []string
	rows    []string                     // the fields in order
	cells   map[string]map[string]string // by field and caller
	scopes  map[string]string            // of root fields: what their token must carry
}

func newTable(title string, callers []string) *table {
	return &table{title: title, callers: callers, cells: map[string]map[string]string{}}
}

func (t *table) set(row, caller, cell string) {
	if t.cells[row] == nil {
		t.cells[row] = map[string]string{}
		t.rows = append(t.rows, row)
	}
	t.cells[row][caller] = cell
}

// cell is what stands in a field; what is below a field that is not there is as that.
func (t *table) cell(row, caller string) string {
	if c, ok := t.cells[row][caller]; ok {
		return c
	}
	if above, ok := cutLast(row); ok {
		return t.cell(above, caller)
	}
	return empty
}

func cutLast(path string) (above string, ok bool) {
	i := strings.LastIndex(path, ".")
	if i < 0 {
		return "", false
	}
	return path[:i], true
}

func (t *table) pattern(row string) string {
	all := make([]string, len(t.callers))
	for i, c := range t.callers {
		all[i] = t.cell(row, c)
	}
	return strings.Join(all, " | ")
}

// lines are the rows of the table: fields that answer everybody alike stand together, and what is below a field is left
// out where it is as the field.
func (t *table) lines() []string {
	var order []string
	groups := map[string][]string{}
	for _, row := range t.rows {
		p := t.pattern(row)
		if above, ok := cutLast(row); ok && t.pattern(above) == p {
			continue
		}
		if t.scopes != nil {
			p = t.scopes[row] + " | " + p
		}
		if groups[p] == nil {
			order = append(order, p)
		}
		groups[p] = append(groups[p], "`"+row+"`")
	}
	lines := make([]string, len(order))
	for i, p := range order {
		lines[i] = "| " + strings.Join(groups[p], " ") + " | " + p + " |"
	}
	return lines
}

// print writes the section as people read it.
func (t *table) print(b *strings.Builder) {
	head := append([]string{"Fields"}, t.callers...)
	if t.scopes != nil {
		head = slices.Insert(head, 1, "scope")
	}
	fmt.Fprintf(b, "\n## %s\n\n| %s |\n|%s\n", t.title, strings.Join(head, " | "), strings.Repeat("---|", len(head)))
	for _, l := range t.lines() {
		b.WriteString(l + "\n")
	}
}

// parse reads printed sections again: the cells by section, field and caller.
func parse(text string) map[string]map[string]map[string]string {
	out := map[string]map[string]map[string]string{}
	var title string
	var head []string
	for line := range strings.SplitSeq(text, "\n") {
		switch {
		case strings.HasPrefix(line, "## "):
			title, head = strings.TrimPrefix(line, "## "), nil
			out[title] = map[string]map[string]string{}
		case !strings.HasPrefix(line, "| ") || title == "":
		case head == nil:
			head = strings.Split(strings.Trim(line, "| "), " | ")
		default:
			cells := strings.Split(strings.Trim(line, "| "), " | ")
			for name := range strings.FieldsSeq(cells[0]) {
				row := map[string]string{}
				for i, c := range cells {
					row[head[i]] = c
				}
				delete(row, "Fields")
				out[title][strings.Trim(name, "`")] = row
			}
		}
	}
	return out
}

// changes tell what differs between two printed matrices, cell by cell.
func changes(was, is string) []string {
	var out []string
	before, after := parse(was), parse(is)
	for title, rows := range after {
		for row, cells := range rows {
			old, ok := before[title][row]
			if !ok {
				out = append(out, fmt.Sprintf("%s, %s: has no row", title, row))
				continue
			}
			for caller, c := range cells {
				if old[caller] != c {
					out = append(out, fmt.Sprintf("%s, %s, %s: was %q, is %q", title, row, caller, old[caller], c))
				}
			}
		}
	}
	for title, rows := range before {
		for row := range rows {
			if _, ok := after[title][row]; !ok {
				out = append(out, fmt.Sprintf("%s, %s: is no more, or as the field above it", title, row))
			}
		}
	}
	slices.Sort(out)
	return out
}
