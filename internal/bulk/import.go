package bulk

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

const (
	atOnce = 1024        // lines of an import under way at the same time: the store writes them together
	breath = time.Second // until a server that is full is tried again
)

// trial is a dry run under way: what it would have written so far is known in this program alone.
type trial struct{ *store.Trial }

// tried is the trial of a job; fresh says that it begins here, and with it the job.
func (s *Service) tried(j *Job) (t *trial, fresh bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t = s.trials[j.ID]
	if t == nil || j.Line == 0 {
		t, fresh = &trial{store.NewTrial()}, true
		s.trials[j.ID] = t
	}
	return t, fresh
}

// mutations does the next lines of an import, and notes how far it came. A dry run that an earlier program began begins
// again: it has written nothing.
func (s *Service) mutations(ctx, within context.Context, j *Job) error {
	form, err := s.Form(*j.Mutation)
	if err != nil {
		return err
	}
	filler, err := form.Columns(j.Header, j.mapped())
	if err != nil {
		return err
	}
	at := doing{offset: j.Offset, line: j.Line, rows: j.Rows, failed: j.FailedRows}
	if j.DryRun {
		t, fresh := s.tried(j)
		if within = store.WithTrial(within, t.Trial); fresh {
			at = doing{}
		}
	}
	if err := s.lines.PurgeAll(ctx, store.And(byJob.Is(j.ID), byNumber.Gt(at.line))); err != nil { // of a piece that was not noted
		return err
	}
	key := j.fresh(fmt.Sprintf("part-%06d", len(j.Parts)))
	made, err := s.begun(ctx, key)
	if err != nil {
		return err
	}
	defer made.drop()
	w := &worker{s: s, form: form, filler: filler, job: j, within: within}
	if err := s.goOn(ctx, j, w, &at, made); err != nil {
		return err
	}
	if err := made.commit(); err != nil {
		return err
	}
	if err := s.keepLines(ctx, j.ID, at.bad); err != nil {
		return err
	}
	return s.note(ctx, j.ID, func(j *Job) error {
		if made.size > 0 {
			j.Parts = append(j.Parts, key)
		}
		j.Offset, j.Line, j.Rows, j.FailedRows = at.offset, at.line, at.rows, at.failed
		if at.wait > 0 {
			return j.hold(at.wait, s.now())
		}
		j.Whole = at.end
		return nil
	})
}

// doing is how far the doing of lines has come.
type doing struct {
	offset int64
	line   int
	rows   int
	failed int
	end    bool
	wait   time.Duration
	bad    []*Line
}

// goOn does lines until the piece is full, the budget is used up or the file is at its end.
func (s *Service) goOn(ctx context.Context, j *Job, w *worker, at *doing, made *piece) error {
	rows, ends, err := s.next(ctx, j.Lines, at.offset)
	if err != nil {
		return err
	}
	n, err := w.all(rows, ends, at, made)
	at.end = err == nil && n == len(rows) && at.rows == *j.Total
	return err
}

// next reads the next lines, with the place behind each: as many as a piece takes at most.
func (s *Service) next(ctx context.Context, lines string, from int64) (rows []row, ends []int64, err error) {
	err = s.each(ctx, lines, from, func(raw []byte, end int64) error {
		var r row
		if err := json.Unmarshal(raw, &r); err != nil {
			return fmt.Errorf("import: %w", err)
		}
		rows, ends = append(rows, r), append(ends, end)
		if len(rows) == mostLines || end-from > mostBytes {
			return errEnough
		}
		return nil
	})
	return rows, ends, err
}

// keepLines keeps what is wrong with lines.
func (s *Service) keepLines(ctx context.Context, of id.BulkJob, bad []*Line) error {
	const most = 500
	for len(bad) > 0 {
		n := min(most, len(bad))
		for _, l := range bad[:n] {
			l.ID = id.Derived[id.BulkLine](id.KindBulkLine, string(of), strconv.Itoa(l.Number))
			l.Job = of
		}
		if err := s.lines.AddMany(ctx, access.BulkKeep, bad[:n]); err != nil {
			return err
		}
		bad = bad[n:]
	}
	return nil
}

// worker does lines.
type worker struct {
	s      *Service
	form   *Form
	filler *Filler
	job    *Job
	within context.Context // it lives no longer than the piece
}

// done is what became of one line.
type done struct {
	made     string // the identifier of what was made
	replayed bool
	bad      []*Problem
	wait     time.Duration
	err      error
}

