package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/urfave/cli/v3"

	"github.com/cobuild/cobuild/internal/platform/sheet"
)

// lookAgain is how often a job is looked at, and an answer asked for that the server had no place for.
const lookAgain = 500 * time.Millisecond

// away is how long a server may not answer while its job is waited for: it starts again, and goes on with the job.
const away = 5 * time.Minute

func (p *program) exporting() *cli.Command {
	output := p.stringFlag("output", "")
	output.Usage = p.text("flag.bulkoutput")
	return &cli.Command{
		Name: "export", Usage: p.text("export.usage"), Description: p.text("export.description"), ArgsUsage: "'{ contracts { nodes { id title } } }'",
		Flags:  append(p.clientFlags(), output),
		Action: p.export,
	}
}

func (p *program) importing() *cli.Command {
	return &cli.Command{
		Name: "import", Usage: p.text("import.usage"), Description: p.text("import.description"), ArgsUsage: "FILE",
		Flags:  append(p.clientFlags(), p.stringFlag("mutation", ""), p.boolFlag("dry-run"), p.listFlag("column"), p.stringFlag("errors", "")),
		Action: p.doImport,
	}
}

// clientFlags say which server is spoken to, as whom and in which form.
func (p *program) clientFlags() []cli.Flag {
	format := p.stringFlag("format", "")
	format.Usage = p.text("flag.bulkformat")
	return []cli.Flag{p.stringFlag("server", "http://localhost:8080"), p.stringFlag("token-file", ""), format}
}

// job is what the server tells of a job.
type job struct {
	ID         string
	State      string
	Rows       int64
	Total      int64
	FailedRows int64
	Failure    *struct{ Message string }
	File       *struct {
		Name, Sha256 string
	}
	Upload, Download, ErrorReport *struct{ URL, Method string }
}

const jobFields = ` id state rows total failedRows failure { message } file { name sha256 } upload { url method } download { url method } errorReport(format: CSV) { url method } `

// export writes a list into a file, or to where the output goes.
func (p *program) export(ctx context.Context, c *cli.Command) error {
	if c.Args().Len() != 1 {
		return p.usage("error.exportargs")
	}
	s, err := p.client(c)
	if err != nil {
		return err
	}
	format, err := p.format(c.String("format"), c.String("output"), sheet.NDJSON)
	if err != nil {
		return err
	}
	j, err := s.change(ctx, "startExport", "StartExportInput", map[string]any{
		"query": c.Args().First(), "format": format, "language": p.language(), "clientMutationId": fresh(),
	})
	if err != nil {
		return err
	}
	if j, err = p.await(ctx, s, j, p.text("export.doing")); err != nil {
		return err
	}
	if err := p.save(ctx, s, j.Download.URL, c.String("output")); err != nil {
		return err
	}
	fmt.Fprintln(p.err, p.text("export.done", "rows", j.Rows))
	return nil
}

// doImport does a mutation for each line of a file.
func (p *program) doImport(ctx context.Context, c *cli.Command) error {
	if c.Args().Len() != 1 || c.String("mutation") == "" {
		return p.usage("error.importargs")
	}
	path := c.Args().First()
	format, err := p.format(c.String("format"), path, "")
	if err != nil {
		return err
	}
	columns, err := p.columns(c.StringSlice("column"))
	if err != nil {
		return err
	}
	hash, err := hashOf(path)
	if err != nil {
		return err
	}
	s, err := p.client(c)
	if err != nil {
		return err
	}
	j, err := s.change(ctx, "startImport", "StartImportInput", map[string]any{
		"mutation": c.String("mutation"), "format": format, "language": p.language(), "dryRun": c.Bool("dry-run"),
		"columns": columns, "sha256": hash, "clientMutationId": fresh(),
	})
	if err != nil {
		return err
	}
	if err := s.upload(ctx, j.Upload.URL, path); err != nil {
		return err
	}
	if j, err = p.await(ctx, s, j, p.text("import.doing")); err != nil {
		return err
	}
	return p.tell(ctx, c, s, j)
}

// tell says what came of an import. Where something is wrong with lines the command fails, and says with which.
func (p *program) tell(ctx context.Context, c *cli.Command, s *speaker, j *job) error {
	key := "import.done"
	if c.Bool("dry-run") {
		key = "import.tried"
	}
	fmt.Fprintln(p.out, p.text(key, "rows", j.Rows, "done", j.Rows-j.FailedRows, "wrong", j.FailedRows))
	if j.FailedRows == 0 {
		return nil
	}
	if to := c.String("errors"); to != "" {
		if err := p.save(ctx, s, j.ErrorReport.URL, to); err != nil {
			return err
		}
		return errTold
	}
	return errors.Join(p.wrong(ctx, s, j), errTold)
}

