package bulk

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/cobuild/cobuild/internal/platform/sheet"
)

// assemble puts the files of a job together from what was written, and ends the job. Doing it again does no harm.
func (s *Service) assemble(ctx context.Context, j *Job) error {
	var result *File
	var err error
	if !j.DryRun {
		if result, err = s.result(ctx, j); err != nil {
			return err
		}
	}
	reports := map[string]*File{}
	if j.FailedRows > 0 {
		for _, f := range []sheet.Format{sheet.CSV, sheet.NDJSON} {
			if reports[f.Extension()], err = s.report(ctx, j, f); err != nil {
				return err
			}
		}
	}
	parts := slices.Concat(j.Parts, []string{j.Lines})
	if err := s.end(ctx, j, VerbFinish, func(j *Job) { j.Result, j.Reports, j.Parts, j.Lines = result, reports, nil, "" }); err != nil {
		return err
	}
	for _, p := range parts { // whatever stays goes with the job's files
		if p != "" {
			_ = s.Blobs.Delete(ctx, p)
		}
	}
	return nil
}

// result writes the file of a job.
func (s *Service) result(ctx context.Context, j *Job) (file *File, err error) {
	key := j.fresh(resultFile)
	w, err := s.Blobs.Create(ctx, key)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.Abort()) }()
	if err := s.compose(ctx, j, w); err != nil {
		return nil, err
	}
	wrote, err := w.Commit()
	if err != nil {
		return nil, err
	}
	return &File{Key: key, Name: j.fileName(strings.ToLower(string(j.Kind)), j.Format), Size: wrote.Size, SHA256: wrote.SHA256}, nil
}

// compose writes the rows in the job's form.
func (s *Service) compose(ctx context.Context, j *Job, to io.Writer) error {
	if j.Format == sheet.NDJSON {
		for _, key := range j.Parts {
			if err := s.copyPart(ctx, key, to); err != nil {
				return err
			}
		}
		return nil
	}
	names, titles := j.shape()
	t, err := sheet.Write(to, j.Format, titles)
	if err != nil {
		return err
	}
	f := flat{places: placesOf(names), cells: make([]sheet.Cell, len(names))}
	for _, key := range j.Parts {
		if err := s.each(ctx, key, 0, func(row []byte, _ int64) error {
			if err := f.row(row); err != nil {
				return err
			}
			return t.Write(f.cells)
		}); err != nil {
			return errors.Join(err, t.Close())
		}
	}
	return t.Close()
}

// shape is the columns of the job's file, and what they are called: first those that were given titles, in that order, and
// no others; else all.
func (j *Job) shape() (names, titles []string) {
	if j.Kind == Import {
		return []string{"line", "id", "replayed"}, []string{"line", "id", "replayed"}
	}
	if len(j.Mapping) == 0 {
		return j.Plan.Columns, j.Plan.Columns
	}
	for _, c := range j.Mapping {
		names, titles = append(names, c.Field), append(titles, c.Title)
	}
	return names, titles
}

func (s *Service) copyPart(ctx context.Context, key string, to io.Writer) (err error) {
	in, _, err := s.Blobs.Read(ctx, key)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	_, err = io.Copy(to, in)
	return err
}

// errEnough ends a walk over lines.
var errEnough = errors.New("bulk: enough")

// each hands out the lines of a file of ours, with the place behind each.
func (s *Service) each(ctx context.Context, key string, from int64, fn func(row []byte, end int64) error) (err error) {
	in, err := s.Blobs.ReadRange(ctx, key, from, -1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	r := bufio.NewReaderSize(in, 256<<10)
	var long []byte
	for {
		row, err := r.ReadSlice('\n')
		from += int64(len(row))
		if errors.Is(err, bufio.ErrBufferFull) {
			long = append(long, row...)
			continue
		}
		if errors.Is(err, io.EOF) {
			return nil // what we write ends with a line's end
		}
		if err != nil {
			return err
		}
		if len(long) > 0 {
			row, long = append(long, row...), nil
		}
		if err := fn(row[:len(row)-1], from); err != nil {
			if errors.Is(err, errEnough) {
				return nil
			}
			return err
		}
	}
}

// flat lays the rows of a list into cells.
type flat struct {
	places map[string]any // by name a number of a cell, or the places below
	cells  []sheet.Cell
}

// placesOf makes the tree of names joined by dots.
func placesOf(names []string) map[string]any {
	root := map[string]any{}
	for i, name := range names {
		at := root
		steps := strings.Split(name, ".")
		for _, step := range steps[:len(steps)-1] {
			below, ok := at[step].(map[string]any)
			if !ok {
				below = map[string]any{}
				at[step] = below
			}
			at = below
		}
		at[steps[len(steps)-1]] = i
	}
	return root
}

func (f *flat) row(raw []byte) error {
	clear(f.cells)
	if err := f.object(raw, f.places); err != nil {
		return fmt.Errorf("bulk: row: %w", err)
	}
	return nil
}

func (f *flat) object(raw []byte, places map[string]any) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return err
	}
	for name, v := range fields {
		var err error
		switch at := places[name].(type) {
		case int:
			f.cells[at], err = cellOf(v)
		case map[string]any:
			if !bytes.Equal(v, []byte("null")) {
				err = f.object(v, at)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// cellOf is a value as a cell shows it: a text without its quotes, a list as JSON, nothing for null.
func cellOf(v json.RawMessage) (sheet.Cell, error) {
	switch {
	case bytes.Equal(v, []byte("null")), bytes.Equal(v, []byte("[]")):
		return sheet.Cell{}, nil
	case v[0] == '"':
		var s string
		err := json.Unmarshal(v, &s)
		return sheet.Cell{Text: s}, err
	case v[0] == 't' || v[0] == 'f':
		return sheet.Cell{Text: string(v), Truth: true}, nil
	case v[0] == '[' || v[0] == '{':
		return sheet.Cell{Text: string(v)}, nil
	}
	return sheet.Cell{Text: string(v), Number: true}, nil
}
