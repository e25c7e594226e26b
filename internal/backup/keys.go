package backup

import (
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/keyring"
)

// keyLength is how long the identifier of a key of the keyring is that encrypts or makes hashes.
const keyLength = 16

// keysIn notes which keys of the keyring a document needs: those that sealed something in it, and those that it names
// (as what a secret's hash was made with).
func keysIn(doc bson.Raw, known []string, into map[string]bool) error {
	all, err := doc.Elements()
	if err != nil {
		return err
	}
	for _, e := range all {
		switch v := e.Value(); v.Type {
		case bson.TypeBinary:
			_, b := v.Binary()
			if id, ok := keyring.SealedBy(b); ok && len(id) == keyLength && printable(id) {
				into[id] = true
			}
		case bson.TypeString:
			if s := v.StringValue(); len(s) == keyLength && slices.Contains(known, s) {
				into[s] = true
			}
		case bson.TypeEmbeddedDocument:
			if err := keysIn(v.Document(), known, into); err != nil {
				return err
			}
		case bson.TypeArray:
			if err := keysIn(bson.Raw(v.Array()), known, into); err != nil {
				return err
			}
		}
	}
	return nil
}

// printable says whether a text could be such an identifier: base64url.
func printable(s string) bool {
	for _, r := range []byte(s) {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		if !letter && r != '-' && r != '_' {
			return false
		}
	}
	return true
}
