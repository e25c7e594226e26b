package serviceaccount

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/keyring"
)

// APIKey is a key with which an account comes. The key itself is shown once and kept nowhere.
type APIKey struct {
	ID         id.APIKey  `bson:"id"`
	Name       string     `bson:"name"` // where it is used
	Hint       string     `bson:"hint"` // its beginning, by which its holder tells it
	CreatedAt  time.Time  `bson:"createdAt"`
	CreatedBy  *id.Person `bson:"createdBy,omitempty"`
	ExpiresAt  time.Time  `bson:"expiresAt"`
	RevokedAt  *time.Time `bson:"revokedAt,omitempty"`
	LastUsedAt *time.Time `bson:"lastUsedAt,omitempty"` // up to a minute behind

	Print print `bson:"print"`
}

func (k *APIKey) live(at time.Time) bool { return k.RevokedAt == nil && at.Before(k.ExpiresAt) }

// ClientSecret is what an account shows to get access tokens. The secret itself is shown once and kept nowhere.
type ClientSecret struct {
	ID        string     `bson:"id"`
	CreatedAt time.Time  `bson:"createdAt"`
	EndsAt    *time.Time `bson:"endsAt,omitempty"` // nil while it has no successor

	Print print `bson:"print"`
}

func (c *ClientSecret) live(at time.Time) bool { return c.EndsAt == nil || at.Before(*c.EndsAt) }

// print is what a secret is recognised by: a hash under a pepper that is in no database.
type print struct {
	Hash   []byte `bson:"hash"`
	Pepper string `bson:"pepper"` // which of the keyring's keys
}

// How secrets begin. What follows is lower-case letters and digits alone, so that a scanner finds one in a text and a
// double click takes it whole.
const (
	keyPrefix    = "cb_"
	secretPrefix = "cbs_"
	secretLength = 32 // bytes
	partLength   = 8  // characters that name one of an account's keys
)

// secret is a text that proves something, taken apart: what it is of, and what nobody can guess.
type secret struct {
	prefix, of string
	raw        []byte
}

// String is the prefix, what it is of, an underscore, the secret and a checksum: a mistyped one and a word that only looks
// like one are told without looking anything up.
func (s secret) String() string {
	body := s.prefix + s.of + "_" + letters(s.raw)
	return body + letters(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(body))))
}

// readSecret takes a text apart; ok is false for what is none, or is written in another way.
func readSecret(prefix, text string) (s secret, ok bool) {
	rest, begins := strings.CutPrefix(text, prefix)
	of, tail, cut := strings.Cut(rest, "_")
	const length = (secretLength*8 + 4) / 5
	if !begins || !cut || len(tail) < length {
		return secret{}, false
	}
	raw, err := alphabet().DecodeString(tail[:length])
	if err != nil {
		return secret{}, false
	}
	s = secret{prefix, of, raw}
	return s, len(raw) == secretLength && s.String() == text
}

func alphabet() *base32.Encoding {
	return base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)
}

func letters(b []byte) string { return alphabet().EncodeToString(b) }

// keyOf is how an API key names its account and itself: without any sign between, as both have their lengths.
func keyOf(k id.APIKey) string {
	_, tail, _ := strings.Cut(string(k), "_")
	return strings.Replace(tail, ".", "", 1)
}

// accountOf finds the account and the key that an API key names.
func accountOf(of string) (id.ServiceAccount, id.APIKey) {
	at := len(of) - partLength
	if at < 0 {
		return "", ""
	}
	account := string(id.KindServiceAccount) + "1_" + of[:at]
	if !id.Is(account, id.KindServiceAccount) {
		return "", ""
	}
	return id.ServiceAccount(account), id.Within[id.APIKey](id.KindAPIKey, account, of[at:])
}

// part draws the name of a key among those of its account.
func (s *Service) part() (string, error) {
	raw := make([]byte, partLength*5/8)
	if _, err := io.ReadFull(s.Random, raw); err != nil {
		return "", fmt.Errorf("service account: no randomness: %w", err)
	}
	return letters(raw), nil
}

// draw makes a secret of something, and what it will be recognised by.
func (s *Service) draw(prefix, of string) (secret, print, error) {
	c := secret{prefix, of, make([]byte, secretLength)}
	if _, err := io.ReadFull(s.Random, c.raw); err != nil {
		return c, print{}, fmt.Errorf("service account: no randomness: %w", err)
	}
	pepper := s.Ring.Current(keyring.Master)
	return c, print{c.sum(pepper), pepper.ID}, nil
}

// sum is the secret's hash under a pepper, bound to what it is of.
func (s secret) sum(pepper keyring.Key) []byte {
	h := hmac.New(sha256.New, pepper.Derived("secrets of service accounts"))
	_, _ = io.WriteString(h, s.prefix+s.of+"\x00")
	_, _ = h.Write(s.raw)
	return h.Sum(nil)
}

// matches says whether the secret is the one of a print. Where there is none to compare with, the same is done for
// nothing, so that the time tells nobody whether an account exists.
func (s *Service) matches(c secret, p print) bool {
	pepper, err := s.Ring.Key(keyring.Master, p.Pepper)
	known := err == nil && len(p.Hash) > 0
	if !known {
		pepper, p.Hash = s.Ring.Current(keyring.Master), make([]byte, sha256.Size)
	}
	return hmac.Equal(c.sum(pepper), p.Hash) && known
}
