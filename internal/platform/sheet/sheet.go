// Package sheet reads and writes tables as people and programs keep them: JSON lines (NDJSON), CSV and XLSX.
//
// Whatever is read comes from outside: every part is bounded before it is in memory, and what is wrong is told with its
// line and column. Whatever is written can be opened by a spreadsheet program without anything in it being run.
package sheet

import (
	"encoding/json"
	"io"
	"strings"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// Format is a form of tables.
type Format string

// The forms.
const (
	NDJSON Format = "NDJSON" // one JSON object a line
	CSV    Format = "CSV"    // RFC 4180, UTF-8 with a byte order mark
	XLSX   Format = "XLSX"   // the first sheet of a workbook
)

// Formats are all of them.
func Formats() []Format { return []Format{NDJSON, CSV, XLSX} }

// Extension is how the names of files in the form end.
func (f Format) Extension() string { return strings.ToLower(string(f)) }

// MediaType is the form as HTTP names it.
func (f Format) MediaType() string {
	switch f {
	case CSV:
		return "text/csv; charset=utf-8"
	case XLSX:
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	return "application/x-ndjson"
}

// What is wrong with a file. Lines count from 1 as people see them, the header being line 1 of a table.
const (
	CodeEmpty      fault.Code = "TABLE_EMPTY"            //
	CodeUnreadable fault.Code = "FILE_NOT_READABLE"      // format
	CodeEncoding   fault.Code = "FILE_ENCODING"          // line, column
	CodeCell       fault.Code = "CELL_TOO_LONG"          // line, column, max
	CodeLine       fault.Code = "LINE_TOO_LONG"          // line, max
	CodeLines      fault.Code = "LINES_TOO_MANY"         // max
	CodeColumns    fault.Code = "COLUMNS_TOO_MANY"       // max
	CodeTwice      fault.Code = "COLUMN_TWICE"           // line, column
	CodeUnnamed    fault.Code = "COLUMN_WITHOUT_NAME"    // line, place
	CodeSurplus    fault.Code = "CELLS_WITHOUT_COLUMN"   // line, have, want
	CodeQuote      fault.Code = "QUOTE_NOT_CLOSED"       // line, column
	CodeNotJSON    fault.Code = "LINE_NOT_JSON"          // line, column
	CodeUnpacked   fault.Code = "FILE_UNPACKS_TOO_LARGE" // max
)

// Bounds of what is read.
type Bounds struct {
	Cell     int   // characters of a cell
	Line     int   // bytes of a line
	Lines    int   // beside the header
	Columns  int   //
	Unpacked int64 // bytes of a workbook when it is unpacked
}

// Usual are generous to every honest file.
func Usual() Bounds {
	return Bounds{Cell: MaxCell, Line: 1 << 20, Lines: 1_000_000, Columns: 500, Unpacked: 1 << 30}
}

// MaxCell is what a cell of a spreadsheet holds, in characters.
const MaxCell = 32_767

// MaxRows is what a sheet of a spreadsheet holds, the header included.
const MaxRows = 1_048_576

// Line is one line of a file: the cells of a table under its header, or the object of a JSON line.
type Line struct {
	Number int
	Cells  []string        // as many as the header has; nil for JSON lines
	Object json.RawMessage // nil for tables
	Bad    error           // a fault: nothing else of the line is told, and the next one can be read
}

// Reader gives the lines of a file one by one, io.EOF behind the last.
type Reader interface {
	// Header is the names of the columns; nil for JSON lines.
	Header() []string
	Next() (Line, error)
	Close() error
}

// Source opens a file anew: its form of writing is found out before it is read.
type Source func() (io.ReadCloser, error)

// Read begins to read a file. The header of a table is read and checked.
func Read(from Source, f Format, b Bounds) (Reader, error) {
	switch f {
	case CSV:
		return readCSV(from, b)
	case XLSX:
		return readXLSX(from, b)
	}
	return readLines(from, b)
}

// header checks the names of columns.
func header(cells []string, b Bounds) ([]string, error) {
	if len(cells) > b.Columns {
		return nil, fault.New(fault.Invalid, CodeColumns, "max", b.Columns)
	}
	names := make([]string, len(cells))
	seen := map[string]bool{}
	for i, c := range cells {
		names[i] = strings.TrimSpace(c)
		switch {
		case names[i] == "":
			return nil, fault.New(fault.Invalid, CodeUnnamed, "line", 1, "place", i+1)
		case seen[names[i]]:
			return nil, fault.New(fault.Invalid, CodeTwice, "line", 1, "column", shown(names[i]))
		}
		seen[names[i]] = true
	}
	return names, nil
}

// fitted brings the cells of a line under the header: missing ones at the end are empty, surplus ones must be.
func fitted(cells, header []string, line int) ([]string, error) {
	for len(cells) > len(header) && cells[len(cells)-1] == "" {
		cells = cells[:len(cells)-1]
	}
	if len(cells) > len(header) {
		return nil, fault.New(fault.Invalid, CodeSurplus, "line", line, "have", len(cells), "want", len(header))
	}
	for len(cells) < len(header) {
		cells = append(cells, "")
	}
	return cells, nil
}

// trimmed takes the empty cells at the end away.
func trimmed(cells []string) []string {
	for len(cells) > 0 && strings.TrimSpace(cells[len(cells)-1]) == "" {
		cells = cells[:len(cells)-1]
	}
	return cells
}

// empty says whether nothing stands in a line.
func empty(cells []string) bool { return len(trimmed(cells)) == 0 }

// column names a cell's column for people: by the header, or by its place where there is none yet.
func column(header []string, i int) any {
	if i < len(header) {
		return shown(header[i])
	}
	return i + 1
}

// shown is a name from a file, cut to what fits into a sentence.
func shown(s string) string {
	r := []rune(s)
	if len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}
