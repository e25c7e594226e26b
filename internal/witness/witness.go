// Package witness follows the log of somebody else and holds them to it. A log that is only ever read by its owner can be
// rewritten by its owner; a witness remembers the newest checkpoint that it has seen, takes the next one only with a proof
// that the log has grown and nothing else, and counter-signs what it takes. What it has refused once it never signs.
package witness

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/cobuild/cobuild/internal/platform/ledger"
)

// What a witness can meet. Everything else is a failure of the network or the disk and may pass.
var (
	// ErrInconsistent says that the log is not the one that was seen before: its owner has rewritten or lost something.
	ErrInconsistent = errors.New("witness: the log is not the one that was seen before")
	// ErrForeignKey says that no key that the witness trusts has signed the log's checkpoint.
	ErrForeignKey = errors.New("witness: the checkpoint is not signed by the log's known key")
	// ErrNotTaken says that the log did not take the counter-signature.
	ErrNotTaken = errors.New("witness: the log did not take the counter-signature")
)

// Witness follows one log.
type Witness struct {
	URL    *url.URL
	Client *http.Client
	Now    func() time.Time
	Random io.Reader

	path  string
	state state
}

// state is all that a witness remembers. It is one file.
type state struct {
	Name       string   `json:"name"`
	Seed       []byte   `json:"seed"`       // of its private key
	LogKeys    []string `json:"logKeys"`    // of the log, as first seen or as given
	Checkpoint string   `json:"checkpoint"` // the newest that was taken, as the log signed it
	Refused    string   `json:"refused,omitempty"`
}

// Open reads what the witness remembers, or begins a new memory under a name. keys are the log's, where they are known
// from elsewhere; otherwise those that the log itself names first are kept.
func (w *Witness) Open(path, name string, keys []ledger.Key) error {
	w.path = path
	raw, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		w.state = state{Name: name, Seed: make([]byte, ed25519.SeedSize)}
		if _, err := io.ReadFull(w.Random, w.state.Seed); err != nil {
			return fmt.Errorf("witness: no randomness: %w", err)
		}
	case err != nil:
		return fmt.Errorf("witness: %w", err)
	default:
		if err := json.Unmarshal(raw, &w.state); err != nil || len(w.state.Seed) != ed25519.SeedSize {
			return fmt.Errorf("witness: %s is damaged", path)
		}
	}
	for _, k := range keys {
		if !slices.Contains(w.state.LogKeys, k.String()) {
			w.state.LogKeys = append(w.state.LogKeys, k.String())
		}
	}
	return w.save()
}

// Key is the witness's public key, for the log to register.
func (w *Witness) Key() ledger.Key {
	private := ed25519.NewKeyFromSeed(w.state.Seed)
	public, _ := private.Public().(ed25519.PublicKey)
	return ledger.WitnessKey(w.state.Name, public)
}

// Seen is the newest checkpoint that was taken; false where none was.
func (w *Witness) Seen() (ledger.Checkpoint, bool) {
	text, _, _ := strings.Cut(w.state.Checkpoint, "\n\n")
	c, err := ledger.ParseCheckpoint(text + "\n")
	return c, err == nil
}

// Round looks at the log once: it fetches the newest checkpoint, has it proved that the log has only grown, remembers it,
// and hands the counter-signature back. It says what it took.
func (w *Witness) Round(ctx context.Context) (ledger.Checkpoint, error) {
	if w.state.Refused != "" {
		return ledger.Checkpoint{}, ErrInconsistent
	}
	keys, err := w.logKeys(ctx)
	if err != nil {
		return ledger.Checkpoint{}, err
	}
	raw, err := w.get(ctx, "checkpoint")
	if err != nil {
		return ledger.Checkpoint{}, err
	}
	is, err := ledger.OpenNote(raw, keys...)
	if err != nil {
		return ledger.Checkpoint{}, fmt.Errorf("%w: %w", ErrForeignKey, err)
	}
	if err := w.consistent(ctx, is); err != nil {
		if errors.Is(err, ErrInconsistent) {
			w.state.Refused = string(raw) // the evidence, beside what was seen before
			err = errors.Join(err, w.save())
		}
		return is.Checkpoint, err
	}
	if is.Size == 0 {
		return is.Checkpoint, nil // nothing to vouch for yet
	}
	w.state.Checkpoint = string(raw)
	if err := w.save(); err != nil { // before anybody can have the signature
		return is.Checkpoint, err
	}
	return is.Checkpoint, w.countersign(ctx, is)
}

