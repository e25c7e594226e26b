package main

import (
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

	"github.com/urfave/cli/v3"

	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/backup"
	"github.com/cobuild/cobuild/internal/platform/control"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// backing is what a backup is asked: where to write it. Whoever may ask may write there.
type backing struct {
	Path  string `json:"path"`
	Plain bool   `json:"plain,omitempty"`
}

// backed is what came of it.
type backed struct {
	backup.Summary

	Refused string `json:"refused,omitempty"` // what stands in the way, by its word
	Why     string `json:"why,omitempty"`
}

func (p *program) backup() *cli.Command {
	return &cli.Command{
		Name: "backup", Usage: p.text("backup.usage"), Description: p.text("backup.description"), ArgsUsage: p.text("verify.args"),
		Flags:  append(p.storeFlags(), p.stringFlag("compress", "zstd")),
		Action: p.makeBackup,
	}
}

// makeBackup has everything written into a file, by the server where one runs. The file appears when it is whole and on
// the disk.
func (p *program) makeBackup(ctx context.Context, c *cli.Command) error {
	if c.Args().Len() != 1 {
		return p.usage("error.onefile")
	}
	pack := c.String("compress")
	if pack != "zstd" && pack != "none" {
		return p.usage("error.choice", "flag", "compress", "choices", "zstd, none")
	}
	path, err := filepath.Abs(c.Args().First())
	if err != nil {
		return err
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return p.usage("error.exists", "file", c.Args().First())
	}
	part := path + "." + strings.ToLower(rand.Text()[:8]) + ".part"
	began := time.Now()
	bar := p.bar(1, p.text("backup.writing"))
	done, err := askThere[backed](ctx, p, c, "backup", backing{part, pack == "none"}, func(g control.Progress) { show(bar, int64(g.Done), int64(g.Total)) })
	_ = bar.Finish()
	if err == nil && done.Refused != "" {
		err = errors.New(p.text("backup.refused."+done.Refused, "why", done.Why))
	}
	if err == nil {
		err = place(part, path)
	}
	if err != nil {
		if gone := os.Remove(part); !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
		return err
	}
	fmt.Fprintln(p.out, p.text("backup.done", "file", c.Args().First(), "seq", done.Seq, "documents", done.Documents, "bytes", done.Bytes, "seconds", seconds(began)))
	return nil
}

func seconds(since time.Time) string { return fmt.Sprintf("%.1f", time.Since(since).Seconds()) }

// place gives a file that is on the disk its name, for good. A name that is taken stays with who has it.
func place(part, path string) error {
	if err := os.Link(part, path); err == nil || errors.Is(err, fs.ErrExist) {
		if err == nil {
			err = os.Remove(part)
		}
		return errors.Join(err, syncFolder(filepath.Dir(path)))
	}
	if err := os.Rename(part, path); err != nil { // where there are no links
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes names last. Some systems cannot sync a folder; there the name has to do.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	_ = d.Sync()
	return d.Close()
}

// askThere asks the server on the data folder or, where none runs, does it here, beside whatever servers share the
// database. Nothing is made where nothing is, and no other work is done.
func askThere[T any](ctx context.Context, p *program, c *cli.Command, name string, in any, progress func(control.Progress)) (done T, err error) {
	if c.String("mongodb") == "" {
		err := control.Ask(ctx, c.String("data"), name, in, &done, progress)
		if !errors.Is(err, control.ErrNobody) {
			return done, err
		}
	}
	a, err := p.openWhatIsThere(ctx, c)
	if err != nil {
		return done, err
	}
	raw, err := json.Marshal(in)
	if err == nil {
		var got any
		if got, err = commandsOn(a)[name](ctx, raw, progress); err == nil {
			done = got.(T)
		}
	}
	return done, errors.Join(err, a.Close(context.WithoutCancel(ctx)))
}

// openWhatIsThere opens the application on a store that is there already, and makes none.
func (p *program) openWhatIsThere(ctx context.Context, c *cli.Command) (*app.App, error) {
	if err := errors.Join(p.checkStore(c), unfinished(c)); err != nil {
		return nil, err
	}
	if _, err := os.Stat(storePath(c)); err != nil && c.String("mongodb") == "" {
		return nil, p.usage("error.nostore", "where", c.String("data"))
	}
	back, err := openStore(ctx, c)
	if err != nil {
		return nil, err
	}
	if l, ok := back.(store.Lister); ok {
		filled, err := l.Filled(ctx)
		if err == nil && len(filled) == 0 {
			err = p.usage("error.nostore", "where", c.String("database"))
		}
		if err != nil {
			return nil, errors.Join(err, back.Close(ctx))
		}
	}
	return p.on(ctx, c, back, app.Config{})
}

// writeBackup is the backup as a command on an application. What it was not to finish it removes.
func writeBackup(a *app.App) control.Command {
	return func(ctx context.Context, raw json.RawMessage, progress func(control.Progress)) (any, error) {
		var in backing
		if err := json.Unmarshal(raw, &in); err != nil {
			return nil, err
		}
		file, err := os.OpenFile(in.Path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, err
		}
		o := backup.Options{Plain: in.Plain, Progress: func(done, total int64) {
			progress(control.Progress{Done: int(done), Total: int(total)})
		}}
		sum, err := a.Backup(ctx, file, in.Path+".copy", o)
		if err == nil {
			err = file.Sync()
		}
		if err = errors.Join(err, file.Close()); err != nil {
			err = errors.Join(err, os.Remove(in.Path))
		}
		for word, cause := range map[string]error{"log": backup.ErrLog, "unsettled": backup.ErrUnsettled, "away": store.ErrUnavailable} {
			if errors.Is(err, cause) {
				return backed{Refused: word, Why: err.Error()}, nil
			}
		}
		return backed{Summary: sum}, err
	}
}
