package main

import (
	"context"
	"encoding/json"
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
)

// loadDemo loads the real input, on the first start, and writes the actors' tokens anew, readable by their owner alone.
func (p *program) loadDemo(ctx context.Context, c *cli.Command, a *app.App) (file string, err error) {
	fmt.Fprintln(p.err, p.text("serve.loading"))
	cast, err := p.play(ctx, a)
	if err != nil {
		return "", err
	}
	tokens := map[string]string{}
	for name, who := range map[string]id.Person{
		"secretary": cast.Secretary, "liaison": cast.Liaison, "supervisor": cast.Supervisor, "auditor": cast.Auditor,
		"administrator": cast.Administrator, "outsider": cast.Outsider,
	} {
		t, err := a.People.DemoToken(ctx, who)
		if err != nil {
			return "", fmt.Errorf("demo: %w", err)
		}
		tokens[name] = t.Text
	}
	raw, err := json.MarshalIndent(tokens, "", "  ")
	if err != nil {
		return "", err
	}
	dir := c.String("data")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	path := filepath.Join(dir, "demo-tokens.json")
	return path, writeWhole(path, append(raw, '\n'))
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
			bar = p.bar(total, p.text("serve.loading"))
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
