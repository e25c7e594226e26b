package ledger

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// What can be wrong with a checkpoint, a key or a tile.
var (
	ErrCheckpoint = errors.New("ledger: not a checkpoint")
	ErrKey        = errors.New("ledger: not the key of a log or a witness")
	ErrNoTile     = errors.New("ledger: the log has no such tile")
)

// Checkpoint is what a log says of itself: so many events, with this root (C2SP tlog-checkpoint).
type Checkpoint struct {
	Origin string
	Size   int64
	Root   Hash
}

// Text is the checkpoint as it is signed.
func (c Checkpoint) Text() string {
	return c.Origin + "\n" + strconv.FormatInt(c.Size, 10) + "\n" + c.Root.String() + "\n"
}

// ParseCheckpoint reads the text of a note.
func ParseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 || lines[0] == "" {
		return Checkpoint{}, ErrCheckpoint
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return Checkpoint{}, ErrCheckpoint
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return Checkpoint{}, ErrCheckpoint
	}
	c := Checkpoint{Origin: lines[0], Size: size, Root: root}
	if c.Text() != text {
		return Checkpoint{}, ErrCheckpoint // more lines than we know the meaning of
	}
	return c, nil
}

// The kinds of keys in notes.
const (
	plain   = 1 // Ed25519 over the text
	witness = 4 // Ed25519 over the text and a time: C2SP cosignature/v1
)

// Key is the public key of a log or a witness, with the name it signs under.
type Key struct {
	name   string
	kind   byte
	public ed25519.PublicKey
}

// LogKey is the key of a log; WitnessKey that of a witness.
func LogKey(name string, public ed25519.PublicKey) Key { return Key{name, plain, public} }

// WitnessKey is the key of a witness.
func WitnessKey(name string, public ed25519.PublicKey) Key { return Key{name, witness, public} }

// ParseKey reads a key as String writes it: name+hash+base64, a note's verifier key.
func ParseKey(s string) (Key, error) {
	name, rest, ok := strings.Cut(strings.TrimSpace(s), "+")
	hash, encoded, ok2 := strings.Cut(rest, "+")
	raw, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if !ok || !ok2 || err != nil || len(raw) != 1+ed25519.PublicKeySize || !GoodName(name) || raw[0] != plain && raw[0] != witness {
		return Key{}, ErrKey
	}
	k := Key{name, raw[0], raw[1:]}
	if fmt.Sprintf("%08x", k.KeyHash()) != hash {
		return Key{}, ErrKey
	}
	return k, nil
}

// GoodName says whether a log or witness may have the name.
func GoodName(name string) bool {
	return name != "" && len(name) <= 200 && !strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == '+' || r > '~' })
}

// String is the key as operators exchange it.
func (k Key) String() string {
	raw := append([]byte{k.kind}, k.public...)
	return fmt.Sprintf("%s+%08x+%s", k.name, k.KeyHash(), base64.StdEncoding.EncodeToString(raw))
}

// Name is whom the key belongs to.
func (k Key) Name() string { return k.name }

// Witness says whether it is the key of a witness.
func (k Key) Witness() bool { return k.kind == witness }

// KeyHash tells keys of one name apart.
func (k Key) KeyHash() uint32 {
	sum := sha256.Sum256(append([]byte(k.name+"\n"+string(rune(k.kind))), k.public...))
	return binary.BigEndian.Uint32(sum[:])
}

// Verify says whether a signature is the key's.
func (k Key) Verify(text, sig []byte) bool {
	if k.kind == plain {
		return ed25519.Verify(k.public, text, sig)
	}
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	return ed25519.Verify(k.public, cosigned(binary.BigEndian.Uint64(sig), text), sig[8:])
}

// cosigned is what a witness signs.
func cosigned(at uint64, text []byte) []byte {
	return append([]byte("cosignature/v1\ntime "+strconv.FormatUint(at, 10)+"\n"), text...)
}

// signer signs notes.
type signer struct {
	Key
	private ed25519.PrivateKey
	now     func() time.Time
}

// Sign signs the text of a note.
func (s signer) Sign(text []byte) ([]byte, error) {
	if s.kind == plain {
		return ed25519.Sign(s.private, text), nil
	}
	at := uint64(s.now().Unix())
	return append(binary.BigEndian.AppendUint64(nil, at), ed25519.Sign(s.private, cosigned(at, text))...), nil
}

// LogSigner signs a log's own checkpoints.
func LogSigner(name string, private ed25519.PrivateKey) note.Signer {
	return signer{LogKey(name, private.Public().(ed25519.PublicKey)), private, nil}
}

// WitnessSigner counter-signs the checkpoints of others, with the time.
func WitnessSigner(name string, private ed25519.PrivateKey, now func() time.Time) note.Signer {
	return signer{WitnessKey(name, private.Public().(ed25519.PublicKey)), private, now}
}

// Signed is a checkpoint with who has signed it, as far as they are known.
type Signed struct {
	Checkpoint
	Note *note.Note
}

// By says whether a key has signed.
func (s Signed) By(k Key) bool {
	for _, g := range s.Note.Sigs {
		if g.Name == k.name && g.Hash == k.KeyHash() {
			return true
		}
	}
	return false
}

// OpenNote reads a signed checkpoint. At least one of the keys must have signed, and none that is known may have signed
// wrongly.
func OpenNote(raw []byte, known ...Key) (Signed, error) {
	all := make([]note.Verifier, len(known))
	for i, k := range known {
		all[i] = k
	}
	n, err := note.Open(raw, note.VerifierList(all...))
	if err != nil {
		return Signed{}, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	c, err := ParseCheckpoint(n.Text)
	return Signed{c, n}, err
}

// SignedTime is when a witness says that it signed; false where it has not.
func (s Signed) SignedTime(k Key) (time.Time, bool) {
	for _, g := range s.Note.Sigs {
		raw, err := base64.StdEncoding.DecodeString(g.Base64)
		if err == nil && g.Name == k.name && g.Hash == k.KeyHash() && k.kind == witness && len(raw) == 12+ed25519.SignatureSize {
			return time.Unix(int64(binary.BigEndian.Uint64(raw[4:])), 0).UTC(), true
		}
	}
	return time.Time{}, false
}
