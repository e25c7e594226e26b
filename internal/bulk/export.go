package bulk

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/blob"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/fault/catalogue"
)

// The size of a piece: so much is done again after the end of the program, and so long others wait for their turn.
const (
	PageSize   = 100 // rows of a page of an export
	mostPages  = 50  // of a piece
	mostLines  = 5000
	mostBytes  = 16 << 20 // of lines
	pieceTakes = 3 * time.Second
)

// after is the variable by which a plan's query is told where a page begins.
const after = "cobuildAfter"

// prefix is where the files of a job lie.
func prefix(k Kind, of id.BulkJob) string {
	return strings.ToLower(string(k)) + "s/" + string(of) + "/"
}

// fresh is the key of a new file of a job: nobody who works on the same job writes under it.
func (j *Job) fresh(what string) string {
	return prefix(j.Kind, j.ID) + what + "-" + strings.ToLower(rand.Text())
}

// pages reads the next pages of an export, and notes how far it came.
func (s *Service) pages(ctx, within context.Context, j *Job) error {
	variables, err := j.variables()
	if err != nil {
		return err
	}
	key := j.fresh(fmt.Sprintf("part-%06d", len(j.Parts)))
	part, err := s.begun(ctx, key)
	if err != nil {
		return err
	}
	defer part.drop()
	r := reading{cursor: j.Cursor, total: j.Total}
	began := s.now()
	for n := 0; n < mostPages && s.now().Sub(began) < pieceTakes && !r.last && r.wait == 0; n++ {
		vars := maps.Clone(variables)
		vars[after] = nil
		if r.cursor != nil {
			vars[after] = *r.cursor
		}
		query := j.Plan.Query
		if r.cursor == nil && j.Plan.First != "" {
			query = j.Plan.First
		}
		if err := r.take(s.Perform(within, query, vars), j.Plan.Path, part); err != nil {
			return err
		}
	}
	if err := part.commit(); err != nil {
		return err
	}
	return s.note(ctx, j.ID, func(j *Job) error {
		if r.rows > 0 {
			j.Parts = append(j.Parts, key)
		}
		j.Rows += r.rows
		j.Cursor, j.Total, j.Whole = r.cursor, r.total, r.last
		if r.last {
			j.Total = new(j.Rows)
		}
		if r.wait > 0 {
			return j.hold(r.wait, s.now())
		}
		return nil
	})
}

// reading is how far the reading of a list has come.
type reading struct {
	cursor *string
	total  *int
	rows   int
	last   bool
	wait   time.Duration
}

// take takes a page's rows over. An export with an error in it would not be what it says, so there is none.
func (r *reading) take(o Outcome, path []string, into *piece) error {
	if o.Wait > 0 {
		r.wait = o.Wait
		return nil
	}
	if len(o.Errors) > 0 {
		return refused(o.Errors[0])
	}
	page, err := pageAt(o.Data, path)
	if err != nil {
		return err
	}
	for _, row := range page.Nodes {
		if err := into.line(row); err != nil {
			return err
		}
	}
	r.rows += len(page.Nodes)
	if page.TotalCount != nil {
		r.total = page.TotalCount
	}
	if page.PageInfo.EndCursor != nil {
		r.cursor = page.PageInfo.EndCursor
	}
	r.last = !page.PageInfo.HasNextPage || page.PageInfo.EndCursor == nil
	return nil
}

// refused is an error of an operation as the end of its job.
func refused(r Refusal) error {
	return fault.New(fault.Refused, r.Code).Because(&said{r.Message})
}

// said keeps a sentence that is in its reader's language already.
type said struct{ message string }

// Error is the sentence.
func (s *said) Error() string { return s.message }

// say tells a fault to people.
func say(ctx context.Context, f *fault.Fault) string {
	if was, ok := f.Err.(*said); ok { //nolint:errorlint // only where it is the cause itself
		return was.message
	}
	return catalogue.From(ctx).Say(f.Code, f.Params)
}

// listPage is a page of a list as an operation answers it.
type listPage struct {
	Nodes    []json.RawMessage `json:"nodes"`
	PageInfo struct {
		HasNextPage bool    `json:"hasNextPage"`
		EndCursor   *string `json:"endCursor"`
	} `json:"pageInfo"`
	TotalCount *int `json:"totalCount"`
}

// pageAt finds the page in an answer; what lies on the way to it may be missing.
func pageAt(data json.RawMessage, path []string) (*listPage, error) {
	for _, step := range path {
		var whole map[string]json.RawMessage
		if err := json.Unmarshal(data, &whole); err != nil {
			return nil, fmt.Errorf("export: %w", err)
		}
		data = whole[step]
		if len(data) == 0 || bytes.Equal(data, []byte("null")) {
			return nil, fault.New(fault.NotFound, CodeNothing)
		}
	}
	p := &listPage{}
	if err := json.Unmarshal(data, p); err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	return p, nil
}

// piece is a file of JSON lines that is being written. It is begun with its first line.
type piece struct {
	to   *blob.Writer
	out  *bufio.Writer
	size int64
}

func (s *Service) begun(ctx context.Context, key string) (*piece, error) {
	w, err := s.Blobs.Create(ctx, key)
	if err != nil {
		return nil, err
	}
	return &piece{to: w, out: bufio.NewWriterSize(w, 64<<10)}, nil
}

// line writes one line.
func (p *piece) line(raw []byte) error {
	p.size += int64(len(raw)) + 1
	_, err := p.out.Write(raw)
	if err == nil {
		err = p.out.WriteByte('\n')
	}
	return err
}

// commit makes the file appear. One without lines does not.
func (p *piece) commit() error {
	if p.size == 0 {
		return p.to.Abort()
	}
	if err := p.out.Flush(); err != nil {
		return err
	}
	_, err := p.to.Commit()
	return err
}

// drop leaves nothing of a file that was not committed.
func (p *piece) drop() { _ = p.to.Abort() }
