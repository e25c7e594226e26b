package sheet

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// Cell is what stands in a cell: a text, or a number or truth that a spreadsheet reckons with.
type Cell struct {
	Text   string
	Number bool // the text is a JSON number
	Truth  bool // the text is true or false
}

// Writer writes a table line by line. Nothing is whole before Close.
type Writer interface {
	Write(cells []Cell) error
	Close() error
}

// Write begins a table in a form that has columns.
func Write(to io.Writer, f Format, header []string) (Writer, error) {
	if f == XLSX {
		return writeXLSX(to, header)
	}
	return writeCSV(to, header)
}

type csvWriter struct{ out *csv.Writer }

// writeCSV writes a byte order mark first: without it, spreadsheet programs take the text for the machine's old encoding.
func writeCSV(to io.Writer, header []string) (Writer, error) {
	if _, err := io.WriteString(to, "\uFEFF"); err != nil {
		return nil, err
	}
	w := &csvWriter{csv.NewWriter(to)}
	cells := make([]Cell, len(header))
	for i, h := range header {
		cells[i] = Cell{Text: h}
	}
	return w, w.Write(cells)
}

func (w *csvWriter) Write(cells []Cell) error {
	texts := make([]string, len(cells))
	for i, c := range cells {
		texts[i] = c.Text
		if !c.Number && !c.Truth {
			texts[i] = guarded(c.Text)
		}
	}
	return w.out.Write(texts)
}

func (w *csvWriter) Close() error { w.out.Flush(); return w.out.Error() }

// A cell that begins so is run as a formula by a spreadsheet program that opens a CSV file; plain numbers are not.
var (
	formula   = regexp.MustCompile(`^'*[=+\-@\t\r]`)
	quotation = regexp.MustCompile(`^'+[=+\-@\t\r]`)
	number    = regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]+)?$`)
)

// guarded puts a quotation mark before what would be run. bared takes it away again.
func guarded(s string) string {
	if formula.MatchString(s) && !number.MatchString(s) {
		return "'" + s
	}
	return s
}

func bared(s string) string {
	if quotation.MatchString(s) {
		return s[1:]
	}
	return s
}

type xlsxWriter struct {
	to     io.Writer
	book   *excelize.File
	rows   *excelize.StreamWriter
	header []string
	line   int
}

func writeXLSX(to io.Writer, header []string) (Writer, error) {
	book := excelize.NewFile()
	rows, err := book.NewStreamWriter("Sheet1")
	if err != nil {
		return nil, err
	}
	w := &xlsxWriter{to: to, book: book, rows: rows, header: header}
	if err := rows.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return nil, err
	}
	cells := make([]Cell, len(header))
	for i, h := range header {
		cells[i] = Cell{Text: h}
	}
	return w, w.Write(cells)
}

// Write writes texts as texts, which nothing runs.
func (w *xlsxWriter) Write(cells []Cell) error {
	if w.line++; w.line > MaxRows {
		return fault.New(fault.Refused, CodeLines, "max", MaxRows-1)
	}
	row := make([]any, len(cells))
	for i, c := range cells {
		switch {
		case c.Number:
			row[i] = reckoned(c.Text)
		case c.Truth:
			row[i] = c.Text == "true"
		case len(c.Text) > MaxCell && utf8.RuneCountInString(c.Text) > MaxCell:
			return fault.New(fault.Refused, CodeCell, "line", w.line, "column", column(w.header, i), "max", MaxCell)
		case c.Text != "":
			row[i] = c.Text
		}
	}
	at, err := excelize.CoordinatesToCellName(1, w.line)
	if err != nil {
		return err
	}
	return w.rows.SetRow(at, row)
}

// mostReckoned is from where on a spreadsheet shows numbers no more with all their digits.
const mostReckoned = 1e15

// reckoned is a number as a spreadsheet holds it; one that it would round stays a text.
func reckoned(s string) any {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.Abs(f) >= mostReckoned {
		return s
	}
	return f
}

func (w *xlsxWriter) Close() (err error) {
	defer func() {
		if cerr := w.book.Close(); err == nil {
			err = cerr
		}
	}()
	if err := w.rows.Flush(); err != nil {
		return fmt.Errorf("xlsx: %w", err)
	}
	out := bufio.NewWriterSize(w.to, 64<<10)
	if err := w.book.Write(out); err != nil {
		return fmt.Errorf("xlsx: %w", err)
	}
	return out.Flush()
}
