package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/schollz/progressbar/v3"
	"github.com/urfave/cli/v3"

	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/platform/control"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/seed"
)

// importing is what the import of a file is asked: its whole text, since the server may not be able to read it.
type importing struct {
	File      string `json:"file"`
	KeepGoing bool   `json:"keepGoing"`
}

// imported is what came of it.
type imported struct {
	Made, Had int
	Refused   []refusedRecord
	Nothing   bool // nothing of the file was imported
}

type refusedRecord struct {
	Section, Key string
	Line         int
	Code         fault.Code
	Path         []string
	Params       map[string]any
}

func (p *program) seed() *cli.Command {
	return &cli.Command{
		Name: "seed", Usage: p.text("seed.usage"), Description: p.text("seed.description"),
		Flags: append([]cli.Flag{p.stringFlag("from", ""), p.boolFlag("keep-going")}, p.storeFlags()...),
		Action: func(ctx context.Context, c *cli.Command) error {
			if c.String("from") == "" {
				return p.usage("error.required", "flag", "from")
			}
			file, err := os.ReadFile(c.String("from"))
			if err != nil {
				return err
			}
			var bar *progressbar.ProgressBar
			var out imported
			err = p.ask(ctx, c, "seed", importing{File: string(file), KeepGoing: c.Bool("keep-going")}, &out, func(g control.Progress) {
				if bar == nil {
					bar = p.bar(g.Total, g.What)
				}
				bar.Describe(g.What)
				_ = bar.Set(g.Done)
			})
			if bar != nil {
				_ = bar.Finish()
			}
			if err != nil {
				return err
			}
			return p.imported(out)
		},
	}
}

// imported prints what came of an import; a refused record makes the command fail.
func (p *program) imported(out imported) error {
	for _, r := range out.Refused {
		why := p.sentence(&fault.Fault{Code: r.Code, Path: r.Path, Params: r.Params})
		fmt.Fprintln(p.err, p.text("seed.refused", "line", r.Line, "section", r.Section, "key", r.Key, "why", why))
	}
	fmt.Fprintln(p.out, p.text("seed.done", "created", out.Made, "kept", out.Had, "refused", len(out.Refused)))
	if out.Nothing {
		fmt.Fprintln(p.err, p.text("seed.nothing"))
	}
	if len(out.Refused) > 0 {
		return errTold
	}
	return nil
}

// importFile is the import as a command on an application.
func importFile(a *app.App) control.Command {
	return func(ctx context.Context, raw json.RawMessage, progress func(control.Progress)) (any, error) {
		var in importing
		if err := json.Unmarshal(raw, &in); err != nil {
			return nil, err
		}
		done, err := seed.From(ctx, a.SeedServices(), strings.NewReader(in.File), seed.Options{
			KeepGoing: in.KeepGoing,
			Progress: func(done, total int, in seed.Section) {
				progress(control.Progress{Done: done, Total: total, What: string(in)})
			},
		})
		if err != nil && !errors.Is(err, seed.ErrRefused) {
			return nil, err
		}
		var out imported
		for _, n := range done.Made {
			out.Made += n
		}
		for _, n := range done.Had {
			out.Had += n
		}
		for _, r := range done.Refused {
			out.Refused = append(out.Refused, refusedRecord{
				Section: string(r.Section), Key: r.Key, Line: r.Line, Code: r.Why.Code, Path: r.Why.Path, Params: r.Why.Params,
			})
		}
		out.Nothing = errors.Is(err, seed.ErrRefused) && out.Made == 0
		return out, nil
	}
}
