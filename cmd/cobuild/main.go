// Command cobuild is the whole of Cobuild in one program: the server, and what an operator does beside it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // contracts name time zones; a fresh machine may have none

	"github.com/urfave/cli/v3"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/fault/catalogue"
	"github.com/cobuild/cobuild/internal/witness"
)

// version is set when the program is built.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args, os.Getenv, os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// program is what every command works with.
type program struct {
	words
	faults   catalogue.Voice
	in       io.Reader
	out, err io.Writer
}

// errTold ends a command whose refusal is already printed.
var errTold = errors.New("told")

// run is the program without its process: 0 when all went well, 1 when it did not, 2 when it was asked wrongly, 3 when a
// witness has found its log rewritten.
func run(ctx context.Context, args []string, env func(string) string, in io.Reader, out, errs io.Writer) int {
	w, err := speak(env)
	if err != nil {
		fmt.Fprintln(errs, err)
		return 1
	}
	cat, err := catalogue.Load()
	if err != nil {
		fmt.Fprintln(errs, err)
		return 1
	}
	p := &program{words: w, faults: cat.Voice(w.lang), in: in, out: out, err: errs}
	err = p.commands().Run(ctx, args)
	if err == nil {
		return 0
	}
	p.report(err)
	if errors.Is(err, witness.ErrInconsistent) {
		return alarm
	}
	if _, ok := errors.AsType[usageError](err); ok {
		return 2
	}
	return 1
}

// usageError is a command asked wrongly.
type usageError struct{ error }

func (p *program) usage(key string, pairs ...any) error {
	return usageError{errors.New(p.text(key, pairs...))}
}

// report prints what went wrong, each fault in the reader's language.
func (p *program) report(err error) {
	if errors.Is(err, errTold) {
		return
	}
	if said, ok := p.aboutBackups(err); ok {
		fmt.Fprintln(p.err, p.text("error.prefix", "error", said))
		return
	}
	_, one := errors.AsType[*fault.Fault](err)
	_, many := errors.AsType[fault.List](err)
	if !one && !many {
		fmt.Fprintln(p.err, p.text("error.prefix", "error", err))
		return
	}
	for _, f := range fault.All(err) {
		fmt.Fprintln(p.err, p.text("error.prefix", "error", p.sentence(f)))
	}
}

// sentence is a fault in the reader's language, with its place and, for the operator, its cause.
func (p *program) sentence(f *fault.Fault) string {
	s := p.faults.Say(f.Code, f.Params)
	if len(f.Path) > 0 {
		s = strings.Join(f.Path, ".") + ": " + s
	}
	if f.Err != nil {
		s += " (" + f.Err.Error() + ")"
	}
	return s
}

func (p *program) commands() *cli.Command {
	root := &cli.Command{
		Name: "cobuild", Usage: p.text("app.usage"), Description: p.text("app.description"), Version: version,
		HideVersion: true, Writer: p.out, ErrWriter: p.err, Reader: p.in,
		ExitErrHandler: func(context.Context, *cli.Command, error) {},
		Commands: []*cli.Command{
			p.serve(), p.admin(), p.seed(), p.verify(), p.keyring(), p.demo(), p.printing(),
			p.schema(),
			p.personal(),
			p.audit(), p.witness(),
			p.backup(), p.restore(), p.store(),
			p.exporting(), p.importing(),
			{Name: "version", Usage: p.text("version.usage"), Action: func(context.Context, *cli.Command) error {
				_, err := fmt.Fprintln(p.out, version)
				return err
			}},
		},
		Action: func(_ context.Context, c *cli.Command) error {
			if c.Args().Present() {
				return p.usage("error.unknown", "name", c.Args().First())
			}
			return cli.ShowRootCommandHelp(c)
		},
	}
	p.translate(root)
	return root
}
