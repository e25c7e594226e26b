package sheet_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/text/encoding/simplifiedchinese"
	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/sheet"
)

// from is a file that can be opened again and again.
func from(text []byte) sheet.Source {
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }
}

// small are bounds that a test reaches.
func small() sheet.Bounds {
	return sheet.Bounds{Cell: 50, Line: 2000, Lines: 4, Columns: 5, Unpacked: 64 << 10}
}

// all reads a file to its end.
func all(text []byte, f sheet.Format, b sheet.Bounds) (header []string, lines []sheet.Line, err error) {
	r, err := sheet.Read(from(text), f, b)
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	for {
		l, err := r.Next()
		if errors.Is(err, io.EOF) {
			return r.Header(), lines, nil
		}
		if err == nil {
			err = l.Bad
		}
		if err != nil {
			return r.Header(), lines, err
		}
		lines = append(lines, l)
	}
}

// table writes a table of texts.
func table(t testing.TB, f sheet.Format, header []string, rows [][]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := sheet.Write(&b, f, header)
	for _, r := range rows {
		cells := make([]sheet.Cell, len(r))
		for i, c := range r {
			cells[i].Text = c
		}
		err = errors.Join(err, w.Write(cells))
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	rows := [][]string{
		{"=1+1", "'=1", "-5", "+86 510", "@me"}, {"锡城\n二小", `says "no"`, "a,b;c\td", " spaced ", "x"}, {"", "", "", "", "last"},
	}
	header := []string{"名称", "b", "c", "d", "e"}
	for _, f := range []sheet.Format{sheet.CSV, sheet.XLSX} {
		got, lines, err := all(table(t, f, header, rows), f, sheet.Usual())
		if err != nil || !slices.Equal(got, header) || len(lines) != len(rows) {
			t.Fatalf("%s: %v, %d lines, %v", f, got, len(lines), err)
		}
		for i, l := range lines {
			if !slices.Equal(l.Cells, rows[i]) {
				t.Errorf("%s: line %d is %q", f, l.Number, l.Cells)
			}
		}
	}
}

func TestNothingThatIsWrittenIsRunByASpreadsheet(t *testing.T) {
	text := string(table(t, sheet.CSV, []string{"a"}, [][]string{{"=HYPERLINK(\"http://x\")"}, {"@x"}, {"-2+3"}, {"+1 2"}, {"-5.5"}}))
	if !strings.HasPrefix(text, "\uFEFFa\n") {
		t.Errorf("it begins with %q", text[:6])
	}
	for _, line := range strings.Split(strings.TrimSpace(text), "\n")[1:5] {
		if !strings.HasPrefix(strings.Trim(line, `"`), "'") {
			t.Errorf("%q would be run", line)
		}
	}
	if !strings.Contains(text, "\n-5.5\n") {
		t.Error("a number is no number any more")
	}
}

func TestTextsAreReadInEveryEncodingThatSpreadsheetsSave(t *testing.T) {
	const text = "名称,地址\r\n锡城第二小学,\"中山路 1 号\n二楼\"\r\n"
	gb, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	wide := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(text)) {
		wide = append(wide, byte(u), byte(u>>8))
	}
	for name, raw := range map[string][]byte{
		"UTF-8": []byte(text), "with a mark": []byte("\uFEFF" + text), "UTF-16": wide, "GB 18030": gb,
		"semicolons": []byte(strings.Replace(strings.Replace(text, ",", ";", 1), ",\"", ";\"", 1)), "tabs": []byte(strings.ReplaceAll(text, ",", "\t")),
	} {
		header, lines, err := all(raw, sheet.CSV, sheet.Usual())
		if err != nil || len(lines) != 1 || header[0] != "名称" || lines[0].Cells[1] != "中山路 1 号\n二楼" || lines[0].Number != 2 {
			t.Errorf("%s: %q, %+v, %v", name, header, lines, err)
		}
	}
}

