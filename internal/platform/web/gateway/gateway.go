// Package gateway knows federation gateways: programs that join this schema with the schemas of others and ask it for
// single objects in their callers' names. A gateway proves itself by a key of its own beside the caller's token, and
// the key gives it no rights: whom it asks for decides what it is told.
package gateway

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
)

// Header is where a gateway sends its key.
const Header = "Cobuild-Gateway"

// The shortest and the longest key, and the most keys there may be: two for each gateway while its key is replaced.
const (
	minKey  = 32
	maxKey  = 200
	maxKeys = 100
)

// Keys are the keys of the gateways that may ask. They are kept as HMACs under a secret of this process, so that its
// memory and its dumps hold none. The zero Keys know nobody.
type Keys struct {
	file   string
	secret []byte

	mu   sync.RWMutex
	macs [][]byte
}

// Open reads the keys from a file: one a line, 32 to 200 visible ASCII characters; empty lines and those that begin
// with # say nothing.
func Open(file string, random io.Reader) (*Keys, error) {
	k := &Keys{file: file, secret: make([]byte, sha256.Size)}
	if _, err := io.ReadFull(random, k.secret); err != nil {
		return nil, fmt.Errorf("gateway keys: %w", err)
	}
	return k, k.Reload()
}

// Reload reads the file again; where that fails, the keys stay as they were. A key that is gone from the file holds for
// no request that comes later.
func (k *Keys) Reload() error {
	raw, err := os.ReadFile(k.file)
	if err != nil {
		return fmt.Errorf("gateway keys: %w", err)
	}
	var macs [][]byte
	lines := bufio.NewScanner(bytes.NewReader(raw))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if !fit(line) || len(macs) == maxKeys {
			return fmt.Errorf("gateway keys: %s, line %d: a key is %d to %d visible ASCII characters, and there are at most %d",
				k.file, n, minKey, maxKey, maxKeys)
		}
		macs = append(macs, k.mac(line))
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("gateway keys: %w", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.macs = macs
	return nil
}

func fit(key string) bool {
	return len(key) >= minKey && len(key) <= maxKey && !strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' })
}

func (k *Keys) mac(key string) []byte {
	h := hmac.New(sha256.New, k.secret)
	h.Write([]byte(key))
	return h.Sum(nil)
}

// Knows says whether a key is a gateway's. It takes as long for a wrong one as for a right one.
func (k *Keys) Knows(key string) bool {
	if k == nil || !fit(key) {
		return false
	}
	sent := k.mac(key)
	k.mu.RLock()
	defer k.mu.RUnlock()
	known := false
	for _, m := range k.macs {
		if hmac.Equal(m, sent) {
			known = true
		}
	}
	return known
}

type mark struct{}

// With notes that the request came by a gateway.
func With(ctx context.Context) context.Context { return context.WithValue(ctx, mark{}, true) }

// In says whether the request came by a gateway.
func In(ctx context.Context) bool { by, _ := ctx.Value(mark{}).(bool); return by }