// logKeys are the keys that the witness trusts, learnt from the log itself where it has never had any.
func (w *Witness) logKeys(ctx context.Context) ([]ledger.Key, error) {
	if len(w.state.LogKeys) == 0 {
		raw, err := w.get(ctx, "keys")
		if err != nil {
			return nil, err
		}
		w.state.LogKeys = strings.Fields(string(raw))
	}
	var all []ledger.Key
	for _, s := range w.state.LogKeys {
		k, err := ledger.ParseKey(s)
		if err != nil {
			return nil, err
		}
		all = append(all, k)
	}
	return all, nil
}

// consistent says whether the log has only grown since the checkpoint that was taken last.
func (w *Witness) consistent(ctx context.Context, is ledger.Signed) error {
	was, had := w.Seen()
	switch {
	case !had:
		return nil
	case is.Origin != was.Origin:
		return fmt.Errorf("%w: it calls itself %s, not %s", ErrInconsistent, is.Origin, was.Origin)
	case is.Size < was.Size:
		return fmt.Errorf("%w: it has %d events and had %d", ErrInconsistent, is.Size, was.Size)
	case is.Size == was.Size:
		if is.Root != was.Root {
			return fmt.Errorf("%w: the same %d events have another root", ErrInconsistent, is.Size)
		}
		return nil
	}
	tiles := &tiles{ctx: ctx, w: w}
	reader := tlog.TileHashReader(tlog.Tree{N: is.Size, Hash: is.Root}, tiles)
	proof, err := tlog.ProveTree(is.Size, was.Size, reader)
	if tiles.failed != nil {
		return tiles.failed
	}
	if err == nil {
		err = tlog.CheckTree(proof, is.Size, is.Root, was.Size, was.Root)
	}
	if err != nil {
		return fmt.Errorf("%w: that its %d events begin with the %d seen before is not proved: %w", ErrInconsistent, is.Size, was.Size, err)
	}
	return nil
}

// countersign signs a checkpoint and hands it to the log.
func (w *Witness) countersign(ctx context.Context, is ledger.Signed) error {
	signer := ledger.WitnessSigner(w.state.Name, ed25519.NewKeyFromSeed(w.state.Seed), w.Now)
	signed, err := note.Sign(is.Note, signer)
	if err != nil {
		return fmt.Errorf("witness: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.at("witness"), bytes.NewReader(signed))
	if err != nil {
		return fmt.Errorf("witness: %w", err)
	}
	req.Header.Set("Content-Type", "text/plain; charset=utf-8")
	resp, err := w.Client.Do(req)
	if err != nil {
		return fmt.Errorf("witness: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		return fmt.Errorf("%w: %s", ErrNotTaken, resp.Status)
	}
	return nil
}

func (w *Witness) at(path string) string { return w.URL.JoinPath("audit", path).String() }

// mostBody bounds what is read of an answer.
const mostBody = 1 << 20

func (w *Witness) get(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.at(path), nil)
	if err != nil {
		return nil, fmt.Errorf("witness: %w", err)
	}
	resp, err := w.Client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("witness: %w", err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, mostBody))
	if err != nil {
		return nil, fmt.Errorf("witness: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("witness: %s answered %s", w.at(path), resp.Status)
	}
	return raw, nil
}

// save writes the memory so that a crash leaves the old one or the new one.
func (w *Witness) save() error {
	raw, err := json.MarshalIndent(w.state, "", "  ")
	if err != nil {
		return fmt.Errorf("witness: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(w.path), ".witness-")
	if err != nil {
		return fmt.Errorf("witness: %w", err)
	}
	_, err = f.Write(append(raw, '\n'))
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), w.path)
	}
	if err != nil {
		return fmt.Errorf("witness: %w", errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}

// tiles fetches tiles of the log as they are needed for one proof.
type tiles struct {
	ctx    context.Context
	w      *Witness
	failed error // of the network: not the log's word
}

// Height is that of the log's tiles.
func (t *tiles) Height() int { return ledger.Height }

// SaveTiles keeps nothing: proofs are short and seldom.
func (t *tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// ReadTiles fetches tiles.
func (t *tiles) ReadTiles(want []tlog.Tile) ([][]byte, error) {
	out := make([][]byte, len(want))
	for i, tile := range want {
		path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", ledger.Height), "tile/", 1)
		raw, err := t.w.get(t.ctx, path)
		if err != nil {
			t.failed = err
			return nil, err
		}
		out[i] = raw
	}
	return out, nil
}
