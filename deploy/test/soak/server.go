package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	mongoptions "go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/cobuild/cobuild/internal/platform/ledger"
)

const (
	password = "a good long password"
	patience = 5 * time.Minute // with anything that must come to an end
)

// server is the program as it runs, dies and runs again, always at one address.
type server struct {
	program, dir, addr string
	store              []string // the arguments that name its store
	flags              []string // more arguments of serve
	shared             bool     // whether other servers may have the store too
	drop               func()   // of the store, at the end
	witness            ledger.Key
	log                *os.File // its log

	mu           sync.Mutex
	cmd          *exec.Cmd
	ended        chan struct{}
	kills, early int
}

// newServer makes a store with an administrator in it.
func newServer(ctx context.Context, kind, dir string, o options) (*server, error) {
	s := &server{program: o.program, dir: dir, drop: func() {}}
	data := filepath.Join(dir, "data")
	switch kind {
	case "bolt":
		s.store = []string{"--data", data}
	case "mongodb":
		if o.mongodb == "" {
			return nil, errors.New("no server is named: set COBUILD_TEST_MONGODB_URI or --mongodb")
		}
		ring, database := filepath.Join(dir, "keyring.json"), "cobuild_test_"+strings.ToLower(rand.Text()[:16])
		s.store = []string{"--mongodb", o.mongodb, "--database", database, "--keyring", ring}
		s.shared = true
		s.drop = func() { dropDatabase(o.mongodb, database) }
		if _, err := s.run(ctx, "", "keyring", "create", "--keyring", ring); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("there is no store %q", kind)
	}
	log, err := os.Create(filepath.Join(dir, "server.log"))
	if err != nil {
		return nil, err
	}
	s.log = log
	if s.addr, err = free(); err != nil {
		return nil, err
	}
	_, err = s.run(ctx, password, append([]string{"admin", "create", "--login", "admin", "--password-stdin"}, s.store...)...)
	return s, err
}

// free is an address on loopback that nobody listens on.
func free() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

func dropDatabase(uri, name string) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if c, err := mongo.Connect(mongoptions.Client().ApplyURI(uri)); err == nil {
		_ = c.Database(name).Drop(ctx)
		_ = c.Disconnect(ctx)
	}
}

func (s *server) url() string { return "http://" + s.addr }

// run runs one of the program's commands to its end.
func (s *server) run(ctx context.Context, stdin string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, s.program, args...)
	cmd.Stdin, cmd.Env = strings.NewReader(stdin), append(os.Environ(), "COBUILD_LANG=en")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("cobuild %s: %w: %s", strings.Join(args[:2], " "), err, out)
	}
	return string(out), nil
}

// launch starts the server and does not wait for it.
func (s *server) launch(ctx context.Context) error {
	args := append([]string{
		"serve", "--addr", s.addr, "--metrics-addr", "off", "--log-level", "warn", "--witness", s.witness.String(),
		"--rate-organisation", "0", "--rate-person", "0", "--rate-address", "0",
	}, s.store...)
	args = append(args, s.flags...)
	if s.shared {
		args = append(args, "--node", "soak") // the next one takes up the work of the one that was killed
	}
	cmd := exec.Command(s.program, args...) //nolint:noctx // it is killed by hand
	cmd.Stdout, cmd.Stderr, cmd.Env = s.log, s.log, append(os.Environ(), "COBUILD_LANG=en")
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cmd, s.ended = cmd, ended
	return ctx.Err()
}

// start starts the server and waits until it answers. Its port may be another's for a moment: then it is tried again.
func (s *server) start(ctx context.Context) error {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if err := s.launch(ctx); err != nil {
			return err
		}
		for alive := true; alive && time.Now().Before(deadline); {
			if s.answers(ctx) {
				return nil
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-s.ended:
				alive = false
			case <-time.After(20 * time.Millisecond):
			}
		}
		if err := pause(ctx, 200*time.Millisecond); err != nil {
			return err
		}
	}
	log, _ := os.ReadFile(s.log.Name())
	return fmt.Errorf("the server does not start: %s", bytes.TrimSpace(log[max(0, len(log)-2000):]))
}

func (s *server) answers(ctx context.Context) bool {
	var out struct{ Viewer *struct{ ID string } }
	return ask(ctx, s.url(), "", `{ viewer { id } }`, nil, &out) == nil
}

// kill ends the server as a power cut would.
func (s *server) kill() {
	s.signal(syscall.SIGKILL)
	s.kills++
}

// stop ends it as an operator would.
func (s *server) stop() error {
	s.signal(syscall.SIGTERM)
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("told to stop, the server ended with %d", code)
	}
	return nil
}

func (s *server) signal(with os.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Signal(with)
	<-s.ended
}

// end leaves nothing running and nothing behind in a database.
func (s *server) end() {
	s.signal(syscall.SIGKILL)
	s.drop()
	_ = s.log.Close()
}

// logKey is the public key that the log signs with.
func (s *server) logKey(ctx context.Context) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url()+"/audit/keys", nil)
	if err != nil {
		return "", err
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	return strings.TrimSpace(string(raw)), err
}

// audit has the log exported and checked, with the server off.
func (s *server) audit(ctx context.Context, key string) error {
	file := filepath.Join(s.dir, "log.audit")
	if _, err := s.run(ctx, "", append([]string{"audit", "export", file}, s.store...)...); err != nil {
		return err
	}
	out, err := s.run(ctx, "", "audit", "verify", "--trust", key, "--trust", s.witness.String(), file)
	if err == nil && !strings.Contains(out, "The log is whole") {
		err = fmt.Errorf("the log is checked: %s", out)
	}
	return err
}
