package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cobuild/cobuild/graph/graphtest"
)

// That it stays in step while it and a real server are killed again and again is tested with the server's soak.

// screen is what the follower prints.
type screen struct {
	mu sync.Mutex
	b  strings.Builder
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// begin starts a follower with the secretary's token. The returned function stops it and gives its error.
func begin(t *testing.T, w *graphtest.Town, url, state string) (*screen, func() error) {
	t.Helper()
	token := filepath.Join(t.TempDir(), "token.txt")
	if err := os.WriteFile(token, []byte(w.Token(t, "secretary")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out := &screen{}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- (&follower{url: url, tokenFile: token, out: out}).follow(ctx, state) }()
	return out, func() error {
		cancel()
		return <-ended
	}
}

func draft(t *testing.T, w *graphtest.Town) string {
	t.Helper()
	return w.Do(t, "secretary", "draftContract", graphtest.M{
		"title": "A contract", "effectiveOn": "2026-04-01", "endsOn": "2027-03-31",
		"parties": []graphtest.M{{"organisation": w.Community, "part": "HOST"}, {"organisation": w.Unit, "part": "PARTNER"}},
	}, "contract { id }").Fine().Str("it.contract.id")
}

// kept is the table as the file has it.
func kept(t *testing.T, state string) table {
	t.Helper()
	var tab table
	raw, err := os.ReadFile(state)
	if err == nil {
		err = json.Unmarshal(raw, &tab)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return tab
}

func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(3 * time.Minute); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it never came to be that %s", what)
		}
	}
}

func TestItReadsWhatWasAndHearsWhatIsAndGoesOnWhereItStopped(t *testing.T) {
	w, state := graphtest.NewTown(t), filepath.Join(t.TempDir(), "contracts.json")
	url := w.Serve(t).URL
	was := draft(t, w)
	_, stop := begin(t, w, url, state)
	until(t, "it has read what was", func() bool { return kept(t, state).Contracts[was].Status == "DRAFT" })
	is := draft(t, w)
	until(t, "it has heard what happened", func() bool { return kept(t, state).Contracts[is].Status == "DRAFT" })
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	w.Do(t, "secretary", "cancelContract", graphtest.M{"id": was, "expectedVersion": 1}, "contract { id }").Fine()
	out, stop := begin(t, w, url, state)
	until(t, "it has caught up", func() bool { return kept(t, state).Contracts[was] == contract{"CANCELLED", 2} })
	if err := stop(); err != nil || strings.Contains(out.String(), "contract.drafted") {
		t.Errorf("it began anew: %v %s", err, out)
	}
}

func TestWhatWillNotPassEndsIt(t *testing.T) {
	w, dir := graphtest.NewTown(t), t.TempDir()
	url := w.Serve(t).URL
	for name, c := range map[string]struct{ content, want string }{
		"another server's": {`{"seq": 999999, "contracts": {}}`, "SEQ_NOT_REACHED"},
		"damaged":          {`{"seq": `, "cannot be read"},
	} {
		state := filepath.Join(dir, strings.ReplaceAll(name, " ", "-"))
		if err := os.WriteFile(state, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		f := &follower{url: url, tokenFile: filepath.Join(dir, "token"), out: io.Discard}
		if err := os.WriteFile(f.tokenFile, []byte(w.Token(t, "secretary")), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := f.follow(t.Context(), state); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if left, err := os.ReadFile(state); err != nil || string(left) != c.content {
			t.Errorf("%s: the file became %q, %v", name, left, err)
		}
	}
}

func TestWhereTheServerIsAwayItTriesAgainMoreAndMoreSeldom(t *testing.T) {
	away := httptest.NewServer(nil)
	away.Close()
	w, state := graphtest.NewTown(t), filepath.Join(t.TempDir(), "contracts.json")
	out, stop := begin(t, w, away.URL, state)
	until(t, "it has tried three times", func() bool { return strings.Count(out.String(), "again in") >= 3 })
	if err := stop(); err != nil {
		t.Errorf("it gave up: %v", err)
	}
}
