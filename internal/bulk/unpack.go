package bulk

import (
	"context"
	"encoding/json"
	"errors"
	"io"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/sheet"
)

// row is a line of an imported file, as it is kept for the work: of a table its cells, else its object, else what is
// wrong with the line itself.
type row struct {
	Line   int             `json:"l"`
	Cells  []string        `json:"c,omitempty"`
	Object json.RawMessage `json:"o,omitempty"`
	Bad    *Problem        `json:"b,omitempty"`
}

// unpack reads the whole of an imported file before anything is done with it: a file that does not hold is refused whole,
// how many lines there are is known, and the work can go on from any of them.
func (s *Service) unpack(ctx, within context.Context, j *Job) (err error) {
	form, err := s.Form(*j.Mutation)
	if err != nil {
		return err
	}
	in, err := sheet.Read(func() (io.ReadCloser, error) {
		r, _, err := s.Blobs.Read(ctx, j.Source)
		return r, err
	}, j.Format, s.Bounds)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	if in.Header() != nil {
		if _, err := form.Columns(in.Header(), j.mapped()); err != nil {
			return err
		}
	}
	key := j.fresh("lines")
	out, err := s.begun(ctx, key)
	if err != nil {
		return err
	}
	defer out.drop()
	n, err := s.copyLines(within, j, in, out)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.Invalid, sheet.CodeEmpty)
	}
	if err := out.commit(); err != nil {
		return err
	}
	return s.note(ctx, j.ID, func(j *Job) error {
		j.Lines, j.Header, j.Total = key, in.Header(), &n
		return nil
	})
}

func (s *Service) copyLines(within context.Context, j *Job, in sheet.Reader, out *piece) (n int, err error) {
	for {
		l, err := in.Next()
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		r := row{Line: l.Number, Cells: l.Cells, Object: l.Object}
		if l.Bad != nil {
			r.Bad = s.problem(within, j.Language, l.Bad)
		}
		raw, err := json.Marshal(r)
		if err != nil {
			return n, err
		}
		if err := out.line(raw); err != nil {
			return n, err
		}
		n++
	}
}

// mapped says which field a column stands for, by the column's name in the file.
func (j *Job) mapped() map[string]string {
	out := map[string]string{}
	for _, c := range j.Mapping {
		out[c.Title] = c.Field
	}
	return out
}
