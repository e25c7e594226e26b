package serviceaccount

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
)

// Forge is a well-formed key with a secret of nobody's.
func Forge(k id.APIKey) string {
	return secret{keyPrefix, keyOf(k), make([]byte, secretLength)}.String()
}

// Stored is an account's document as the store holds it.
func Stored(ctx context.Context, s *Service, a id.ServiceAccount) string {
	kept, err := s.accounts.Get(authz.AsSystem(ctx), string(a))
	if err != nil {
		panic(err)
	}
	raw, err := bson.Marshal(kept)
	if err != nil {
		panic(err)
	}
	return string(raw)
}