func TestWhatIsWrongWithAFileIsToldWithItsLineAndColumn(t *testing.T) {
	long := strings.Repeat("x", 51)
	for name, c := range map[string]struct {
		format sheet.Format
		text   string
		code   fault.Code
		line   any
		column any
	}{
		"nothing":                     {sheet.CSV, "", sheet.CodeEmpty, nil, nil},
		"nothing in JSON":             {sheet.NDJSON, " \n\n", sheet.CodeEmpty, nil, nil},
		"no workbook":                 {sheet.XLSX, "name\nx\n", sheet.CodeUnreadable, nil, nil},
		"two columns of one name":     {sheet.CSV, "a,b,a\n", sheet.CodeTwice, 1, "a"},
		"a column without a name":     {sheet.CSV, "a,,b\n", sheet.CodeUnnamed, 1, nil},
		"too many columns":            {sheet.CSV, "a,b,c,d,e,f\n", sheet.CodeColumns, nil, nil},
		"too many lines":              {sheet.CSV, "a\n1\n2\n3\n4\n5\n", sheet.CodeLines, nil, nil},
		"a cell too long":             {sheet.CSV, "a,b\n1,2\n3," + long + "\n", sheet.CodeCell, 3, "b"},
		"a quoted cell without end":   {sheet.CSV, "a,b\n1,\"2\n", sheet.CodeQuote, 2, "b"},
		"a quotation mark in a text":  {sheet.CSV, "a,b\n\"1\"2,3\n", sheet.CodeQuote, 2, "a"},
		"more cells than columns":     {sheet.CSV, "a,b\n1,2,3\n", sheet.CodeSurplus, 2, nil},
		"neither UTF-8 nor GB 18030":  {sheet.CSV, "a,b\n1,\xff\xff\n", sheet.CodeEncoding, 2, "b"},
		"no JSON":                     {sheet.NDJSON, "{\"a\":1}\n{\"a\":}\n", sheet.CodeNotJSON, 2, int64(6)},
		"a list and no object":        {sheet.NDJSON, "[1]\n", sheet.CodeNotJSON, 1, int64(2)},
		"two objects in a line":       {sheet.NDJSON, "{} {}\n", sheet.CodeNotJSON, 1, int64(5)},
		"a key twice":                 {sheet.NDJSON, "{\"a\":1,\"a\":2}\n", sheet.CodeTwice, 1, "a"},
		"a key twice, deeper":         {sheet.NDJSON, "{\"a\":[{\"b\":1,\"b\":2}]}\n", sheet.CodeTwice, 1, "b"},
		"a JSON line without its end": {sheet.NDJSON, "{\"a\":\"" + strings.Repeat("x", 3000), sheet.CodeLine, 1, nil},
	} {
		_, _, err := all([]byte(c.text), c.format, small())
		f := fault.Of(err)
		if err == nil || f.Code != c.code || f.Params["line"] != c.line || f.Params["column"] != c.column {
			t.Errorf("%s: %s %v", name, f.Code, f.Params)
		}
	}
}

// endless is a cell that never ends.
type endless struct{ read int64 }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	if e.read == 0 {
		copy(p, "a,b\n1,\"")
	}
	e.read += int64(len(p))
	return len(p), nil
}
func (*endless) Close() error { return nil }

func TestACellWithoutEndIsGivenUpAtItsBound(t *testing.T) {
	var last *endless
	r, err := sheet.Read(func() (io.ReadCloser, error) {
		if last == nil { // the first look, for the encoding, must not go on for ever either
			last = &endless{}
			return io.NopCloser(strings.NewReader("a,b\n")), nil
		}
		last = &endless{}
		return last, nil
	}, sheet.CSV, sheet.Usual())
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Next()
	if f := fault.Of(err); f.Code != sheet.CodeCell || f.Params["column"] != "b" {
		t.Errorf("%v", err)
	}
	if last.read > 1<<20 {
		t.Errorf("%d bytes were read of it", last.read)
	}
}

