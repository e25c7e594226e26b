package main

import (
	"net/netip"

	"github.com/urfave/cli/v3"

	"github.com/cobuild/cobuild/internal/platform/outbound"
)

// webhookFlags say where webhooks may lead besides the public internet.
func (p *program) webhookFlags() []cli.Flag {
	return []cli.Flag{p.boolFlag("webhook-allow-http"), p.listFlag("webhook-allow-network")}
}

// outbound is what the flags say. A demonstration's webhooks may lead to this machine, where whoever tries it receives them.
func (p *program) outbound(c *cli.Command) (*outbound.Guard, error) {
	g := &outbound.Guard{PlainHTTP: c.Bool("webhook-allow-http")}
	named := c.StringSlice("webhook-allow-network")
	if c.Bool("demo") {
		g.PlainHTTP, named = true, append(named, "127.0.0.0/8", "::1/128")
	}
	for _, one := range named {
		network, err := netip.ParsePrefix(one)
		if err != nil || network != network.Masked() {
			return nil, p.usage("error.network", "network", one)
		}
		g.Networks = append(g.Networks, network)
	}
	return g, nil
}
