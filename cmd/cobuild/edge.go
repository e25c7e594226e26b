package main

import (
	"github.com/urfave/cli/v3"

	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/platform/web"
)

// edgeFlags say how the server meets the network.
func (p *program) edgeFlags() []cli.Flag {
	return []cli.Flag{
		p.stringFlag("tls-cert", ""), p.stringFlag("tls-key", ""), p.listFlag("cors-origin"), p.listFlag("trusted-proxy"),
	}
}

// edge adds to the bounds what the flags say of websites and proxies.
func (p *program) edge(c *cli.Command, b *app.Bounds) error {
	b.Origins = c.StringSlice("cors-origin")
	for _, o := range b.Origins {
		if web.CheckOrigin(o) != nil {
			return p.usage("error.origin", "origin", o)
		}
	}
	var err error
	if b.Proxies, err = web.ParseProxies(c.StringSlice("trusted-proxy")); err != nil {
		return p.usage("error.proxy", "error", err)
	}
	return nil
}

// certificate is what secures connections; nil where the flags name none.
func (p *program) certificate(c *cli.Command) (*web.Certificate, error) {
	var none *web.Certificate
	cert, key := c.String("tls-cert"), c.String("tls-key")
	switch {
	case cert == "" && key == "":
		return none, nil
	case cert == "":
		return nil, p.usage("error.required", "flag", "tls-cert")
	case key == "":
		return nil, p.usage("error.required", "flag", "tls-key")
	}
	return web.LoadCertificate(cert, key)
}
