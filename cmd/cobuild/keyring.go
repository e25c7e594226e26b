package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/cobuild/cobuild/internal/platform/keyring"
)

func (p *program) keyring() *cli.Command {
	file := func() cli.Flag { return p.stringFlag("keyring", "") }
	data := func() cli.Flag { return p.stringFlag("data", "./data") }
	return &cli.Command{
		Name: "keyring", Usage: p.text("keyring.usage"),
		Commands: []*cli.Command{
			{
				Name: "create", Usage: p.text("keyring.create.usage"), Description: p.text("keyring.create.description"), Flags: []cli.Flag{file(), data()},
				Action: func(_ context.Context, c *cli.Command) error {
					if _, err := keyring.Create(keyringPath(c), time.Now(), rand.Reader); err != nil {
						return err
					}
					_, err := fmt.Fprintln(p.out, p.text("keyring.created", "file", keyringPath(c)))
					return err
				},
			},
			{
				Name: "rotate", Usage: p.text("keyring.rotate.usage"), Description: p.text("keyring.rotate.description"),
				Flags:  []cli.Flag{file(), data(), p.stringFlag("kind", "")},
				Action: p.rotate,
			},
			{Name: "list", Usage: p.text("keyring.list.usage"), Flags: []cli.Flag{file(), data()}, Action: p.listKeys},
		},
	}
}

func (p *program) rotate(_ context.Context, c *cli.Command) error {
	kind := keyring.Kind(c.String("kind"))
	if !slices.Contains(keyring.Kinds(), kind) {
		names := make([]string, 0, len(keyring.Kinds()))
		for _, k := range keyring.Kinds() {
			names = append(names, string(k))
		}
		return p.usage("error.choice", "flag", "kind", "choices", strings.Join(names, ", "))
	}
	ring, err := keyring.Open(keyringPath(c))
	if err != nil {
		return err
	}
	key, err := ring.Rotate(kind, time.Now(), rand.Reader)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.out, p.text("keyring.rotated", "kind", kind, "id", key.ID))
	return err
}

func (p *program) listKeys(_ context.Context, c *cli.Command) error {
	ring, err := keyring.Open(keyringPath(c))
	if err != nil {
		return err
	}
	for _, kind := range keyring.Kinds() {
		for _, k := range ring.All(kind) {
			retired := ""
			if k.RetiredAt != nil {
				retired = "  – " + k.RetiredAt.Format(time.RFC3339)
			}
			fmt.Fprintf(p.out, "%-7s %s  %s%s\n", kind, k.ID, k.CreatedAt.Format(time.RFC3339), retired)
		}
	}
	return nil
}

// keyringPath is the keyring's file: as named, or in the data folder.
func keyringPath(c *cli.Command) string {
	if named := c.String("keyring"); named != "" {
		return named
	}
	return filepath.Join(c.String("data"), "keyring.json")
}
