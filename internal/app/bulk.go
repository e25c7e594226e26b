package app

import (
	"context"
	"encoding/json"
	"time"

	"github.com/cobuild/cobuild/graph"
	"github.com/cobuild/cobuild/internal/bulk"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/fault/catalogue"
	"github.com/cobuild/cobuild/internal/platform/schedule"
	"github.com/cobuild/cobuild/internal/platform/web/gql"
	"github.com/cobuild/cobuild/internal/platform/web/gql/batch"
	"github.com/cobuild/cobuild/internal/platform/web/request"
)

// bulkJobs opens the room of exports and imports. What these run, they run through the same engine as everybody.
func (a *App) bulkJobs(ctx context.Context) error {
	sentences, err := catalogue.Load()
	if err != nil {
		return err
	}
	a.Bulk, err = bulk.Open(ctx, a.Backend, &bulk.Service{
		Now: a.Now, Random: a.Random, Cursors: a.Cursors, Told: a.told, Blobs: a.Config.Files.Bucket, Door: a.Transfers,
		Again: a.again, Rights: a.anew, Plan: a.planExport, Form: a.formOf, Perform: a.perform, Enter: a.enter,
		Speak: func(ctx context.Context, l bulk.Language) context.Context {
			return catalogue.With(ctx, sentences.Voice(map[bulk.Language]string{bulk.Chinese: "zh-CN"}[l]))
		},
		Wake:  func() { a.Bulker.Wake() },
		Alone: a.Node != "",
	})
	if err != nil {
		return err
	}
	a.Bulker = schedule.New(a.Now, a.Log, schedule.Job{Name: "exports and imports", Do: a.Bulk.Tick})
	return nil
}

// planExport holds an export's query against the schema and the limits, in the caller's name.
func (a *App) planExport(ctx context.Context, query string, variables map[string]any) (*bulk.Plan, error) {
	doc, errs := a.engine.Check(ctx, query)
	if len(errs) > 0 {
		at := gql.PlaceOf(errs[0])
		return nil, fault.New(fault.Invalid, bulk.CodeQuery, "line", at.Line, "column", at.Column, "detail", errs[0].Message)
	}
	e, err := batch.ExportOf(a.engine.Schema(), doc, "", bulk.PageSize)
	if err != nil {
		return nil, err
	}
	first := e.First
	if first == "" {
		first = e.Query
	}
	if _, errs := a.engine.Price(ctx, first, variables); len(errs) > 0 {
		at := gql.PlaceOf(errs[0])
		return nil, fault.New(fault.Invalid, bulk.CodeQuery, "line", at.Line, "column", at.Column, "detail", errs[0].Message)
	}
	return &bulk.Plan{Query: e.Query, First: e.First, Path: e.Path, Columns: e.Columns}, nil
}

// formOf is the form of a mutation that can be done for each line of a file.
func (a *App) formOf(mutation string) (*bulk.Form, error) {
	f, err := batch.FormOf(a.engine.Schema(), mutation, graph.Importable())
	if err != nil {
		return nil, err
	}
	columns := func(header []string, mapped map[string]string) (*bulk.Filler, error) {
		var targets []batch.Target
		if header != nil {
			if targets, err = f.Targets(header, mapped); err != nil {
				return nil, err
			}
		}
		return &bulk.Filler{
			Cells:  func(cells []string) (map[string]any, error) { return f.Fill(targets, cells) },
			Object: func(raw json.RawMessage) (map[string]any, error) { return f.ObjectOf(raw) },
			Column: func(path []string) string { return batch.Column(targets, path) },
		}, nil
	}
	return &bulk.Form{Query: f.Query, Object: f.Object(), Columns: columns}, nil
}

// enter lets the operations of a job through the gate as one.
func (a *App) enter(ctx context.Context) (in context.Context, leave func(), ok bool) {
	in, leave, err := a.Bounds.Gate.Enter(ctx)
	return in, leave, err == nil
}

// perform runs an operation of a job in its owner's name.
func (a *App) perform(ctx context.Context, query string, variables map[string]any) bulk.Outcome {
	if a.engine == nil { // nothing is answered here yet
		return bulk.Outcome{Wait: time.Second}
	}
	p := a.engine.Perform(request.With(ctx, &request.Info{}), query, variables)
	out := bulk.Outcome{Data: p.Data, Wait: p.Wait}
	for _, err := range p.Errors {
		path, _ := err.Extensions["inputPath"].([]string)
		out.Errors = append(out.Errors, bulk.Refusal{Code: gql.CodeOf(err), Message: err.Message, Path: path})
	}
	return out
}