// all does lines and takes over what became of them in their order, up to the first that must wait.
func (w *worker) all(rows []row, ends []int64, at *doing, made *piece) (n int, err error) {
	within, leave, ok := w.s.Enter(w.within)
	if !ok {
		at.wait = breath
		return 0, nil
	}
	defer leave()
	out := w.each(within, rows)
	for i, d := range out {
		if d.err != nil {
			return i, d.err
		}
		if d.wait > 0 {
			at.wait = d.wait
			return i, nil
		}
		at.offset, at.line = ends[i], rows[i].Line
		at.rows++
		if len(d.bad) > 0 {
			at.failed++
			at.bad = append(at.bad, &Line{Number: rows[i].Line, Problems: d.bad})
			continue
		}
		if w.job.DryRun || d.made == "" {
			continue
		}
		raw, err := json.Marshal(map[string]any{"line": rows[i].Line, "id": d.made, "replayed": d.replayed})
		if err != nil {
			return i, err
		}
		if err := made.line(raw); err != nil {
			return i, err
		}
	}
	return len(out), nil
}

// each does lines, as many as can be begun while the piece lasts: of an import many at once, of a dry run one after
// another. Of two lines that cannot both be done the later one is wrong.
func (w *worker) each(ctx context.Context, rows []row) []done {
	places, wait := atOnce, repeated(rows)
	if w.job.DryRun {
		places, wait = 1, make([]bool, len(rows))
	}
	out, begun := make([]done, len(rows)), 0
	var g errgroup.Group
	g.SetLimit(places)
	var held atomic.Bool // by the owner's budget: what came later would only be tried in vain
	for until := w.s.now().Add(pieceTakes); begun < len(rows) && !held.Load() && w.s.now().Before(until); begun++ {
		if i := begun; !wait[i] {
			g.Go(func() error {
				if out[i] = w.one(ctx, &rows[i]); out[i].wait > 0 {
					held.Store(true)
				}
				return nil
			})
		}
	}
	_ = g.Wait() // what went wrong is in the lines
	for i := range begun {
		if wait[i] {
			out[i] = w.one(ctx, &rows[i])
		}
	}
	return out[:begun]
}

// one does one line. Its name for the server is made of the job and the line, so it is done once however often it is
// tried.
func (w *worker) one(ctx context.Context, r *row) (d done) {
	if r.Bad != nil {
		d.bad = []*Problem{r.Bad}
		return d
	}
	input, err := w.input(r)
	if err != nil {
		for _, f := range fault.All(err) {
			p := w.s.problem(ctx, w.job.Language, f)
			p.Line = &r.Line
			d.bad = append(d.bad, p)
		}
		return d
	}
	input["clientMutationId"] = "bulk " + string(w.job.ID) + " " + strconv.Itoa(r.Line)
	o := w.s.Perform(ctx, w.form.Query, map[string]any{"input": input})
	if o.Wait > 0 {
		d.wait = o.Wait
		return d
	}
	for _, e := range o.Errors {
		if e.Code == fault.CodeInternal {
			d.err = fmt.Errorf("import: line %d: %s", r.Line, e.Message)
			return d
		}
		d.bad = append(d.bad, w.problem(r, e))
	}
	if len(d.bad) == 0 {
		w.read(r, o.Data, &d)
	}
	return d
}

func (w *worker) input(r *row) (map[string]any, error) {
	if r.Object != nil {
		return w.filler.Object(r.Object)
	}
	return w.filler.Cells(r.Cells)
}

// problem tells an error of an operation as one of the line.
func (w *worker) problem(r *row, e Refusal) *Problem {
	p := &Problem{Line: &r.Line, Code: e.Code, Message: e.Message}
	path := e.Path
	if len(path) > 0 && path[0] == "input" {
		path = path[1:]
	}
	if len(path) > 0 {
		p.Column = new(w.filler.Column(path))
	}
	return p
}

// read takes over what a mutation has answered.
func (w *worker) read(r *row, data json.RawMessage, d *done) {
	var answer struct {
		It map[string]json.RawMessage `json:"it"`
	}
	var told []struct {
		Code    fault.Code
		Path    []string
		Message string
	}
	err := json.Unmarshal(data, &answer)
	if err == nil && answer.It["errors"] != nil {
		err = json.Unmarshal(answer.It["errors"], &told)
	}
	if err != nil {
		d.err = fmt.Errorf("import: line %d: %w", r.Line, err)
		return
	}
	for _, e := range told {
		d.bad = append(d.bad, w.problem(r, Refusal{Code: e.Code, Message: e.Message, Path: e.Path}))
	}
	var made struct{ ID string }
	if raw := answer.It[w.form.Object]; len(raw) > 0 && json.Unmarshal(raw, &made) == nil {
		d.made = made.ID
	}
	d.replayed = strings.TrimSpace(string(answer.It["replayed"])) == "true"
}
