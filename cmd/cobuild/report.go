package main

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/platform/control"
	"github.com/cobuild/cobuild/internal/report"
)

// order is what the command on reports is asked.
type order struct {
	Path     string `json:"path"` // as in addresses of documents
	Language string `json:"language"`
}

// printed is its answer.
type printed struct {
	Name string `json:"name"`
	Body []byte `json:"body"`
}

func (p *program) printing() *cli.Command {
	output := p.stringFlag("output", "")
	output.Aliases = []string{"o"}
	return &cli.Command{
		Name: "report", Usage: p.text("report.usage"), Description: p.text("report.description"),
		Flags: append([]cli.Flag{
			p.stringFlag("scope", ""), p.stringFlag("period", ""), p.stringFlag("format", "pdf"), p.stringFlag("language", p.lang), output,
		}, p.storeFlags()...),
		Action: p.print,
	}
}

// print has a report printed, by the server where one runs, and writes it into a file.
func (p *program) print(ctx context.Context, c *cli.Command) error {
	for _, flag := range []string{"scope", "period"} {
		if c.String(flag) == "" {
			return p.usage("error.required", "flag", flag)
		}
	}
	format := strings.ToUpper(c.String("format"))
	if !slices.Contains([]report.Format{report.HTML, report.PDF}, report.Format(format)) {
		return p.usage("error.choice", "flag", "format", "choices", "pdf, html")
	}
	if _, ok := report.LanguageOf(c.String("language")); !ok {
		return p.usage("error.choice", "flag", "language", "choices", "zh-CN, en")
	}
	if _, err := report.ParsePeriod(c.String("period")); err != nil {
		return err
	}
	in := order{report.Prefix + c.String("scope") + "/" + c.String("period") + "." + strings.ToLower(format), c.String("language")}
	var got printed
	if err := p.ask(ctx, c, "report", in, &got, func(control.Progress) {}); err != nil {
		return err
	}
	if c.String("output") == "-" {
		_, err := p.out.Write(got.Body)
		return err
	}
	name := got.Name
	if c.IsSet("output") {
		name = c.String("output")
	}
	if err := os.WriteFile(name, got.Body, 0o600); err != nil {
		return err
	}
	_, err := p.out.Write([]byte(p.text("report.written", "file", name) + "\n"))
	return err
}

// printReport is the command that prints a report in the program's own name.
func printReport(a *app.App) control.Command {
	return func(ctx context.Context, raw json.RawMessage, _ func(control.Progress)) (any, error) {
		var in order
		if err := json.Unmarshal(raw, &in); err != nil {
			return nil, err
		}
		d, err := a.Print(ctx, in.Path, in.Language)
		if err != nil {
			return nil, err
		}
		return printed{d.Name, d.Body}, nil
	}
}
