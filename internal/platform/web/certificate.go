package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

// Certificate is a certificate and its key in two files, read again when they change.
type Certificate struct {
	cert, key string
	now       atomic.Pointer[tls.Certificate]
	seen      atomic.Pointer[string] // of the files, when they were read
}

// LoadCertificate reads both files, as PEM.
func LoadCertificate(cert, key string) (*Certificate, error) {
	c := &Certificate{cert: cert, key: key}
	return c, c.Reload()
}

// Reload reads the files again. Where they do not hold, the old certificate stays.
func (c *Certificate) Reload() error {
	state, err := c.state()
	if err != nil {
		return fmt.Errorf("certificate: %w", err)
	}
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return fmt.Errorf("certificate: %w", err)
	}
	c.now.Store(&pair)
	c.seen.Store(&state)
	return nil
}

// state tells whether the files are others than before.
func (c *Certificate) state() (string, error) {
	var all strings.Builder
	for _, path := range []string{c.cert, c.key} {
		i, err := os.Stat(path)
		if err != nil {
			return "", err
		}
		fmt.Fprintln(&all, i.ModTime().UnixNano(), i.Size())
	}
	return all.String(), nil
}

// Watch reads the files again when they have changed, until ctx ends. A pair that does not belong together, because only
// one of the files has been replaced yet, is tried again the next time.
func (c *Certificate) Watch(ctx context.Context, every time.Duration, log *slog.Logger) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	told := ""
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		state, err := c.state()
		if err == nil && state == *c.seen.Load() {
			continue
		}
		if err = errors.Join(err, c.Reload()); err == nil {
			log.InfoContext(ctx, "certificate reloaded")
			told = ""
			continue
		}
		if err.Error() != told {
			log.ErrorContext(ctx, "certificate not reloaded, the old one stays", "error", err)
			told = err.Error()
		}
	}
}

// TLS is how connections are secured: version 1.2 at least, HTTP/2 where the client speaks it.
func (c *Certificate) TLS() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.now.Load(), nil },
	}
}
