package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// sample is the example of the documentation that keeps a table in step. It is a process of its own, and is killed too.
type sample struct {
	program, dir string
	dice         *rand.Rand
	kills        int
	failed       error
}

// samplesTable is what it keeps.
type samplesTable struct {
	Seq       int64
	Contracts map[string]struct {
		Status  string
		Version int
	}
}

func (*sample) name() string { return "the example that follows" }

func (x *sample) state() string { return filepath.Join(x.dir, "contracts.json") }

func (*sample) register(context.Context, *town) error { return nil }

func (x *sample) follow(ctx context.Context, w *town) {
	token := filepath.Join(x.dir, "token")
	for ctx.Err() == nil {
		if now, err := w.secretary.signedIn(ctx); err != nil || os.WriteFile(token, []byte(now), 0o600) != nil {
			_ = pause(ctx, 50*time.Millisecond)
			continue
		}
		cmd := exec.Command(x.program, "--url", w.s.url(), "--token-file", token, "--state", x.state()) //nolint:noctx // it is killed by hand
		out := &strings.Builder{}
		cmd.Stderr = out
		if err := cmd.Start(); err != nil {
			x.failed = err
			return
		}
		var died error
		ended := make(chan struct{})
		go func() { died = cmd.Wait(); close(ended) }()
		select {
		case <-ended: // by itself, which it should not
			x.failed = fmt.Errorf("it ended by itself: %w: %s", errors.Join(died, errors.New("nobody killed it")), out)
			return
		case <-ctx.Done():
		case <-time.After(time.Duration(500+x.dice.IntN(3000)) * time.Millisecond):
		}
		_ = cmd.Process.Kill()
		<-ended
		x.kills++
	}
}

func (x *sample) table() (t samplesTable, err error) {
	raw, err := os.ReadFile(x.state())
	if err == nil {
		err = json.Unmarshal(raw, &t)
	}
	return t, err
}

func (x *sample) finish(ctx context.Context, _ *town, seq int64) error {
	return until(ctx, func() bool {
		t, err := x.table()
		return err == nil && t.Seq >= seq
	})
}

func (x *sample) check(feed []event) error {
	t, err := x.table()
	if err = errors.Join(x.failed, err); err != nil {
		return err
	}
	last := map[string]event{}
	for _, e := range feed {
		if strings.HasPrefix(e.Type, "contract.") && e.Seq <= t.Seq {
			if e.Data.Status == "" {
				e.Data.Status = last[e.SubjectID].Data.Status
			}
			last[e.SubjectID] = e
		}
	}
	for id, e := range last {
		if row := t.Contracts[id]; row.Status != e.Data.Status || row.Version != e.SubjectVersion {
			return fmt.Errorf("after %d deaths of its own it has %s as %+v, and event %d says %s in version %d", x.kills, id, row, e.Seq, e.Data.Status, e.SubjectVersion)
		}
	}
	if len(t.Contracts) != len(last) {
		return fmt.Errorf("it has %d contracts, and there are %d", len(t.Contracts), len(last))
	}
	return nil
}
