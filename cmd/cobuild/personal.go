package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/platform/control"
	"github.com/cobuild/cobuild/internal/platform/vault"
)

// personal is the commands on the keys of personal data.
func (p *program) personal() *cli.Command {
	return &cli.Command{
		Name: "personal", Usage: p.text("personal.usage"),
		Commands: []*cli.Command{
			{
				Name: "rotate", Usage: p.text("personal.rotate.usage"), Description: p.text("personal.rotate.description"), Flags: p.storeFlags(),
				Action: func(ctx context.Context, c *cli.Command) error {
					var number int64
					if err := p.ask(ctx, c, "personal-rotate", struct{}{}, &number, func(control.Progress) {}); err != nil {
						return err
					}
					_, err := fmt.Fprintln(p.out, p.text("personal.rotated", "number", number))
					return err
				},
			},
			{
				Name: "status", Usage: p.text("personal.status.usage"), Description: p.text("personal.status.description"), Flags: p.storeFlags(),
				Action: func(ctx context.Context, c *cli.Command) error {
					var s vault.Status
					if err := p.ask(ctx, c, "personal-status", struct{}{}, &s, func(control.Progress) {}); err != nil {
						return err
					}
					p.printKeys(s)
					return nil
				},
			},
		},
	}
}

// printKeys prints the data keys, and what is still under older ones.
func (p *program) printKeys(s vault.Status) {
	for _, k := range s.Keys {
		line := "personal.key.old"
		if k.InUse {
			line = "personal.key.used"
		}
		fmt.Fprintln(p.out, p.text(line, "number", k.Number, "at", k.StartedAt.Format(time.RFC3339)))
	}
	left := 0
	for _, name := range slices.Sorted(maps.Keys(s.Left)) {
		if n := s.Left[name]; n > 0 {
			left += n
			fmt.Fprintln(p.out, p.text("personal.left", "collection", name, "count", n))
		}
	}
	if left == 0 {
		fmt.Fprintln(p.out, p.text("personal.none"))
	}
}

// rotatePersonal puts a new data key in use.
func rotatePersonal(a *app.App) control.Command {
	return func(ctx context.Context, _ json.RawMessage, _ func(control.Progress)) (any, error) {
		return a.Vault.Rotate(ctx)
	}
}

// personalStatus says how far the moving to the data key in use is.
func personalStatus(a *app.App) control.Command {
	return func(ctx context.Context, _ json.RawMessage, _ func(control.Progress)) (any, error) {
		return a.Vault.Status(ctx)
	}
}
