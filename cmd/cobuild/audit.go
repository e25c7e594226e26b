package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/urfave/cli/v3"

	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/platform/control"
	"github.com/cobuild/cobuild/internal/platform/ledger"
)

// exporting is what the export of the log is asked: where to write it. Whoever may ask may write there.
type exporting struct {
	Path string `json:"path"`
}

func (p *program) audit() *cli.Command {
	return &cli.Command{
		Name: "audit", Usage: p.text("audit.usage"),
		Commands: []*cli.Command{
			{
				Name: "export", Usage: p.text("audit.export.usage"), Description: p.text("audit.export.description"),
				ArgsUsage: p.text("verify.args"), Flags: p.storeFlags(), Action: p.exportLog,
			},
			{
				Name: "verify", Usage: p.text("audit.verify.usage"), Description: p.text("audit.verify.description"),
				ArgsUsage: p.text("verify.args"),
				Flags:     []cli.Flag{&cli.StringSliceFlag{Name: "trust", Usage: p.text("flag.trustlog"), Sources: cli.EnvVars("COBUILD_TRUST_LOG")}},
				Action:    p.verifyLog,
			},
		},
	}
}

// exportLog has the log written into a file, by the server where one runs. The file appears when it is whole.
func (p *program) exportLog(ctx context.Context, c *cli.Command) error {
	if c.Args().Len() != 1 {
		return p.usage("error.onefile")
	}
	path, err := filepath.Abs(c.Args().First())
	if err != nil {
		return err
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return p.usage("error.exists", "file", c.Args().First())
	}
	part := path + "." + strings.ToLower(rand.Text()[:8]) + ".part"
	bar := p.bar(1, p.text("audit.exporting"))
	var events int64
	err = p.ask(ctx, c, "audit-export", exporting{part}, &events, func(g control.Progress) { show(bar, int64(g.Done), int64(g.Total)) })
	_ = bar.Finish()
	if err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		if gone := os.Remove(part); !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
		return err
	}
	fmt.Fprintln(p.out, p.text("audit.exported", "events", events, "file", c.Args().First()))
	return nil
}

func show(bar *progressbar.ProgressBar, done, total int64) {
	if bar.GetMax64() != total {
		bar.ChangeMax64(total)
	}
	_ = bar.Set64(done)
}

// exportAudit is the export as a command on an application.
func exportAudit(a *app.App) control.Command {
	return func(ctx context.Context, raw json.RawMessage, progress func(control.Progress)) (any, error) {
		var in exporting
		if err := json.Unmarshal(raw, &in); err != nil {
			return nil, err
		}
		file, err := os.OpenFile(in.Path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, err
		}
		events, err := a.Audit.Export(ctx, file, func(done, total int64) {
			progress(control.Progress{Done: int(done), Total: int(total)})
		})
		if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
			return nil, errors.Join(err, os.Remove(in.Path))
		}
		return events, nil
	}
}

// verifyLog checks an export, without any server.
func (p *program) verifyLog(ctx context.Context, c *cli.Command) error {
	if c.Args().Len() != 1 {
		return p.usage("error.onefile")
	}
	trust, err := p.ledgerKeys(c.StringSlice("trust"))
	if err != nil {
		return err
	}
	file, err := os.Open(c.Args().First())
	if err != nil {
		return err
	}
	defer file.Close()
	bar := p.bar(1, p.text("audit.verifying"))
	report, err := ledger.Verify(ctx, bufio.NewReader(file), trust, func(done, total int64) { show(bar, done, total) })
	_ = bar.Finish()
	if bad, ok := errors.AsType[*ledger.BadError](err); ok {
		return p.badLog(bad)
	}
	if err != nil {
		return err
	}
	p.printLog(report, trust)
	return nil
}

// badLog says what is wrong with an export, and where.
func (p *program) badLog(bad *ledger.BadError) error {
	where := p.text("audit.at.head")
	if bad.Seq > 0 {
		where = p.text("audit.at.event", "seq", bad.Seq, "id", bad.ID, "byte", bad.Offset)
	}
	fmt.Fprintln(p.err, p.text("audit.bad", "where", where, "why", p.text("audit.bad."+string(bad.Why), "key", bad.What)))
	return errTold
}

func (p *program) printLog(r *ledger.Report, trust []ledger.Key) {
	line := func(key string, pairs ...any) { fmt.Fprintln(p.out, p.text(key, pairs...)) }
	known := func(k ledger.Key) string {
		for _, t := range trust {
			if t.String() == k.String() {
				return p.text("verify.trusted")
			}
		}
		return p.text("audit.word")
	}
	line("audit.good", "events", r.Checkpoint.Size, "subjects", r.Subjects, "origin", r.Checkpoint.Origin)
	line("audit.root", "root", r.Checkpoint.Root)
	if r.Erased > 0 {
		line("audit.erased", "events", r.Erased)
	}
	for _, k := range r.LogKeys {
		line("audit.signed", "key", k)
		fmt.Fprintln(p.out, known(k))
	}
	for _, w := range r.Witnesses {
		line("audit.witnessed", "name", w.Key.Name(), "events", w.Size, "at", w.At.Format(time.RFC3339), "key", w.Key)
		fmt.Fprintln(p.out, known(w.Key))
	}
	if len(r.Witnesses) == 0 {
		line("audit.unwitnessed")
	}
}

// ledgerKeys reads keys of logs and witnesses from the command line.
func (p *program) ledgerKeys(texts []string) ([]ledger.Key, error) {
	var all []ledger.Key
	for _, s := range texts {
		k, err := ledger.ParseKey(s)
		if err != nil {
			return nil, p.usage("error.ledgerkey", "key", s)
		}
		all = append(all, k)
	}
	return all, nil
}
