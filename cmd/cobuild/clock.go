package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/platform/control"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// farthest is how many days a demonstration's clock is set ahead at once.
const farthest = 3660

// clock is the time by which a demonstration goes: the real one, or ahead of it. It never goes back. How far it is
// ahead is kept beside the demonstration's data, so that a restart does not throw it back behind what has happened.
type clock struct {
	path string

	mu    sync.Mutex
	ahead time.Duration
}

// clockIn finds the clock of a demonstration whose files are in a folder.
func clockIn(dir string) (*clock, error) {
	k := &clock{path: filepath.Join(dir, "demo-clock")}
	raw, err := os.ReadFile(k.path)
	if errors.Is(err, os.ErrNotExist) {
		return k, nil
	}
	if err != nil {
		return nil, err
	}
	if k.ahead, err = time.ParseDuration(string(raw)); err != nil || k.ahead < 0 {
		return nil, fmt.Errorf("%s: %q is no time to be ahead by", k.path, raw)
	}
	return k, nil
}

// Now is the demonstration's time.
func (k *clock) Now() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	return time.Now().Add(k.ahead)
}

// advance sets the clock to a moment that is to come.
func (k *clock) advance(to time.Time) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	ahead := time.Until(to).Round(time.Millisecond)
	if ahead < k.ahead {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(k.path), 0o700); err != nil {
		return err
	}
	if err := writeWhole(k.path, []byte(ahead.String())); err != nil {
		return err
	}
	k.ahead = ahead
	return nil
}

// moving is what the command that sets the clock ahead is asked: so many days, or to a day.
type moving struct {
	Days int         `json:"days,omitempty"`
	To   scalar.Date `json:"to,omitempty"`
}

// target is the moment to go to: as many days ahead, or the first moment of the day, in China's time.
func (m moving) target(now time.Time) (time.Time, error) {
	to := now.AddDate(0, 0, m.Days)
	field := "days"
	if m.To != "" {
		if _, err := scalar.ParseDate(string(m.To)); err != nil {
			return now, fault.Of(err).At("to")
		}
		field, to = "to", m.To.In(time.FixedZone("Asia/Shanghai", 8*60*60)).Add(time.Minute)
	}
	if to.Before(now) || to.After(now.AddDate(0, 0, farthest)) {
		return now, fault.New(fault.Invalid, fault.CodeOutOfRange, "min", now.Format(time.DateOnly), "max", now.AddDate(0, 0, farthest).Format(time.DateOnly)).At(field)
	}
	return to, nil
}

// setClock is the command as a server does it: day by day, with everything that each day brings, and then new tokens,
// since those handed out before have ended.
func (k *clock) setClock(a *app.App, tokens func(context.Context) error) control.Command {
	return func(ctx context.Context, raw json.RawMessage, progress func(control.Progress)) (any, error) {
		var in moving
		if err := json.Unmarshal(raw, &in); err != nil {
			return nil, err
		}
		from := k.Now()
		to, err := in.target(from)
		if err != nil {
			return nil, err
		}
		days := int(to.Sub(from)/(24*time.Hour)) + 1
		for day := 1; day <= days; day++ {
			at := from.Add(time.Duration(day) * 24 * time.Hour)
			if at.After(to) {
				at = to
			}
			if err := k.advance(at); err != nil {
				return nil, err
			}
			if err := a.Settle(ctx); err != nil {
				return nil, err
			}
			progress(control.Progress{Done: day, Total: days})
		}
		return k.Now().UTC(), tokens(ctx)
	}
}

func (p *program) demo() *cli.Command {
	return &cli.Command{
		Name: "demo", Usage: p.text("demo.usage"),
		Commands: []*cli.Command{{
			Name: "clock", Usage: p.text("demo.clock.usage"), Description: p.text("demo.clock.description"),
			Flags:  []cli.Flag{p.intFlag("days"), p.stringFlag("to", ""), p.stringFlag("data", "./data")},
			Action: p.setClock,
		}},
	}
}

// setClock asks the demonstration that runs on the data folder.
func (p *program) setClock(ctx context.Context, c *cli.Command) error {
	in := moving{Days: c.Int("days"), To: scalar.Date(c.String("to"))}
	if (in.Days == 0) == (in.To == "") {
		return p.usage("error.dayortime")
	}
	bar := p.bar(0, "")
	var now time.Time
	err := control.Ask(ctx, c.String("data"), "demo-clock", in, &now, func(done control.Progress) {
		bar.ChangeMax(done.Total)
		_ = bar.Set(done.Done)
	})
	_ = bar.Finish()
	if errors.Is(err, control.ErrNobody) || errors.Is(err, control.ErrNoCommand) {
		return p.usage("error.nodemo", "data", c.String("data"))
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(p.out, p.text("demo.clock.set", "now", now.Format(time.RFC3339), "file", filepath.Join(c.String("data"), tokensFile)))
	return nil
}
