package keyring

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// Kind is what a key is for. A key of one kind is never used for the work of another.
type Kind string

// The kinds of keys.
const (
	Token  Kind = "token"  // Ed25519: signs access tokens
	Cursor Kind = "cursor" // 32 bytes: authenticates the cursors of lists
	Master Kind = "master" // 32 bytes: encrypts the signing keys held for organisations
	Data   Kind = "data"   // 32 bytes: encrypts personal fields
	Seal   Kind = "seal"   // Ed25519: the server's seal on what it exports
)

// Kinds lists every kind, in the order of the file.
func Kinds() []Kind { return []Kind{Token, Cursor, Master, Data, Seal} }

func (k Kind) signs() bool    { return k == Token || k == Seal }
func (k Kind) encrypts() bool { return k == Master || k == Data }

// size is the length in bytes of every key's material: an Ed25519 seed, or a key for HMAC-SHA-256 or AES-256.
const size = 32

// Key is one key of a kind. Printing or logging it shows its identifier, never its material.
type Key struct {
	Kind      Kind
	ID        string        // derived from the material: the RFC 7638 thumbprint of a signing key, a keyed hash otherwise
	CreatedAt time.Time     // UTC
	RetiredAt *time.Time    // UTC; since when the key makes nothing new and only verifies or decrypts
	secret    func() []byte // not the bytes themselves: fmt would find them by reflection, however deep
}

// Secret is a symmetric key's material, 32 bytes; of a signing key it is nil.
func (k Key) Secret() []byte {
	if k.secret == nil || k.Kind.signs() {
		return nil
	}
	return bytes.Clone(k.secret())
}

// Private is a signing key's private half; of a symmetric key it is nil.
func (k Key) Private() ed25519.PrivateKey {
	if k.secret == nil || !k.Kind.signs() {
		return nil
	}
	return ed25519.NewKeyFromSeed(k.secret())
}

// Public is a signing key's public half; of a symmetric key it is nil.
func (k Key) Public() ed25519.PublicKey {
	private := k.Private()
	if private == nil {
		return nil
	}
	public, _ := private.Public().(ed25519.PublicKey)
	return public
}

// String names the key without its material.
func (k Key) String() string { return "key " + string(k.Kind) + "/" + k.ID }

// Format prints String whatever the verb, so that no %d or %#v reaches the material.
func (k Key) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, k.String()) }

// LogValue is what a log gets to see.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// makeKey draws a fresh key of a kind.
func makeKey(kind Kind, now time.Time, random io.Reader) (Key, error) {
	raw := make([]byte, size)
	if _, err := io.ReadFull(random, raw); err != nil {
		return Key{}, fmt.Errorf("keyring: no randomness: %w", err)
	}
	k := Key{Kind: kind, CreatedAt: now.UTC().Truncate(time.Millisecond), secret: func() []byte { return raw }}
	k.ID = k.identify()
	return k, nil
}

// identify derives the identifier from the material, so that a damaged key is noticed when the file is read.
func (k Key) identify() string {
	if k.Kind.signs() {
		return Thumbprint(k.Public())
	}
	mac := hmac.New(sha256.New, k.secret())
	_, _ = io.WriteString(mac, "cobuild key identifier "+string(k.Kind))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:12])
}

// Thumbprint is the fingerprint of an Ed25519 key by RFC 7638: the same in every JOSE library.
func Thumbprint(public ed25519.PublicKey) string {
	// The members in the order, and without the spaces, that the RFC prescribes.
	doc := `{"crv":"Ed25519","kty":"OKP","x":"` + base64.RawURLEncoding.EncodeToString(public) + `"}`
	sum := sha256.Sum256([]byte(doc))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// entry is a key as the file holds it.
type entry struct {
	ID        string     `json:"id"`
	CreatedAt time.Time  `json:"createdAt"`
	RetiredAt *time.Time `json:"retiredAt,omitempty"`
	Material  string     `json:"material"` // base64url without padding
}

func (k Key) entry() entry {
	return entry{k.ID, k.CreatedAt, k.RetiredAt, base64.RawURLEncoding.EncodeToString(k.secret())}
}

func (e entry) key(kind Kind) (Key, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(e.Material)
	if err != nil || len(raw) != size {
		return Key{}, fmt.Errorf("%w: the material of %s/%s is not %d bytes of base64url", ErrDamaged, kind, e.ID, size)
	}
	k := Key{Kind: kind, ID: e.ID, CreatedAt: e.CreatedAt, RetiredAt: e.RetiredAt, secret: func() []byte { return raw }}
	if k.identify() != e.ID {
		return Key{}, fmt.Errorf("%w: %s/%s does not match its material", ErrDamaged, kind, e.ID)
	}
	return k, nil
}

// form is the version of the file's form.
const form = 1

// file is the whole keyring as it is written.
type file struct {
	Form int              `json:"form"`
	Keys map[Kind][]entry `json:"keys"`
}

// content is what a file holds, ready for use. It is never changed once made.
type content map[Kind][]Key // newest first

func decode(raw []byte) (content, error) {
	var f file
	if err := json.Unmarshal(raw, &f); err != nil {
		return nil, fmt.Errorf("%w: it is not the JSON of a keyring", ErrDamaged) // the cause could quote material
	}
	if f.Form != form {
		return nil, fmt.Errorf("%w: it is of form %d, this program knows %d", ErrDamaged, f.Form, form)
	}
	c := content{}
	for _, kind := range Kinds() {
		for _, e := range f.Keys[kind] {
			k, err := e.key(kind)
			if err != nil {
				return nil, err
			}
			if _, twice := c.find(kind, k.ID); twice {
				return nil, fmt.Errorf("%w: %s/%s stands there twice", ErrDamaged, kind, k.ID)
			}
			c[kind] = append(c[kind], k)
		}
		c.sort(kind)
		if _, ok := c.current(kind); !ok {
			return nil, fmt.Errorf("%w: it has no key for %q in use", ErrDamaged, kind)
		}
	}
	return c, nil
}

func (c content) encode() ([]byte, error) {
	f := file{Form: form, Keys: map[Kind][]entry{}}
	for _, kind := range Kinds() {
		for _, k := range c[kind] {
			f.Keys[kind] = append(f.Keys[kind], k.entry())
		}
	}
	raw, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("keyring: encode: %w", err)
	}
	return append(raw, '\n'), nil
}
