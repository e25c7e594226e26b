package crowd_test

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/deploy/test/load/crowd"
)

// patience is how long a test waits for what must come, however slow the machine is.
const patience = 10 * time.Minute

func TestACrowdThatKeepsAccount(t *testing.T) {
	program := filepath.Join(t.TempDir(), "cobuild")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", program, "github.com/cobuild/cobuild/cmd/cobuild").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Run("killed", func(t *testing.T) { killed(t, program) })
	t.Run("turned away", func(t *testing.T) { turnedAway(t, program) })
}

// house is a server in a process of its own, which may have so many files open, with a town of four units.
func house(t *testing.T, program string, files int) (context.Context, *crowd.Server, *crowd.Town) {
	t.Helper()
	folder := t.TempDir()
	s := &crowd.Server{Program: program, Data: filepath.Join(folder, "data"), Log: filepath.Join(folder, "log"), OpenFiles: files}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	must(t, s.Start(ctx))
	t.Cleanup(func() { _ = s.Kill() })
	w, err := crowd.Build(ctx, s, 4, 2)
	must(t, err)
	return ctx, s, w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// killed has some hundreds listen while changes are made, among them some who take nothing of what they are sent, and kills
// the server in the midst of it.
func killed(t *testing.T, program string) {
	t.Helper()
	ctx, s, w := house(t, program, 0)
	from, err := w.Place(ctx)
	must(t, err)
	all, lazy, voice := crowd.Gather(s, w, 300, from), crowd.Lazy(s, w, 20, from), crowd.NewVoice(w)
	all.Listen(ctx)
	lazy.Listen(ctx)
	changes := make(chan error, 1)
	halfway := make(chan struct{})
	go func() {
		defer close(changes)
		for i := range 60 {
			if i == 20 {
				close(halfway)
			}
			for _, c := range []*crowd.Contract{w.Units[i%4].Own, w.All}[:1+i%2] {
				if err := voice.Say(ctx, c); err != nil {
					changes <- err
					return
				}
			}
		}
	}()
	select {
	case <-halfway:
	case err := <-changes:
		t.Fatal(err)
	}
	must(t, s.Kill()) // while changes are under way
	must(t, s.Start(ctx))
	must(t, <-changes)
	must(t, voice.Say(ctx, w.All)) // which everybody hears last
	last, err := voice.Place(ctx, w.All)
	must(t, err)
	must(t, all.Heard(ctx, last))
	lazy.Leave()
	all.Leave()
	a, err := all.Reconcile(ctx, w, voice, from)
	must(t, err)
	if !a.Clean() || a.Acked != 91 || a.Told == 0 {
		t.Errorf("%+v", a)
	}
	if all.Again() == 0 {
		t.Error("nobody noticed that the server was killed")
	}
}

// turnedAway has more listen than the server may have files open: it serves the others.
func turnedAway(t *testing.T, program string) {
	t.Helper()
	const files, kept = 200, 100
	ctx, s, w := house(t, program, files)
	from, err := w.Place(ctx)
	must(t, err)
	all, voice := crowd.Gather(s, w, kept+40, from), crowd.NewVoice(w)
	all.Listen(ctx)
	refused := func() bool {
		for why := range all.Endings() {
			if strings.Contains(why, "SERVER_FULL") {
				return true
			}
		}
		return false
	}
	for all.Open() < kept || !refused() {
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			t.Fatalf("%d are open: %v", all.Open(), all.Endings())
		}
	}
	must(t, voice.Say(ctx, w.All)) // requests that do not stay find a file still
	if n, err := s.Files(); err != nil || n >= files {
		t.Errorf("%d files are open, %v", n, err)
	}
	all.Leave()
}
