package sheet

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// readCSV reads a table of comma, semicolon or tab separated values.
func readCSV(from Source, b Bounds) (Reader, error) {
	text, err := decoded(from)
	if err != nil {
		return nil, err
	}
	r := &csvReader{in: bufio.NewReaderSize(text, 64<<10), from: text, b: b, line: 1}
	if err := r.begin(); err != nil {
		return nil, errors.Join(err, text.Close())
	}
	return r, nil
}

// csvReader reads tables. It is its own and not the standard library's, because it must stop within a cell that does not
// end, and say in which column that is.
type csvReader struct {
	in     *bufio.Reader
	from   io.Closer
	b      Bounds
	comma  byte
	header []string

	line  int // of the text, which a cell in quotes may go on over
	lines int // of the table
	size  int // bytes of this line of the table
	cell  strings.Builder
}

func (r *csvReader) Header() []string { return r.header }
func (r *csvReader) Close() error     { return r.from.Close() }

// begin finds the separator and reads the header.
func (r *csvReader) begin() error {
	first, err := r.in.Peek(32 << 10)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return err
	}
	r.comma = separator(first)
	_, cells, err := r.record()
	if errors.Is(err, io.EOF) {
		return fault.New(fault.Invalid, CodeEmpty)
	}
	if err != nil {
		return err
	}
	r.header, err = header(trimmed(cells), r.b)
	return err
}

// separator is what stands most often between the names of the header.
func separator(text []byte) byte {
	counts, quoted := map[byte]int{}, false
	for _, c := range text {
		switch {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '\n' || c == '\r':
			if len(counts) > 0 {
				return most(counts)
			}
		default:
			counts[c]++
		}
	}
	return most(counts)
}

func most(counts map[byte]int) byte {
	best := byte(',')
	for _, c := range []byte{';', '\t'} {
		if counts[c] > counts[best] {
			best = c
		}
	}
	return best
}

// Next reads the next line in which something stands.
func (r *csvReader) Next() (Line, error) {
	for {
		at, cells, err := r.record()
		if err != nil {
			return Line{}, err
		}
		if empty(cells) {
			continue
		}
		if r.lines++; r.lines > r.b.Lines {
			return Line{}, fault.New(fault.Invalid, CodeLines, "max", r.b.Lines)
		}
		if cells, err = fitted(cells, r.header, at); err != nil {
			return Line{Number: at, Bad: err}, nil
		}
		for i, c := range cells {
			cells[i] = bared(c)
		}
		return Line{Number: at, Cells: cells}, nil
	}
}

// record reads the cells of one line, and says where it began.
func (r *csvReader) record() (at int, cells []string, err error) {
	at, r.size = r.line, 0
	for {
		text, end, err := r.read(len(cells), len(cells) == 0)
		if err != nil {
			return at, nil, err
		}
		if !utf8.ValidString(text) || strings.ContainsRune(text, utf8.RuneError) {
			return at, nil, fault.New(fault.Invalid, CodeEncoding, "line", r.lineOf(end), "column", column(r.header, len(cells)))
		}
		if cells = append(cells, text); end != r.comma {
			return at, cells, nil
		}
		if len(cells) > r.b.Columns {
			return at, nil, fault.New(fault.Invalid, CodeColumns, "max", r.b.Columns)
		}
	}
}

// lineOf is the line of the cell just read, where it ended so.
func (r *csvReader) lineOf(end byte) int {
	if end == '\n' {
		return r.line - 1
	}
	return r.line
}

// read reads one cell and what ended it: the separator, or the end of the line. io.EOF is for the end of the file before
// a line has begun.
func (r *csvReader) read(place int, first bool) (string, byte, error) {
	r.cell.Reset()
	c, err := r.byte(place)
	if errors.Is(err, io.EOF) && first {
		return "", 0, io.EOF
	}
	if err == nil && c == '"' {
		return r.quoted(place)
	}
	for ; err == nil; c, err = r.byte(place) {
		switch c {
		case r.comma:
			return r.cell.String(), c, nil
		case '\n':
			r.line++
			return strings.TrimSuffix(r.cell.String(), "\r"), c, nil
		}
		r.cell.WriteByte(c)
	}
	if errors.Is(err, io.EOF) {
		r.line++ // which the end of the file has ended
		return strings.TrimSuffix(r.cell.String(), "\r"), '\n', nil
	}
	return "", 0, err
}

// quoted reads the rest of a cell in quotes.
func (r *csvReader) quoted(place int) (string, byte, error) {
	began := r.line
	for {
		c, err := r.byte(place)
		if errors.Is(err, io.EOF) {
			return "", 0, fault.New(fault.Invalid, CodeQuote, "line", began, "column", column(r.header, place))
		}
		if err != nil {
			return "", 0, err
		}
		if c == '\n' {
			r.line++
		}
		if c != '"' {
			r.cell.WriteByte(c)
			continue
		}
		next, err := r.byte(place)
		switch {
		case errors.Is(err, io.EOF):
			r.line++
			return r.cell.String(), '\n', nil
		case err != nil:
			return "", 0, err
		case next == '"':
			r.cell.WriteByte('"')
		case next == r.comma:
			return r.cell.String(), next, nil
		case next == '\n':
			r.line++
			return r.cell.String(), next, nil
		case next == '\r': // before the end of the line
		default:
			return "", 0, fault.New(fault.Invalid, CodeQuote, "line", r.line, "column", column(r.header, place))
		}
		if next == '\r' {
			return r.closed(place)
		}
	}
}

// closed reads the end of a line behind a cell in quotes.
func (r *csvReader) closed(place int) (string, byte, error) {
	c, err := r.byte(place)
	if errors.Is(err, io.EOF) || err == nil && c == '\n' {
		r.line++
		return r.cell.String(), '\n', nil
	}
	if err != nil {
		return "", 0, err
	}
	return "", 0, fault.New(fault.Invalid, CodeQuote, "line", r.line, "column", column(r.header, place))
}

// byte reads on, within the bounds.
func (r *csvReader) byte(place int) (byte, error) {
	c, err := r.in.ReadByte()
	if err != nil {
		return 0, err
	}
	if r.cell.Len() > utf8.UTFMax*r.b.Cell || utf8.RuneStart(c) && r.cell.Len() > r.b.Cell && utf8.RuneCountInString(r.cell.String()) > r.b.Cell {
		return 0, fault.New(fault.Invalid, CodeCell, "line", r.line, "column", column(r.header, place), "max", r.b.Cell)
	}
	if r.size++; r.size > r.b.Line {
		return 0, fault.New(fault.Invalid, CodeLine, "line", r.line, "max", r.b.Line)
	}
	return c, nil
}
