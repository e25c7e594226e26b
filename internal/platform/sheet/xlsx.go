package sheet

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// Bounds of workbooks.
const (
	mostParts = 2000      // files in a workbook
	inMemory  = 4 << 20   // bytes of a part of a workbook above which it is read from the disk
	packed    = 256 << 20 // bytes of a workbook as it comes
)

// readXLSX reads the first sheet of a workbook, cells as they are shown.
func readXLSX(from Source, b Bounds) (Reader, error) {
	path, err := spooled(from)
	if err != nil {
		return nil, err
	}
	r := &xlsxReader{path: path, b: b}
	if err := r.begin(); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

type xlsxReader struct {
	path   string
	book   *excelize.File
	rows   *excelize.Rows
	b      Bounds
	header []string
	line   int
	lines  int
}

func (r *xlsxReader) Header() []string { return r.header }

// Close lets go of the workbook and of its copy.
func (r *xlsxReader) Close() error {
	var errs []error
	if r.rows != nil {
		errs = append(errs, r.rows.Close())
	}
	if r.book != nil {
		errs = append(errs, r.book.Close())
	}
	return errors.Join(append(errs, os.Remove(r.path))...)
}

// spooled copies a workbook to the disk, since its table of contents is at its end.
func spooled(from Source) (path string, err error) {
	in, err := from()
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	out, err := os.CreateTemp("", "cobuild-*.xlsx")
	if err != nil {
		return "", err
	}
	n, err := io.Copy(out, io.LimitReader(in, packed+1))
	if err == nil && n > packed {
		err = fault.New(fault.Invalid, CodeUnpacked, "max", packed)
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return "", errors.Join(err, os.Remove(out.Name()))
	}
	return out.Name(), nil
}

func (r *xlsxReader) begin() error {
	if err := r.fits(); err != nil {
		return err
	}
	var err error
	r.book, err = excelize.OpenFile(r.path, excelize.Options{UnzipSizeLimit: r.b.Unpacked, UnzipXMLSizeLimit: inMemory})
	if err != nil {
		return unreadable(err)
	}
	sheets := r.book.GetSheetList()
	if len(sheets) == 0 {
		return fault.New(fault.Invalid, CodeEmpty)
	}
	if r.rows, err = r.book.Rows(sheets[0]); err != nil {
		return unreadable(err)
	}
	cells, err := r.read()
	for err == nil && empty(cells) {
		cells, err = r.read()
	}
	if errors.Is(err, io.EOF) {
		return fault.New(fault.Invalid, CodeEmpty)
	}
	if err != nil {
		return err
	}
	r.header, err = header(trimmed(cells), r.b)
	return err
}

func unreadable(err error) error {
	return fault.New(fault.Invalid, CodeUnreadable, "format", XLSX).Because(err)
}

// fits looks at the workbook's table of contents before anything of it is unpacked. What it says of sizes is held against
// the bytes when they are read.
func (r *xlsxReader) fits() (err error) {
	z, err := zip.OpenReader(r.path)
	if err != nil {
		return unreadable(err)
	}
	defer func() { err = errors.Join(err, z.Close()) }()
	if len(z.File) > mostParts {
		return unreadable(fmt.Errorf("%d parts", len(z.File)))
	}
	sum := uint64(0)
	for _, f := range z.File {
		if f.UncompressedSize64 > uint64(r.b.Unpacked) { //nolint:gosec // a bound of ours
			return fault.New(fault.Invalid, CodeUnpacked, "max", r.b.Unpacked)
		}
		if sum += f.UncompressedSize64; sum > uint64(r.b.Unpacked) { //nolint:gosec // likewise
			return fault.New(fault.Invalid, CodeUnpacked, "max", r.b.Unpacked)
		}
	}
	return nil
}

// Next reads the next line in which something stands.
func (r *xlsxReader) Next() (Line, error) {
	for {
		cells, err := r.read()
		if err != nil {
			return Line{}, err
		}
		if empty(cells) {
			continue
		}
		if r.lines++; r.lines > r.b.Lines {
			return Line{}, fault.New(fault.Invalid, CodeLines, "max", r.b.Lines)
		}
		if cells, err = fitted(cells, r.header, r.line); err != nil {
			return Line{Number: r.line, Bad: err}, nil
		}
		return Line{Number: r.line, Cells: cells}, nil
	}
}

// read reads the next row.
func (r *xlsxReader) read() ([]string, error) {
	if !r.rows.Next() {
		if err := r.rows.Error(); err != nil {
			return nil, unreadable(err)
		}
		return nil, io.EOF
	}
	r.line++
	cells, err := r.rows.Columns()
	if err != nil {
		return nil, unreadable(err)
	}
	if len(cells) > r.b.Columns && len(trimmed(cells)) > r.b.Columns {
		return nil, fault.New(fault.Invalid, CodeColumns, "max", r.b.Columns)
	}
	for i, c := range cells {
		if len(c) > r.b.Cell && utf8.RuneCountInString(c) > r.b.Cell {
			return nil, fault.New(fault.Invalid, CodeCell, "line", r.line, "column", column(r.header, i), "max", r.b.Cell)
		}
		cells[i] = strings.ToValidUTF8(c, "\uFFFD")
	}
	return cells, nil
}
