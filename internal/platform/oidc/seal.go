package oidc

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
)

// maxSealed is the longest of what a browser keeps for us, in bytes; browsers keep 4096.
const maxSealed = 3500

// seal encrypts a flow for one issuer, so that its browser can keep it and cannot read or alter it.
func (i *Issuers) seal(name string, f Flow) (string, error) {
	plain, err := json.Marshal(f)
	if err != nil {
		return "", fmt.Errorf("oidc: %w", err)
	}
	box, err := boxOf(i.o.Keys()[0])
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(box.Seal(nil, nil, plain, []byte(name))), nil
}

// unseal decrypts what seal made, with this key or an earlier one.
func (i *Issuers) unseal(name, sealed string) (Flow, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(sealed)
	if err != nil || len(sealed) > maxSealed || sealed == "" {
		return Flow{}, errors.New("oidc: the browser has kept nothing of ours")
	}
	for _, key := range i.o.Keys() {
		box, err := boxOf(key)
		if err != nil {
			return Flow{}, err
		}
		plain, err := box.Open(nil, nil, raw, []byte(name))
		if err != nil {
			continue
		}
		var f Flow
		if err := json.Unmarshal(plain, &f); err != nil {
			return Flow{}, fmt.Errorf("oidc: %w", err)
		}
		return f, nil
	}
	return Flow{}, errors.New("oidc: what the browser has kept is not ours")
}

func boxOf(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("oidc: %w", err)
	}
	box, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("oidc: %w", err)
	}
	return box, nil
}
