package oidc

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/sync/singleflight"
)

// The bounds of an issuer's keys, and of how often they are fetched: whoever sends us tokens with invented names of keys
// must not make us hammer the issuer.
const (
	maxKeys   = 100
	fetches   = 3 // within one minute
	perMinute = time.Minute
	minRSA    = 2048 // bits
	maxRSA    = 8192 // bits
)

// keySet is the keys by which an issuer signs. It keeps them while they are fresh, and fetches them again for a name it does
// not know: an issuer that has changed its key is believed at once, by its own word.
type keySet struct {
	url    string
	client *http.Client
	now    func() time.Time
	asking *singleflight.Group

	mu    sync.Mutex
	keys  []jose.JSONWebKey
	at    time.Time   // since when they are known
	rests time.Time   // until when the issuer is left alone, because it could not be asked
	tries []time.Time // of the last minute
}

func newKeySet(url string, client *http.Client, now func() time.Time, asking *singleflight.Group) *keySet {
	return &keySet{url: url, client: client, now: now, asking: asking}
}

// VerifySignature checks a token by the one key that it names, with the algorithm that this key is for.
func (k *keySet) VerifySignature(ctx context.Context, text string) ([]byte, error) {
	jws, err := jose.ParseSignedCompact(text, algorithms())
	if err != nil || len(jws.Signatures) != 1 {
		return nil, errors.New("oidc: it is signed in no way we trust")
	}
	head := jws.Signatures[0].Protected
	key, ok := k.fitting(head.KeyID, head.Algorithm)
	if !ok {
		if err := k.refresh(ctx); err != nil {
			return nil, err
		}
		if key, ok = k.fitting(head.KeyID, head.Algorithm); !ok {
			return nil, errors.New("oidc: the issuer has no such key")
		}
	}
	return jws.Verify(key)
}

func algorithms() []jose.SignatureAlgorithm {
	var all []jose.SignatureAlgorithm
	for _, a := range Algorithms() {
		all = append(all, jose.SignatureAlgorithm(a))
	}
	return all
}

// fitting is the one key of a name and an algorithm; without a name, the only one of the algorithm.
func (k *keySet) fitting(kid, algorithm string) (jose.JSONWebKey, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if age := k.now().Sub(k.at); age >= goodFor || age >= freshFor && !k.now().Before(k.rests) {
		return jose.JSONWebKey{}, false
	}
	var found []jose.JSONWebKey
	for _, key := range k.keys {
		if (kid == "" || key.KeyID == kid) && slices.Contains(fitFor(key), algorithm) {
			found = append(found, key)
		}
	}
	if len(found) != 1 {
		return jose.JSONWebKey{}, false
	}
	return found[0], true
}

// refresh fetches the keys, unless they were fetched often of late. Old ones serve on where the issuer is away.
func (k *keySet) refresh(ctx context.Context) error {
	if !k.mayAsk() {
		return errors.New("oidc: the issuer has no such key, and was asked for its keys a moment ago")
	}
	keys, err := once(ctx, k.asking, "keys "+k.url, k.fetch)
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case err == nil:
		k.keys, k.at = keys, k.now()
	case k.now().Sub(k.at) < goodFor: // known, if not fresh any more
		k.rests = k.now().Add(restFor)
	default:
		return away(err)
	}
	return nil
}

func (k *keySet) mayAsk() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	k.tries = slices.DeleteFunc(k.tries, func(at time.Time) bool { return now.Sub(at) >= perMinute })
	if len(k.tries) >= fetches {
		return false
	}
	k.tries = append(k.tries, now)
	return true
}

func (k *keySet) fetch(ctx context.Context) ([]jose.JSONWebKey, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, k.url, http.NoBody)
	if err != nil {
		return nil, err
	}
	resp, err := k.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("oidc: its keys are answered with %s", resp.Status)
	}
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	return readKeys(raw)
}

// readKeys reads a key set (RFC 7517). Keys for other uses than ours, and such as are too weak, are left out.
func readKeys(raw []byte) ([]jose.JSONWebKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(raw, &set); err != nil || len(set.Keys) > maxKeys {
		return nil, errors.New("oidc: its keys cannot be read")
	}
	var keys []jose.JSONWebKey
	for _, one := range set.Keys {
		var key jose.JSONWebKey
		if json.Unmarshal(one, &key) == nil && key.Valid() && key.IsPublic() && len(fitFor(key)) > 0 {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("oidc: it has no key by which it could sign")
	}
	return keys, nil
}

// fitFor is for which algorithms a key is good: for the one it names, where it names one.
func fitFor(k jose.JSONWebKey) []string {
	if k.Use != "" && k.Use != "sig" {
		return nil
	}
	var fit []string
	switch key := k.Key.(type) {
	case ed25519.PublicKey:
		fit = []string{"EdDSA"}
	case *ecdsa.PublicKey:
		if key.Curve == elliptic.P256() {
			fit = []string{"ES256"}
		}
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits >= minRSA && bits <= maxRSA && key.E >= 3 && key.E%2 == 1 {
			fit = []string{"RS256", "PS256"}
		}
	}
	if k.Algorithm != "" {
		fit = slices.DeleteFunc(fit, func(a string) bool { return a != k.Algorithm })
	}
	return fit
}
