package keyring

import (
	"crypto/hkdf"
	"crypto/sha256"
)

// Derived is a key for one purpose, made from a symmetric one (RFC 5869): different for every purpose, and telling
// nothing of what it was made from. Of a signing key it is nil.
func (k Key) Derived(purpose string) []byte {
	secret := k.Secret()
	if secret == nil {
		return nil
	}
	key, err := hkdf.Key(sha256.New, secret, nil, "cobuild "+purpose, size)
	if err != nil { // only for lengths that are not ours
		panic("keyring: " + err.Error())
	}
	return key
}
