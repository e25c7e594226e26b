package main

import (
	"context"
	"log/slog"
	"net"

	"github.com/urfave/cli/v3"
)

// measuresAt is where the measures are told unless the flags say otherwise: to programs on this machine alone.
const measuresAt = "127.0.0.1:9464"

// measures listens for whoever watches the server; nil where nobody is to. An address that was asked for must be had. The
// usual one may be another server's on the same machine: then this one goes without, and says so.
func (p *program) measures(ctx context.Context, c *cli.Command, log *slog.Logger) (net.Listener, error) {
	var none net.Listener
	addr := c.String("metrics-addr")
	if addr == "off" {
		return none, nil
	}
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return nil, p.usage("error.addr", "addr", addr)
	}
	on, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil && !c.IsSet("metrics-addr") {
		log.WarnContext(ctx, "no measures are told: name an address by --metrics-addr", "error", err)
		return none, nil
	}
	return on, err
}