// wrong prints the first lines with which something is wrong.
func (p *program) wrong(ctx context.Context, s *speaker, j *job) error {
	const most = 20
	var got struct {
		BulkJob struct {
			LineErrors struct {
				Nodes []struct {
					Line     int
					Problems []struct{ Column, Message string }
				}
			}
		}
	}
	err := s.ask(ctx, `query($id: ID!) { bulkJob(id: $id) { lineErrors(first: 20) { nodes { line problems { column message } } } } }`, map[string]any{"id": j.ID}, &got)
	if err != nil {
		return err
	}
	for _, l := range got.BulkJob.LineErrors.Nodes {
		for _, one := range l.Problems {
			fmt.Fprintln(p.err, p.text("import.line", "line", l.Line, "column", one.Column, "why", one.Message))
		}
	}
	if j.FailedRows > most {
		fmt.Fprintln(p.err, p.text("import.more", "more", j.FailedRows-most))
	}
	return nil
}

// await follows a job to its end. Who breaks it off ends the job too.
func (p *program) await(ctx context.Context, s *speaker, j *job, what string) (*job, error) {
	bar := p.bar(-1, what)
	defer func() { _ = bar.Finish() }()
	id, heard := j.ID, time.Now()
	for {
		if j.Total > 0 && bar.GetMax64() != j.Total {
			bar.ChangeMax64(j.Total)
		}
		p.describe(bar, what, j)
		switch j.State {
		case "DONE":
			return j, nil
		case "FAILED":
			return nil, errors.New(j.Failure.Message)
		case "CANCELLED", "EXPIRED":
			return nil, errors.New(p.text("bulk.ended"))
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), s.cancel(context.WithoutCancel(ctx), id))
		case <-time.After(lookAgain):
		}
		var got struct{ BulkJob *job }
		if err := s.ask(ctx, `query($id: ID!) { bulkJob(id: $id) {`+jobFields+`} }`, map[string]any{"id": id}, &got); err != nil {
			if _, silent := errors.AsType[*url.Error](err); !silent || ctx.Err() == nil && time.Since(heard) > away {
				return nil, err
			}
			bar.Describe(p.text("bulk.away"))
			continue
		}
		if j, heard = got.BulkJob, time.Now(); j == nil {
			return nil, errors.New(p.text("bulk.ended"))
		}
	}
}

// describe shows how far a job is, and that it waits for its budget.
func (p *program) describe(bar *progressbar.ProgressBar, what string, j *job) {
	if j.State == "WAITING" {
		what = p.text("bulk.waiting")
	}
	bar.Describe(what)
	_ = bar.Set64(j.Rows)
}

// save writes a file of the server to a path, or to where the output goes.
func (p *program) save(ctx context.Context, s *speaker, address, to string) (err error) {
	if to == "" {
		return s.download(ctx, address, p.out)
	}
	f, err := os.CreateTemp(filepath.Dir(to), ".cobuild-*")
	if err != nil {
		return err
	}
	if err = errors.Join(s.download(ctx, address, f), f.Close()); err == nil {
		err = os.Rename(f.Name(), to)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// format is a file's form: as it was named, or by the ending of its name.
func (p *program) format(named, path string, otherwise sheet.Format) (sheet.Format, error) {
	if named == "" {
		named = strings.TrimPrefix(filepath.Ext(path), ".")
	}
	switch strings.ToLower(named) {
	case "ndjson", "jsonl":
		return sheet.NDJSON, nil
	case "csv":
		return sheet.CSV, nil
	case "xlsx":
		return sheet.XLSX, nil
	case "":
		if otherwise != "" {
			return otherwise, nil
		}
	}
	return "", p.usage("error.format", "format", named)
}

// columns are fields and the titles they have in the file, as "name=名称".
func (p *program) columns(all []string) ([]map[string]string, error) {
	out := []map[string]string{}
	for _, one := range all {
		field, title, ok := strings.Cut(one, "=")
		if !ok || field == "" || title == "" {
			return nil, p.usage("error.column", "column", one)
		}
		out = append(out, map[string]string{"field": field, "title": title})
	}
	return out, nil
}

// language is the reader's, as the schema says it.
func (p *program) language() string {
	if p.lang == "zh-CN" {
		return "ZH_CN"
	}
	return "EN"
}

// client speaks to the server that the flags name.
func (p *program) client(c *cli.Command) (*speaker, error) {
	file := c.String("token-file")
	if file == "" {
		return nil, p.usage("error.tokenfile")
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	s, err := speakTo(c.String("server"), strings.TrimSpace(string(raw)), p.lang)
	if err != nil {
		return nil, p.usage("error.server", "server", c.String("server"))
	}
	return s, nil
}
