package main

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/urfave/cli/v3"

	"github.com/cobuild/cobuild/graph"
	"github.com/cobuild/cobuild/internal/platform/web/gateway"
)

// schema prints the schema, for clients or for a federation gateway.
func (p *program) schema() *cli.Command {
	return &cli.Command{
		Name: "schema", Usage: p.text("schema.usage"), Description: p.text("schema.description"),
		Flags: []cli.Flag{p.boolFlag("subgraph")},
		Action: func(_ context.Context, c *cli.Command) error {
			text := graph.SDL
			if c.Bool("subgraph") {
				text = graph.SubgraphSDL
			}
			_, err := fmt.Fprint(p.out, text())
			return err
		},
	}
}

// gateways reads the keys of federation gateways; nil where the flag names no file.
func (p *program) gateways(c *cli.Command) (*gateway.Keys, error) {
	var none *gateway.Keys
	file := c.String("gateway-keys")
	if file == "" {
		return none, nil
	}
	return gateway.Open(file, rand.Reader)
}

// explorer says whether the explorer is served: with a demonstration unless it is turned off, else only where it is asked for.
func explorer(c *cli.Command) bool {
	if c.IsSet("explorer") {
		return c.Bool("explorer")
	}
	return c.Bool("demo")
}
