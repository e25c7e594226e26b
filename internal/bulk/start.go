package bulk

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/sheet"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// ExportInput is the input of startExport.
type ExportInput struct {
	command.Once
	Query     string
	Variables *scalar.JSON
	Format    sheet.Format
	Language  Language
	Columns   []*ColumnInput
}

// ColumnInput gives a column of a file a title.
type ColumnInput struct {
	Field string
	Title string
}

// StartExport begins to write a list into a file, in the name of whoever asks.
func (s *Service) StartExport(ctx context.Context, in ExportInput) (*Job, error) {
	j := &Job{Kind: Export, State: Queued, Format: in.Format, Language: in.Language, Variables: in.Variables}
	if err := s.own(ctx, j); err != nil {
		return nil, err
	}
	var f fault.List
	query := text.Block(&f, "query", in.Query, 1, MaxQuery)
	mapping := columns(&f, in.Columns)
	if err := f.Err(); err != nil {
		return nil, err
	}
	j.Query, j.Mapping = &query, mapping
	variables, err := j.variables()
	if err != nil {
		return nil, below(err, "variables")
	}
	if j.Plan, err = s.Plan(ctx, query, variables); err != nil {
		return nil, below(err, "query")
	}
	if err := j.titled(); err != nil {
		return nil, err
	}
	return s.begin(ctx, j)
}

// ImportInput is the input of startImport.
type ImportInput struct {
	command.Once
	Mutation string
	Format   sheet.Format
	Language Language
	DryRun   bool
	Columns  []*ColumnInput
	SHA256   *string
}

// StartImport begins an import: it waits for its file, and then does the mutation for each line.
func (s *Service) StartImport(ctx context.Context, in ImportInput) (*Job, error) {
	j := &Job{Kind: Import, State: AwaitingFile, Format: in.Format, Language: in.Language, DryRun: in.DryRun, SHA256: in.SHA256}
	if err := s.own(ctx, j); err != nil {
		return nil, err
	}
	var f fault.List
	mutation := text.Line(&f, "mutation", in.Mutation, 1, 100)
	j.Mutation, j.Mapping = &mutation, columns(&f, in.Columns)
	if in.SHA256 != nil {
		if raw, err := hex.DecodeString(*in.SHA256); err != nil || len(raw) != 32 {
			f.Add(fault.New(fault.Invalid, fault.CodeMalformed, "want", "SHA-256"), "sha256")
		}
	}
	if len(f) == 0 {
		_, err := s.Form(mutation)
		f.Add(err, "mutation")
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	return s.begin(ctx, j)
}

// columns checks the names that columns are given.
func columns(f *fault.List, in []*ColumnInput) []Column {
	if len(in) > MaxColumns {
		f.Add(fault.New(fault.Invalid, fault.CodeTooMany, "max", MaxColumns), "columns")
		return nil
	}
	var out []Column
	fields, titles := map[string]bool{}, map[string]bool{}
	for i, c := range in {
		var own fault.List
		one := Column{Field: text.Line(&own, "field", c.Field, 1, 300), Title: text.Line(&own, "title", c.Title, 1, 200)}
		if fields[one.Field] {
			own.Add(fault.New(fault.Invalid, fault.CodeDuplicate, "value", one.Field), "field")
		}
		if titles[one.Title] {
			own.Add(fault.New(fault.Invalid, fault.CodeDuplicate, "value", one.Title), "title")
		}
		f.Add(own.Err(), "columns", strconv.Itoa(i))
		fields[one.Field], titles[one.Title] = true, true
		out = append(out, one)
	}
	return out
}

// titled checks that the columns which are given titles are there.
func (j *Job) titled() error {
	var f fault.List
	known := map[string]bool{}
	for _, c := range j.Plan.Columns {
		known[c] = true
	}
	for i, c := range j.Mapping {
		if !known[c.Field] {
			f.Add(fault.New(fault.Invalid, CodeTitle, "field", c.Field), "columns", strconv.Itoa(i), "field")
		}
	}
	return f.Err()
}

// variables are those of the export's query.
func (j *Job) variables() (map[string]any, error) {
	out := map[string]any{}
	if j.Variables == nil {
		return out, nil
	}
	d := json.NewDecoder(strings.NewReader(string(*j.Variables)))
	d.UseNumber()
	if err := d.Decode(&out); err != nil {
		return nil, fault.New(fault.Invalid, fault.CodeMalformed, "want", "{}").Because(err)
	}
	return out, nil
}

// own notes whose job it is, and with what they came. Nobody has jobs.
func (s *Service) own(ctx context.Context, j *Job) error {
	a := authz.From(ctx)
	j.Owner = Owner{Person: a.Person, Service: a.Service, Session: a.Session, Scopes: a.Scopes, Rights: rightsOf(a), Author: string(a.Author())}
	for _, h := range a.Holdings {
		if h.Organisation != "" {
			j.Organisation = h.Organisation
			break
		}
	}
	if a.Service != "" {
		j.Programs = j.Organisation
	}
	if err := s.Door.Ready(); err != nil {
		return err
	}
	t := access.Table()
	if a.IsSystem() || !t.Allows(a, access.BulkStart, j) {
		return t.Refusal(a, access.BulkStart)
	}
	return nil
}

// rightsOf names the roles that somebody has.
func rightsOf(a authz.Actor) []string {
	all := make([]string, len(a.Holdings))
	for i, h := range a.Holdings {
		all[i] = fmt.Sprintf("%s %s %t %s", h.Role, h.Organisation, h.Signing, h.By)
	}
	return all
}

// begin keeps a new job, in a place that is free.
func (s *Service) begin(ctx context.Context, j *Job) (*Job, error) {
	now := s.now()
	j.ID = store.NewID[id.BulkJob](ctx, id.KindBulkJob, now, s.Random)
	j.ExpiresAt, j.DueAt = now.Add(KeptFor), &now
	if j.State == AwaitingFile {
		until := now.Add(ComeFor)
		j.ExpiresAt, j.DueAt = until, &until
	}
	if err := j.tell(ToldStarted); err != nil {
		return nil, err
	}
	events := j.Outbox
	seat, bench := 0, 0
	for seat < Seats && bench < Benches {
		try := *j
		try.Outbox = append([]store.Event{}, events...)
		if try.Seat = new(seat); j.Organisation != "" {
			try.Bench = new(bench)
		}
		kept, err := s.jobs.Add(ctx, access.BulkStart, &try)
		exists, taken := errors.AsType[*store.ExistsError](err)
		switch {
		case err == nil:
			s.Wake()
			return kept, nil
		case !taken:
			return nil, err
		case exists.Index == schema().Indexes[5].Name():
			seat++
		case exists.Index == schema().Indexes[6].Name():
			bench++
		default:
			return nil, err
		}
	}
	most := Seats
	if bench == Benches {
		most = Benches
	}
	return nil, fault.New(fault.Refused, CodeBusy, "max", most)
}

// CancelInput is the input of cancelBulkJob.
type CancelInput struct {
	command.Once
	ID id.BulkJob
}

// Cancel ends a job. What it has done stays done.
func (s *Service) Cancel(ctx context.Context, in CancelInput) (*Job, error) {
	defer s.forgetTrial(in.ID)
	return s.jobs.Change(ctx, access.BulkCancel, string(in.ID), func(j *Job) error {
		if err := j.move(VerbCancel, s.now()); err != nil {
			return err
		}
		return j.tell(ToldEnded)
	})
}

// below leads a fault to the input field it is about.
func below(err error, field string) error {
	var f fault.List
	f.Add(err, field)
	return f.Err()
}
