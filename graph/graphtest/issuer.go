package graphtest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"os"
	"path/filepath"
	"testing"

	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/identity"
)

// Issuer is what the issuer calls itself that every house trusts. Nobody is there to be asked: who comes from it is said by
// Arrive.
const Issuer = "https://id.example.org"

// issuing trusts that issuer.
func issuing(tb testing.TB) app.Issuing {
	tb.Helper()
	file := filepath.Join(tb.TempDir(), "issuers.json")
	must(tb, os.WriteFile(file, []byte(`{"issuers": [{"name": "town", "title": {"en": "The town", "zh-CN": "本区统一登录"},
		"issuer": "`+Issuer+`", "clientId": "cobuild", "clientSecret": "the client's secret"}]}`), 0o600))
	return app.Issuing{File: file, PublicURL: "https://cobuild.test"}
}

// Arrive has somebody come back from the issuer: what proves it, as an input.
func (h *House) Arrive(tb testing.TB, subject string) map[string]any {
	tb.Helper()
	verifier := rand.Text() + rand.Text()
	sum := sha256.Sum256([]byte(verifier))
	code, err := h.App.Identities.Arrive(tb.Context(),
		identity.Arrival{State: rand.Text(), Issuer: Issuer, Challenge: base64.RawURLEncoding.EncodeToString(sum[:])},
		func(context.Context) (string, error) { return subject, nil })
	must(tb, err)
	return map[string]any{"code": code, "verifier": verifier}
}
