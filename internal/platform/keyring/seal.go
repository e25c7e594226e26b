package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"
)

// A sealed text is: the form (one byte), the length of the key's identifier (one byte), the identifier, and what
// AES-256-GCM makes: a random nonce of 12 bytes, the encrypted text and a tag of 16.
const sealedForm = 1

// Seal encrypts with the current key of a kind, Master or Data. aad is what the text belongs to, as the identifier of
// its owner: the same must be given to Unseal, so that a sealed text moved elsewhere does not open.
func (k *Keyring) Seal(kind Kind, plain, aad []byte) ([]byte, error) {
	key := k.Current(kind)
	box, err := key.box()
	if err != nil {
		return nil, err
	}
	head := append([]byte{sealedForm, byte(len(key.ID))}, key.ID...)
	return box.Seal(head, nil, plain, key.bind(aad)), nil
}

// Unseal decrypts what Seal made, with whichever key of the kind made it. ErrSealed where a byte was changed or the
// aad is another, ErrUnknown where the key is gone.
func (k *Keyring) Unseal(kind Kind, sealed, aad []byte) ([]byte, error) {
	if len(sealed) < 2 || sealed[0] != sealedForm || len(sealed) < 2+int(sealed[1]) {
		return nil, ErrSealed
	}
	at := 2 + int(sealed[1])
	key, err := k.Key(kind, string(sealed[2:at]))
	if err != nil {
		return nil, err
	}
	box, err := key.box()
	if err != nil {
		return nil, err
	}
	plain, err := box.Open(nil, nil, sealed[at:], key.bind(aad))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

func (k Key) box() (cipher.AEAD, error) {
	if k.secret == nil || !k.Kind.encrypts() {
		return nil, fmt.Errorf("%w: no key to encrypt with among %q", ErrUnknown, k.Kind)
	}
	block, err := aes.NewCipher(k.secret())
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	box, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	return box, nil
}

// bind ties a text to the kind and the key it was made with, besides what it belongs to.
func (k Key) bind(aad []byte) []byte {
	return append([]byte(string(k.Kind)+"\x00"+k.ID+"\x00"), aad...)
}

// SealedBy names the key with which a text was sealed; ok is false for what is none.
func SealedBy(sealed []byte) (id string, ok bool) {
	if len(sealed) < 2 || sealed[0] != sealedForm || len(sealed) < 2+int(sealed[1]) {
		return "", false
	}
	return string(sealed[2 : 2+int(sealed[1])]), true
}
