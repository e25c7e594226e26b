// Package crowd is a crowd of subscribers who keep account: of everything they are told by a real server they check that
// nothing is lost, nothing comes twice and nothing out of order, also when the server is killed in the midst of it.
package crowd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Server is a server in a process of its own.
type Server struct {
	Program string // the path of cobuild
	Data    string // its folder
	Log     string // the file that its log goes to
	Flags   []string
	Memory  string // that it is told to get along with, as GOMEMLIMIT has it; empty for none

	OpenFiles int // that it may have open at once; as many as this process where it is 0

	URL string // where it answers, the same after every start

	mu       sync.Mutex
	cmd      *exec.Cmd
	measures string
}

// Start starts it and waits until it answers.
func (s *Server) Start(ctx context.Context) error {
	addr := "127.0.0.1:0"
	if s.URL != "" {
		addr = strings.TrimPrefix(s.URL, "http://")
	}
	log, err := os.OpenFile(s.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // the server has its own
	args := append([]string{
		"serve", "--data", s.Data, "--addr", addr, "--metrics-addr", "127.0.0.1:0", "--log-level", "warn",
		"--rate-organisation", "0", "--rate-person", "0", "--rate-address", "0",
	}, s.Flags...)
	cmd := exec.CommandContext(context.WithoutCancel(ctx), s.Program, args...)
	if s.OpenFiles > 0 {
		within := []string{"-c", "ulimit -n " + strconv.Itoa(s.OpenFiles) + ` && exec "$0" "$@"`, s.Program}
		cmd = exec.CommandContext(context.WithoutCancel(ctx), "sh", append(within, args...)...)
	}
	cmd.Stderr = log
	if s.Memory != "" {
		cmd.Env = append(os.Environ(), "GOMEMLIMIT="+s.Memory)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	found := regexp.MustCompile(`http://[0-9.:]+(/metrics)?`)
	lines := bufio.NewScanner(out)
	var main, measures string
	for measures == "" && lines.Scan() {
		switch at := found.FindString(lines.Text()); {
		case strings.HasSuffix(at, "/metrics"):
			measures = at
		case at != "":
			main = at
		}
	}
	if measures == "" {
		return errors.Join(fmt.Errorf("the server does not start: see %s", s.Log), cmd.Process.Kill(), cmd.Wait())
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cmd, s.measures = cmd, measures
	if s.URL == "" { // it comes again where it was
		s.URL = main
	}
	return nil
}

// Kill ends it at once, as a failure of power would.
func (s *Server) Kill() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil {
		return nil
	}
	err := s.cmd.Process.Kill()
	_ = s.cmd.Wait() // it says that it was killed
	s.cmd = nil
	return err
}

// Command runs another command of the program on its data.
func (s *Server) Command(ctx context.Context, stdin string, args ...string) error {
	cmd := exec.CommandContext(ctx, s.Program, append(args, "--data", s.Data)...)
	cmd.Stdin = strings.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

// Holds is how many bytes of memory it holds now.
func (s *Server) Holds() (int64, error) {
	pid, err := s.pid()
	if err != nil {
		return 0, err
	}
	raw, err := os.ReadFile(filepath.Join("/proc", pid, "status"))
	if err != nil {
		return 0, err
	}
	found := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(raw)
	if found == nil {
		return 0, errors.New("this system does not tell how much memory a process holds")
	}
	n, err := strconv.ParseInt(string(found[1]), 10, 64)
	return n << 10, err
}

// Files is how many files and connections it has open.
func (s *Server) Files() (int, error) {
	pid, err := s.pid()
	if err != nil {
		return 0, err
	}
	all, err := os.ReadDir(filepath.Join("/proc", pid, "fd"))
	return len(all), err
}

func (s *Server) pid() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil {
		return "", errors.New("the server does not run")
	}
	return strconv.Itoa(s.cmd.Process.Pid), nil
}

// Measure reads one of the numbers that it publishes; labels and all, as "go_goroutines".
func (s *Server) Measure(ctx context.Context, name string) (float64, error) {
	s.mu.Lock()
	at := s.measures
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		if value, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			return strconv.ParseFloat(value, 64)
		}
	}
	return 0, fmt.Errorf("%s is not measured", name)
}
