package bulk

import (
	"context"
	"encoding/json"
	"io"
	"iter"
	"strconv"

	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/sheet"
)

// writeErrors writes the lines of an import with which something is wrong, each with what that is and what stood in it, so
// that they can be mended and sent again.
func (s *Service) writeErrors(ctx context.Context, j *Job, f sheet.Format, to io.Writer) error {
	ctx = authz.AsSystem(ctx)
	add, end, err := s.errorsIn(j, f, to)
	if err != nil {
		return err
	}
	pull, stop := iter.Pull2(s.lines.Walk(ctx, byJob.Is(j.ID), byNumber.Asc()))
	defer stop()
	l, err, more := pull()
	walk := func(raw []byte, _ int64) error {
		if err != nil {
			return err
		}
		if !more {
			return errEnough
		}
		var r row
		if err := json.Unmarshal(raw, &r); err != nil {
			return err
		}
		if r.Line != l.Number {
			return nil
		}
		if err := add(&r, l.Problems); err != nil {
			return err
		}
		l, err, more = pull()
		return nil
	}
	if err := s.each(ctx, j.Lines, 0, walk); err != nil {
		return err
	}
	return end()
}

// errorsIn says how wrong lines are written in a form.
func (s *Service) errorsIn(j *Job, f sheet.Format, to io.Writer) (add func(*row, []*Problem) error, end func() error, err error) {
	if f != sheet.CSV {
		out := json.NewEncoder(to)
		out.SetEscapeHTML(false)
		return func(r *row, ps []*Problem) error { return out.Encode(r.told(j.Header, ps)) }, func() error { return nil }, nil
	}
	header := append([]string{"line", "column", "code", "message"}, j.Header...)
	if j.Header == nil {
		header = append(header, "input")
	}
	t, err := sheet.Write(to, sheet.CSV, header)
	if err != nil {
		return nil, nil, err
	}
	return func(r *row, ps []*Problem) error {
		for _, p := range ps {
			if err := t.Write(r.cells(p)); err != nil {
				return err
			}
		}
		return nil
	}, t.Close, nil
}

// cells are a problem of a line, and the line.
func (r *row) cells(p *Problem) []sheet.Cell {
	out := []sheet.Cell{{Text: strconv.Itoa(r.Line), Number: true}, {}, {Text: string(p.Code)}, {Text: p.Message}}
	if p.Column != nil {
		out[1].Text = *p.Column
	}
	for _, c := range r.Cells {
		out = append(out, sheet.Cell{Text: c})
	}
	if r.Object != nil {
		out = append(out, sheet.Cell{Text: string(r.Object)})
	}
	return out
}

// toldProblem is a problem as JSON tells it.
type toldProblem struct {
	Column  *string `json:"column"`
	Code    string  `json:"code"`
	Message string  `json:"message"`
}

// told is a line with its problems, and what stood in it.
func (r *row) told(header []string, ps []*Problem) any {
	out := struct {
		Line   int           `json:"line"`
		Errors []toldProblem `json:"errors"`
		Input  any           `json:"input,omitempty"`
	}{Line: r.Line}
	for _, p := range ps {
		out.Errors = append(out.Errors, toldProblem{p.Column, string(p.Code), p.Message})
	}
	switch {
	case r.Object != nil:
		out.Input = r.Object
	case r.Cells != nil:
		cells := map[string]string{}
		for i, c := range r.Cells {
			if c != "" && i < len(header) {
				cells[header[i]] = c
			}
		}
		out.Input = cells
	}
	return out
}
