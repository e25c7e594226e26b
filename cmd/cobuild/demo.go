package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/urfave/cli/v3"
	"golang.org/x/term"

	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/demo"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
	"github.com/cobuild/cobuild/internal/serviceaccount"
)

// tokensFile is the file with the actors' tokens, in the data folder.
const tokensFile = "demo-tokens.json"

// stage is what a running demonstration needs beside an ordinary server.
type stage struct {
	cast  demo.Cast
	clock *clock
	path  string // of the tokens
}

// loadDemo loads the real input, on the first start, and hands out the actors' tokens.
func (p *program) loadDemo(ctx context.Context, c *cli.Command, a *app.App, k *clock) (*stage, error) {
	cast, err := p.play(ctx, a)
	if err != nil {
		return nil, err
	}
	s := &stage{cast: cast, clock: k, path: filepath.Join(c.String("data"), tokensFile)}
	return s, s.handOut(ctx, a)
}

// handOut writes the actors' tokens anew, readable by their owner alone.
func (s *stage) handOut(ctx context.Context, a *app.App) error {
	tokens := map[string]string{}
	for name, who := range map[string]id.Person{
		"secretary": s.cast.Secretary, "liaison": s.cast.Liaison, "supervisor": s.cast.Supervisor, "auditor": s.cast.Auditor,
		"administrator": s.cast.Administrator, "outsider": s.cast.Outsider,
	} {
		t, err := a.People.DemoToken(ctx, who)
		if err != nil {
			return fmt.Errorf("demo: %w", err)
		}
		tokens[name] = t.Text
	}
	var err error
	if tokens["service"], err = a.ServiceAccounts.DemoKey(ctx, serviceaccount.CreateInput{
		Organisation: s.cast.Manager, Name: "物业管理系统", Purpose: "示例：物业公司的业务系统读取契约并填报履约。", Role: authz.Liaison,
		Scopes: []authz.Scope{authz.ScopeContractsRead, authz.ScopeContractsWrite, authz.ScopePeopleRead},
	}, s.had()); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	raw, err := json.MarshalIndent(tokens, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(s.path), 0o700); err != nil {
		return err
	}
	return writeWhole(s.path, append(raw, '\n'))
}

// had is the API key that was handed out before; empty where there is none.
func (s *stage) had() string {
	raw, err := os.ReadFile(s.path)
	if err != nil {
		return ""
	}
	var tokens map[string]string
	if json.Unmarshal(raw, &tokens) != nil { // whatever somebody made of the file, it is written anew
		return ""
	}
	return tokens["service"]
}

// fill makes the demo's file at first start: beside its place and without waiting for the disk at each of some thousand
// writes. It is put into its place when it is whole and on the disk, so an interrupted filling leaves nothing behind.
func (p *program) fill(ctx context.Context, c *cli.Command, given app.Config) error {
	if _, err := os.Stat(storePath(c)); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := unfinished(c); err != nil {
		return err
	}
	if err := os.MkdirAll(c.String("data"), 0o700); err != nil {
		return err
	}
	beside := storePath(c) + ".filling"
	if err := os.Remove(beside); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	back, err := boltstore.Open(beside, boltstore.Options{Unsynced: true})
	if err != nil {
		return err
	}
	a, err := p.on(ctx, c, back, given)
	if err != nil {
		return err
	}
	_, err = p.play(ctx, a)
	if err := errors.Join(err, a.Close(ctx)); err != nil {
		return err
	}
	return os.Rename(beside, storePath(c))
}

// play lives through the demo's past in an application of its own on the same store, whose clock the demo moves.
func (p *program) play(ctx context.Context, a *app.App) (demo.Cast, error) {
	var clock atomic.Pointer[time.Time]
	now := a.Now()
	clock.Store(&now)
	cfg := a.Config
	cfg.Now = func() time.Time { return *clock.Load() }
	past, err := app.Open(ctx, cfg)
	if err != nil {
		return demo.Cast{}, err
	}
	var bar *progressbar.ProgressBar
	deps := past.DemoDeps(func(t time.Time) { clock.Store(&t) })
	deps.Progress = func(done, total int) {
		if bar == nil {
			fmt.Fprintln(p.err, p.text("serve.loading"))
			bar = p.bar(total, "")
		}
		_ = bar.Set(done)
	}
	cast, err := demo.Load(ctx, deps, now)
	if bar != nil {
		_ = bar.Finish()
	}
	return cast, err
}

// bar shows progress on the error stream, where that is a terminal; a log gets none.
func (p *program) bar(total int, what string) *progressbar.ProgressBar {
	f, ok := p.err.(*os.File)
	return progressbar.NewOptions(total, progressbar.OptionSetWriter(p.err), progressbar.OptionSetDescription(what),
		progressbar.OptionSetVisibility(ok && term.IsTerminal(int(f.Fd()))), progressbar.OptionShowCount(),
		progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100*time.Millisecond))
}

// writeWhole replaces a file's content at once: a reader sees the old tokens or the new ones, never a half.
func writeWhole(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".tokens-") // 0600
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		return os.Rename(f.Name(), path)
	}
	_ = os.Remove(f.Name())
	return err
}
