package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/backup"
	"github.com/cobuild/cobuild/internal/platform/control"
)

func (p *program) store() *cli.Command {
	return &cli.Command{
		Name: "store", Usage: p.text("store.usage"),
		Commands: []*cli.Command{{
			Name: "status", Usage: p.text("store.status.usage"), Description: p.text("store.status.description"), Flags: p.storeFlags(),
			Action: func(ctx context.Context, c *cli.Command) error {
				is, err := askThere[backup.Inventory](ctx, p, c, "store-status", struct{}{}, func(control.Progress) {})
				if err != nil {
					return err
				}
				p.printInventory(c, is)
				return nil
			},
		}},
	}
}

// printInventory prints how much a store holds.
func (p *program) printInventory(c *cli.Command, is backup.Inventory) {
	line := func(key string, pairs ...any) { fmt.Fprintln(p.out, p.text(key, pairs...)) }
	if info, err := os.Stat(storePath(c)); err == nil && c.String("mongodb") == "" {
		line("store.file", "file", storePath(c), "bytes", info.Size())
	}
	line("store.journal", "seq", is.Seq, "logged", is.Logged)
	if is.Since != nil {
		line("store.waiting", "documents", is.Waiting, "since", is.Since.Format(time.RFC3339))
	} else {
		line("store.settled")
	}
	if is.Restored != nil {
		line("store.restored", "at", is.Restored.Format(time.RFC3339))
	}
	for _, part := range is.Collections {
		if part.Documents > 0 {
			line("store.part", "collection", part.Name, "documents", part.Documents)
		}
	}
}

// storeStatus counts what the store holds.
func storeStatus(a *app.App) control.Command {
	return func(ctx context.Context, _ json.RawMessage, _ func(control.Progress)) (any, error) {
		return a.Inventory(ctx)
	}
}
