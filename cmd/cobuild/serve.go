package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/urfave/cli/v3"
	"golang.org/x/sync/errgroup"

	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/platform/control"
	"github.com/cobuild/cobuild/internal/platform/vault"
	"github.com/cobuild/cobuild/internal/platform/web"
)

// renewal is how often the certificate's files are looked at.
const renewal = 30 * time.Second

func (p *program) serve() *cli.Command {
	return &cli.Command{
		Name: "serve", Usage: p.text("serve.usage"), Description: p.text("serve.description"),
		Flags: slices.Concat([]cli.Flag{p.stringFlag("addr", "127.0.0.1:8080"), p.boolFlag("demo")}, p.storeFlags(), []cli.Flag{
			p.stringFlag("issuer", "cobuild"), p.boolFlag("introspection"), p.stringFlag("log-format", "text"), p.stringFlag("log-level", "info"),
			p.stringFlag("gateway-keys", ""), p.boolFlag("explorer"), p.stringFlag("node", ""), p.stringFlag("metrics-addr", measuresAt),
			p.durationFlag("personal-key-age", vault.Age), p.listFlag("witness"),
		}, p.mailFlags(), p.boundsFlags(), p.edgeFlags(), p.issuerFlags(), p.webhookFlags(), p.fileFlags(), p.matchFlags()),
		Action: p.runServer,
	}
}

func (p *program) runServer(ctx context.Context, c *cli.Command) error {
	addr, demo := c.String("addr"), c.Bool("demo")
	if err := p.checkAddr(addr, demo); err != nil {
		return err
	}
	log, err := p.logger(c)
	if err != nil {
		return err
	}
	given, err := p.settings(c)
	if err != nil {
		return err
	}
	secured, err := p.certificate(c)
	if err != nil {
		return err
	}
	now, err := clockIn(c.String("data"))
	if err != nil {
		return err
	}
	if given.Files, err = p.files(ctx, c); err != nil {
		return err
	}
	defer given.Files.Bucket.Close()
	given.Log = log
	if demo {
		given.Now, given.Wall = now.Now, time.Now
	}
	if demo && c.String("mongodb") == "" {
		if err := p.fill(ctx, c, given); err != nil {
			return err
		}
	}
	a, err := p.open(ctx, c, given)
	if err != nil {
		return err
	}
	defer func() {
		if err := a.Close(context.WithoutCancel(ctx)); err != nil {
			log.Error("close", "error", err)
		}
	}()
	var show *stage
	if demo {
		if show, err = p.loadDemo(ctx, c, a, now); err != nil {
			return err
		}
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	watched, err := p.measures(ctx, c, log)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	return p.work(ctx, c, a, doors{l, watched}, log, show, secured)
}

// doors are where a server is spoken to.
type doors struct {
	main     net.Listener
	measures net.Listener // nil for none
}

// close closes them before anybody has come.
func (d doors) close() error {
	if d.measures == nil {
		return d.main.Close()
	}
	return errors.Join(d.main.Close(), d.measures.Close())
}

// work runs everything a server does until ctx ends: requests, background work, operators' commands. A demonstration
// has its show.
func (p *program) work(ctx context.Context, c *cli.Command, a *app.App, at doors, log *slog.Logger, show *stage, secured *web.Certificate) error {
	handler, err := a.Handler()
	if err != nil {
		return errors.Join(err, at.close())
	}
	behind, stopBehind := context.WithCancel(context.WithoutCancel(ctx))
	defer stopBehind()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.Run(behind) })
	commands, tokens := commandsOn(a), ""
	if show != nil {
		tokens = show.path
		commands["demo-clock"] = show.clock.setClock(a, func(ctx context.Context) error { return show.handOut(ctx, a) })
	}
	if c.String("mongodb") == "" || show != nil {
		g.Go(func() error { return control.Serve(behind, c.String("data"), commands, log) })
	}
	g.Go(func() error { return reload(behind, a, secured, log) })
	if secured != nil {
		g.Go(func() error { return secured.Watch(behind, renewal, log) })
	}
	g.Go(func() error {
		defer stopBehind() // only after the last answer: what it began is still relayed
		server := &web.Server{Handler: handler, Log: log, Certificate: secured, Stopping: a.Stopping}
		return server.Serve(ctx, at.main)
	})
	if at.measures != nil {
		g.Go(func() error {
			return (&web.Server{Handler: a.Measures(), Log: log}).Serve(behind, at.measures)
		})
	}
	p.announce(at, tokens, secured != nil)
	return g.Wait()
}

// announce prints what to open and what to type.
func (p *program) announce(at doors, tokens string, secured bool) {
	addr := at.main.Addr().String()
	url := "http://" + addr
	if secured {
		url = "https://" + addr
	}
	fmt.Fprintln(p.out, p.text("serve.ready", "version", version))
	fmt.Fprintln(p.out, p.text("serve.open", "url", url))
	if at.measures != nil {
		fmt.Fprintln(p.out, p.text("serve.measures", "url", "http://"+at.measures.Addr().String()+"/metrics"))
	}
	if files, err := openFiles(); err == nil {
		fmt.Fprintln(p.out, p.text("serve.files", "files", files, "max", connectionsWithin(files)))
	}
	curl := `curl -s ` + url + `/graphql -H 'Content-Type: application/json' -d '{"query":"{ communities(first: 3) { totalCount nodes { __typename name strategy } } }"}'`
	if tokens != "" {
		curl = `curl -s ` + url + `/graphql -H "Authorization: Bearer $(sed -n 's/.*"secretary": *"\([^"]*\)".*/\1/p' ` + tokens + `)" -H 'Content-Type: application/json' -d '{"query":"{ contracts(first: 5) { totalCount nodes { title status parties { part organisation { name } } } } }"}'`
		fmt.Fprintln(p.out, p.text("serve.tokens", "file", tokens))
	}
	fmt.Fprintln(p.out, p.text("serve.try", "curl", curl))
}

// checkAddr refuses an address that is none, and a demo's ready-made tokens on anything but loopback.
func (p *program) checkAddr(addr string, demo bool) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return p.usage("error.addr", "addr", addr)
	}
	if ip := net.ParseIP(host); demo && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return p.usage("error.demoloopback", "addr", addr)
	}
	return nil
}

func (p *program) logger(c *cli.Command) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.String("log-level"))); err != nil {
		return nil, p.usage("error.choice", "flag", "log-level", "choices", "debug, info, warn, error")
	}
	o := &slog.HandlerOptions{Level: level}
	switch c.String("log-format") {
	case "text":
		return slog.New(slog.NewTextHandler(p.err, o)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(p.err, o)), nil
	}
	return nil, p.usage("error.choice", "flag", "log-format", "choices", "text, json")
}

// reload reads the operator's files again at every SIGHUP. What cannot be read stays as it was.
func reload(ctx context.Context, a *app.App, secured *web.Certificate, log *slog.Logger) error {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-hup:
			reread(log, "keyring", a.Keyring.Reload)
			reread(log, "trusted documents", a.TrustDocuments)
			if a.Gateways != nil {
				reread(log, "gateway keys", a.Gateways.Reload)
			}
			if a.Issuers != nil {
				reread(log, "issuers", a.Issuers.Reload)
			}
			if secured != nil {
				reread(log, "certificate", secured.Reload)
			}
		}
	}
}

func reread(log *slog.Logger, what string, read func() error) {
	if err := read(); err != nil {
		log.Error(what+" not reloaded, the old state stays", "error", err)
		return
	}
	log.Info(what + " reloaded")
}
