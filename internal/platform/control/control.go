// Package control lets commands work on a store that a running server has open: the embedded store belongs to one
// process, so a command asks that process, through a socket in the data folder that only its owner can open.
package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// socket is the file's name in the data folder.
const socket = "control.sock"

// Command does one thing for an operator. It reports how far it is through progress.
type Command func(ctx context.Context, params json.RawMessage, progress func(Progress)) (any, error)

// Progress is how far a long command is.
type Progress struct {
	Done  int    `json:"done"`
	Total int    `json:"total"`
	What  string `json:"what,omitempty"`
}

// line is one line of an answer.
type line struct {
	Progress *Progress       `json:"progress,omitempty"`
	Result   json.RawMessage `json:"result,omitempty"`
	Faults   []refusal       `json:"faults,omitempty"`
}

type refusal struct {
	Kind   fault.Kind     `json:"kind"`
	Code   fault.Code     `json:"code"`
	Path   []string       `json:"path,omitempty"`
	Params map[string]any `json:"params,omitempty"`
	Cause  string         `json:"cause,omitempty"`
}

// ErrNobody says that no server runs on the data folder.
var ErrNobody = errors.New("control: no server is running here")

// ErrNoCommand says that the server has no such command.
var ErrNoCommand = errors.New("control: the server does not know this command")

// Serve answers commands on the socket in dir until ctx ends, and lets what is under way finish.
func Serve(ctx context.Context, dir string, commands map[string]Command, log *slog.Logger) error {
	path := filepath.Join(dir, socket)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("control: %w", err)
	}
	l, err := listen(ctx, path)
	if err != nil {
		return fmt.Errorf("control: %w", err)
	}
	mux := http.NewServeMux()
	for name, do := range commands {
		mux.HandleFunc("POST /"+name, func(w http.ResponseWriter, r *http.Request) { answer(w, r, name, do, log) })
	}
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l) }()
	select {
	case err := <-ended:
		return fmt.Errorf("control: %w", err)
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	return srv.Shutdown(last)
}

// listen makes the socket with no moment at which others could open it: it is born in a folder of the owner's own.
func listen(ctx context.Context, path string) (net.Listener, error) {
	private, err := os.MkdirTemp(filepath.Dir(path), ".control-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(private)
	born := filepath.Join(private, "s")
	l, err := new(net.ListenConfig).Listen(ctx, "unix", born)
	if err != nil {
		return nil, err
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	if err := os.Chmod(born, 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	if err := os.Rename(born, path); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return removing{l, path}, nil
}

// removing takes the socket's file away with the listener.
type removing struct {
	net.Listener
	path string
}

// Close ends the listener and removes its file.
func (r removing) Close() error { return errors.Join(r.Listener.Close(), os.Remove(r.path)) }

func answer(w http.ResponseWriter, r *http.Request, name string, do Command, log *slog.Logger) {
	params, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<20))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	out := json.NewEncoder(w)
	flush := http.NewResponseController(w)
	result, err := do(r.Context(), params, func(p Progress) {
		_ = out.Encode(line{Progress: &p})
		_ = flush.Flush()
	})
	log.Info("command", "name", name, "ok", err == nil)
	if err != nil {
		var last line
		for _, f := range fault.All(err) {
			last.Faults = append(last.Faults, refusal{Kind: f.Kind, Code: f.Code, Path: f.Path, Params: f.Params, Cause: cause(f)})
		}
		_ = out.Encode(last)
		return
	}
	raw, err := json.Marshal(result)
	if err != nil {
		log.Error("command", "name", name, "error", err)
	}
	_ = out.Encode(line{Result: raw})
}

func cause(f *fault.Fault) string {
	if f.Err == nil {
		return ""
	}
	return f.Err.Error()
}

// Ask sends a command to the server on dir and reads its answer into result. ErrNobody where none runs there,
// ErrNoCommand where that one does not know it.
func Ask(ctx context.Context, dir, name string, params, result any, progress func(Progress)) error {
	path := filepath.Join(dir, socket)
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}}
	defer client.CloseIdleConnections()
	raw, err := json.Marshal(params)
	if err != nil {
		return fmt.Errorf("control: %w", err)
	}
	body, send := io.Pipe()
	go func() {
		_, err := send.Write(raw)
		send.CloseWithError(err)
	}()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://server/"+name, body)
	if err != nil {
		return fmt.Errorf("control: %w", err)
	}
	resp, err := client.Do(req)
	if err != nil {
		if _, ok := errors.AsType[*net.OpError](err); ok {
			return ErrNobody
		}
		return fmt.Errorf("control: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotFound {
		return fmt.Errorf("%w: %s", ErrNoCommand, name)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("control: %s answered %s", name, resp.Status)
	}
	return read(resp.Body, result, progress)
}

func read(body io.Reader, result any, progress func(Progress)) error {
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var l line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return fmt.Errorf("control: %w", err)
		}
		switch {
		case l.Progress != nil:
			progress(*l.Progress)
		case len(l.Faults) > 0:
			var all fault.List
			for _, r := range l.Faults {
				f := &fault.Fault{Kind: r.Kind, Code: r.Code, Path: r.Path, Params: r.Params}
				if r.Cause != "" {
					f.Err = errors.New(r.Cause)
				}
				all = append(all, f)
			}
			return all
		case result == nil:
			return nil
		default:
			return json.Unmarshal(l.Result, result)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("control: %w", err)
	}
	return fmt.Errorf("control: %w: the server ended before it answered", io.ErrUnexpectedEOF)
}
