package main

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/platform/keyring"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
	"github.com/cobuild/cobuild/internal/platform/store/mongostore"
)

// open opens the store and the keyring that the flags name, and the application on them, as far as they have a say.
func (p *program) open(ctx context.Context, c *cli.Command, given app.Config) (*app.App, error) {
	if err := p.checkStore(c); err != nil {
		return nil, err
	}
	back, err := openStore(ctx, c)
	if err != nil {
		return nil, err
	}
	return p.on(ctx, c, back, given)
}

// checkStore refuses flags that do not name one store with its keyring.
func (p *program) checkStore(c *cli.Command) error {
	if c.String("mongodb") != "" && c.IsSet("data") && !c.Bool("demo") { // a demo writes its tokens there
		return p.usage("error.bothstores")
	}
	if c.String("mongodb") != "" {
		if _, err := os.Stat(c.String("keyring")); errors.Is(err, os.ErrNotExist) { // not named, or not made yet
			return p.usage("error.keyringneeded")
		}
	}
	return nil
}

// on opens the application on a store, which it closes when that fails.
func (p *program) on(ctx context.Context, c *cli.Command, back store.Backend, cfg app.Config) (*app.App, error) {
	ring, err := openKeyring(c)
	if err != nil {
		return nil, errors.Join(err, back.Close(ctx))
	}
	cfg.Backend, cfg.Keyring, cfg.Issuer, cfg.Random, cfg.Version = back, ring, c.String("issuer"), rand.Reader, version
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if c.String("mongodb") == "" {
		cfg.Node = "embedded" // one process has the file: after a crash the next one takes up the work at once
	}
	a, err := app.Open(ctx, cfg)
	if err != nil {
		return nil, errors.Join(err, back.Close(ctx))
	}
	return a, nil
}

func openStore(ctx context.Context, c *cli.Command) (store.Backend, error) {
	if uri := c.String("mongodb"); uri != "" {
		return mongostore.Open(ctx, mongostore.Options{URI: uri, Database: c.String("database")})
	}
	if err := unfinished(c); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(c.String("data"), 0o700); err != nil {
		return nil, err
	}
	return boltstore.Open(storePath(c), boltstore.Options{})
}

// storePath is the file of the embedded store.
func storePath(c *cli.Command) string { return filepath.Join(c.String("data"), "cobuild.db") }

// openKeyring reads the keyring. On the embedded store it is made at first start.
func openKeyring(c *cli.Command) (*keyring.Keyring, error) {
	path := keyringPath(c)
	ring, err := keyring.Open(path)
	if !errors.Is(err, os.ErrNotExist) || c.String("mongodb") != "" {
		return ring, err
	}
	return keyring.Create(path, time.Now(), rand.Reader)
}
