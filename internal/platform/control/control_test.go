package control_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/platform/control"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

func serve(t *testing.T, commands map[string]control.Command) string {
	t.Helper()
	dir := t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- control.Serve(ctx, dir, commands, slog.New(slog.DiscardHandler)) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	for range 200 {
		if _, err := os.Stat(filepath.Join(dir, "control.sock")); err == nil {
			return dir
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("the socket never appeared")
	return ""
}

func TestACommandIsAnsweredWithItsProgressAndResult(t *testing.T) {
	dir := serve(t, map[string]control.Command{"greet": func(_ context.Context, params json.RawMessage, progress func(control.Progress)) (any, error) {
		var name string
		if err := json.Unmarshal(params, &name); err != nil {
			return nil, err
		}
		progress(control.Progress{Done: 1, Total: 2, What: name})
		return "hello " + name, nil
	}})
	var got string
	var seen []control.Progress
	err := control.Ask(t.Context(), dir, "greet", "Wuxi", &got, func(p control.Progress) { seen = append(seen, p) })
	if err != nil || got != "hello Wuxi" || len(seen) != 1 || seen[0].What != "Wuxi" {
		t.Fatalf("got %q, %v, %v", got, seen, err)
	}
}

func TestARefusalKeepsItsCodeAndPath(t *testing.T) {
	dir := serve(t, map[string]control.Command{"no": func(context.Context, json.RawMessage, func(control.Progress)) (any, error) {
		return nil, fault.New(fault.Invalid, fault.CodeTooLong, "max", 5).At("name")
	}})
	err := control.Ask(t.Context(), dir, "no", nil, nil, nil)
	if f := fault.Of(err); f.Code != fault.CodeTooLong || len(f.Path) != 1 || f.Path[0] != "name" {
		t.Fatalf("got %v", err)
	}
}

func TestOnlyTheOwnerCanOpenTheSocket(t *testing.T) {
	dir := serve(t, nil)
	info, err := os.Stat(filepath.Join(dir, "control.sock"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
}

func TestWhereNoServerRunsTheCallerIsTold(t *testing.T) {
	if err := control.Ask(t.Context(), t.TempDir(), "greet", nil, nil, nil); !errors.Is(err, control.ErrNobody) {
		t.Fatalf("got %v", err)
	}
}

func TestAnUnknownCommandIsAnError(t *testing.T) {
	dir := serve(t, nil)
	if err := control.Ask(t.Context(), dir, "nothing", nil, nil, nil); !errors.Is(err, control.ErrNoCommand) {
		t.Fatalf("got %v", err)
	}
}
