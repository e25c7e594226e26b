package main

import (
	"time"

	"github.com/urfave/cli/v3"

	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/platform/ledger"
)

// settings are what the flags of serve say of the application, checked before anything is opened.
func (p *program) settings(c *cli.Command) (app.Config, error) {
	demo := c.Bool("demo")
	s := app.Config{Demo: demo, Introspection: demo || c.Bool("introspection"), Explorer: explorer(c)}
	for _, read := range []func() error{
		func() (err error) { s.Mail, err = p.mail(c); return err },
		func() (err error) { s.Gateways, err = p.gateways(c); return err },
		func() (err error) { s.Bounds, err = p.bounds(c); return err },
		func() error { return p.edge(c, &s.Bounds) },
		func() (err error) { s.Issuing, err = p.issuing(c); return err },
		func() (err error) { s.KeyAge, err = p.keyAge(c); return err },
		func() (err error) { s.Node, err = p.node(c); return err },
		func() (err error) { s.Witnesses, err = p.ledgerKeys(c.StringSlice("witness")); return err },
		func() (err error) { s.Outbound, err = p.outbound(c); return err },
		func() (err error) { s.Live.Everybody, err = connections(); return err },
		func() (err error) { s.MatchWeights, err = p.matchWeights(c); return err },
	} {
		if err := read(); err != nil {
			return app.Config{}, err
		}
	}
	return s, nil
}

// keyAge is how old a key for personal data may become.
func (p *program) keyAge(c *cli.Command) (time.Duration, error) {
	age := c.Duration("personal-key-age")
	if age < time.Hour || age > 10*365*24*time.Hour {
		return 0, p.usage("error.number", "flag", "personal-key-age", "min", "1h", "max", "87600h")
	}
	return age, nil
}

// node is the server's name among those on one database; empty where it has none.
func (p *program) node(c *cli.Command) (string, error) {
	name := c.String("node")
	switch {
	case name != "" && c.String("mongodb") == "":
		return "", p.usage("error.nodestore")
	case name != "" && !ledger.GoodName(name):
		return "", p.usage("error.nodename", "name", name)
	}
	return name, nil
}