func TestAWorkbookThatWouldUnpackTooLargeIsNotUnpacked(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("xl/worksheets/sheet1.xml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(w, zeros{}, 1<<20); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if b.Len() > 4096 {
		t.Fatalf("the bomb has %d bytes", b.Len())
	}
	if _, _, err := all(b.Bytes(), sheet.XLSX, small()); !fault.Is(err, sheet.CodeUnpacked) {
		t.Errorf("%v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestANumberStaysANumberAndALongOneLosesNothing(t *testing.T) {
	var b bytes.Buffer
	w, err := sheet.Write(&b, sheet.XLSX, []string{"n", "long", "yes"})
	if err == nil {
		err = w.Write([]sheet.Cell{{Text: "12", Number: true}, {Text: "9007199254740993", Number: true}, {Text: "true", Truth: true}})
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	_, lines, err := all(b.Bytes(), sheet.XLSX, sheet.Usual())
	if err != nil || !slices.Equal(lines[0].Cells, []string{"12", "9007199254740993", "TRUE"}) {
		t.Errorf("%+v %v", lines, err)
	}
	if err := func() error {
		w, _ := sheet.Write(io.Discard, sheet.XLSX, []string{"a"})
		return w.Write([]sheet.Cell{{Text: strings.Repeat("字", sheet.MaxCell+1)}})
	}(); !fault.Is(err, sheet.CodeCell) {
		t.Errorf("a text that a cell does not hold: %v", err)
	}
}

func TestAnyTableSurvivesTheWayThroughAFile(t *testing.T) {
	cell := rapid.StringMatching(`[ -~锡城二小，；\n\t]{0,20}`)
	rapid.Check(t, func(rt *rapid.T) {
		width := rapid.IntRange(1, 5).Draw(rt, "columns")
		header := make([]string, width)
		for i := range header {
			header[i] = fmt.Sprintf("c%d", i)
		}
		var rows [][]string
		for range rapid.IntRange(1, 6).Draw(rt, "rows") {
			row := rapid.SliceOfN(cell, width, width).Draw(rt, "row")
			row[0] = "x" + row[0] // a line in which nothing stands is none
			rows = append(rows, row)
		}
		_, lines, err := all(table(t, sheet.CSV, header, rows), sheet.CSV, sheet.Usual())
		if err != nil || len(lines) != len(rows) {
			rt.Fatalf("%d lines of %d, %v", len(lines), len(rows), err)
		}
		for i, l := range lines {
			if !slices.Equal(l.Cells, rows[i]) {
				rt.Fatalf("%q became %q", rows[i], l.Cells)
			}
		}
	})
}

// read reads whatever there is: it ends, and tells nothing but faults.
func read(t *testing.T, f sheet.Format, text []byte) {
	t.Helper()
	r, err := sheet.Read(from(text), f, small())
	for err == nil {
		var l sheet.Line
		if l, err = r.Next(); err == nil && l.Number < 1 {
			t.Fatalf("line %d", l.Number)
		}
	}
	if f := fault.Of(err); !errors.Is(err, io.EOF) && f.Code == fault.CodeInternal {
		t.Errorf("%v", err)
	}
}

func FuzzCSV(f *testing.F) {
	for _, seed := range []string{"", "a,b\n1,2\n", "\xff\xfea\x00", "a;b\r\n\"x\"\"y\";\r\n", "a\n\"\n", "a\xb0\xa1\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) { read(t, sheet.CSV, text) })
}

func FuzzNDJSON(f *testing.F) {
	for _, seed := range []string{"", "{\"a\":1}\n", "{\"a\":[{}]}", "{\"a\":1,\"a\":2}\n[", "null\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) { read(t, sheet.NDJSON, text) })
}

func FuzzXLSX(f *testing.F) {
	f.Add(table(f, sheet.XLSX, []string{"a", "b"}, [][]string{{"1", "x"}}))
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, text []byte) { read(t, sheet.XLSX, text) })
}
