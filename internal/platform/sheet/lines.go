package sheet

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// readLines reads JSON lines.
func readLines(from Source, b Bounds) (Reader, error) {
	text, err := decoded(from)
	if err != nil {
		return nil, err
	}
	return &lineReader{in: bufio.NewReaderSize(text, 64<<10), from: text, b: b}, nil
}

// lineReader reads JSON lines. What makes an object doubtful is refused: a key that comes twice, anything behind it.
type lineReader struct {
	in   *bufio.Reader
	from io.Closer
	b    Bounds
	line int
	told int // lines handed out
}

func (*lineReader) Header() []string { return nil }
func (r *lineReader) Close() error   { return r.from.Close() }

// Next reads the next line in which something stands.
func (r *lineReader) Next() (Line, error) {
	for {
		text, err := r.text()
		if err != nil {
			return Line{}, err
		}
		if text = bytes.TrimSpace(text); len(text) == 0 {
			continue
		}
		if r.told++; r.told > r.b.Lines {
			return Line{}, fault.New(fault.Invalid, CodeLines, "max", r.b.Lines)
		}
		if err := object(text, r.line); err != nil {
			return Line{Number: r.line, Bad: err}, nil
		}
		return Line{Number: r.line, Object: text}, nil
	}
}

// text reads up to the end of the line.
func (r *lineReader) text() ([]byte, error) {
	var all []byte
	for {
		part, err := r.in.ReadSlice('\n')
		if all = append(all, part...); len(all) > r.b.Line {
			return nil, fault.New(fault.Invalid, CodeLine, "line", r.line+1, "max", r.b.Line)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(all) == 0:
			if r.line == 0 || r.told == 0 {
				return nil, fault.New(fault.Invalid, CodeEmpty)
			}
			return nil, io.EOF
		case err != nil && !errors.Is(err, io.EOF):
			return nil, err
		}
		r.line++
		return all, nil
	}
}

// object checks that a line is one JSON object in which no key comes twice.
func object(text []byte, line int) error {
	if !utf8.Valid(text) || bytes.ContainsRune(text, utf8.RuneError) {
		return fault.New(fault.Invalid, CodeEncoding, "line", line, "column", 1)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	bad := func() error {
		return fault.New(fault.Invalid, CodeNotJSON, "line", line, "column", d.InputOffset()+1)
	}
	t, err := d.Token()
	if err != nil || t != json.Delim('{') {
		return bad()
	}
	if err := members(d, line, bad); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return bad()
	}
	return nil
}

// members reads an object whose beginning was read.
func members(d *json.Decoder, line int, bad func() error) error {
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return bad()
		}
		key, _ := t.(string)
		if seen[key] {
			return fault.New(fault.Invalid, CodeTwice, "line", line, "column", shown(key))
		}
		seen[key] = true
		if err := value(d, line, bad); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return bad()
	}
	return nil
}

// value reads a value, however deep: the decoder bounds that.
func value(d *json.Decoder, line int, bad func() error) error {
	t, err := d.Token()
	switch {
	case err != nil:
		return bad()
	case t == json.Delim('{'):
		return members(d, line, bad)
	case t == json.Delim('['):
		for d.More() {
			if err := value(d, line, bad); err != nil {
				return err
			}
		}
		if _, err := d.Token(); err != nil {
			return bad()
		}
	}
	return nil
}
