package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/cobuild/cobuild/internal/platform/ledger"
	"github.com/cobuild/cobuild/internal/witness"
)

// alarm is the exit status of a witness whose log was rewritten.
const alarm = 3

func (p *program) witness() *cli.Command {
	return &cli.Command{
		Name: "witness", Usage: p.text("witness.usage"), Description: p.text("witness.description"),
		Flags: []cli.Flag{
			p.stringFlag("url", ""), p.stringFlag("state", "./witness.json"), p.stringFlag("witness-name", ""), p.listFlag("log-key"),
			p.durationFlag("every", 10*time.Second), p.boolFlag("once"),
		},
		Action: p.follow,
	}
}

// follow follows a log until it is stopped, or until the log turns out to be another.
func (p *program) follow(ctx context.Context, c *cli.Command) error {
	w, err := p.openWitness(c)
	if err != nil {
		return err
	}
	fmt.Fprintln(p.out, p.text("witness.key", "key", w.Key()))
	every := time.NewTicker(c.Duration("every"))
	defer every.Stop()
	for last := int64(-1); ; {
		is, err := w.Round(ctx)
		switch {
		case errors.Is(err, witness.ErrInconsistent):
			fmt.Fprintln(p.err, p.text("witness.alarm", "url", c.String("url"), "error", err, "file", c.String("state")))
			return errors.Join(witness.ErrInconsistent, errTold)
		case err != nil && ctx.Err() == nil:
			fmt.Fprintln(p.err, p.text("witness.failed", "error", err))
		case err == nil && is.Size != last:
			fmt.Fprintln(p.out, p.text("witness.signed", "events", is.Size, "root", is.Root))
			last = is.Size
		}
		if c.Bool("once") {
			if err != nil {
				return errTold
			}
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-every.C:
		}
	}
}

func (p *program) openWitness(c *cli.Command) (*witness.Witness, error) {
	at, err := url.Parse(c.String("url"))
	if err != nil || at.Host == "" || at.Scheme != "https" && at.Scheme != "http" || at.User != nil {
		return nil, p.usage("error.witnessurl")
	}
	if c.Duration("every") < time.Second {
		return nil, p.usage("error.number", "flag", "every", "min", "1s", "max", "24h")
	}
	name := c.String("witness-name")
	if name == "" {
		if name, err = os.Hostname(); err != nil {
			return nil, err
		}
	}
	if !ledger.GoodName(name) {
		return nil, p.usage("error.witnessname", "name", name)
	}
	keys, err := p.ledgerKeys(c.StringSlice("log-key"))
	if err != nil {
		return nil, err
	}
	w := &witness.Witness{URL: at, Client: &http.Client{Timeout: time.Minute}, Now: time.Now, Random: rand.Reader}
	return w, w.Open(c.String("state"), name, keys)
}
