package app

import (
	"context"
	"crypto/ed25519"
	"net/http"
	"strings"

	"github.com/cobuild/cobuild/internal/audit"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/keyring"
	"github.com/cobuild/cobuild/internal/platform/ledger"
)

func (a *App) auditLog(ctx context.Context) error {
	var err error
	a.Audit, err = audit.Open(ctx, a.Backend, audit.Service{
		Journal: a.Journal, Now: a.Now, Log: a.Log, Origin: origin(a.Issuer), Keys: a.logKeys, Witnesses: a.Witnesses,
	})
	return err
}

// origin is the log's name, from the issuer's: a name in a checkpoint has neither spaces nor plus signs.
func origin(issuer string) string {
	if issuer == "" {
		return "" // a command, not a server
	}
	_, name, found := strings.Cut(issuer, "://")
	if !found {
		name = issuer
	}
	name = strings.Trim(strings.Map(func(r rune) rune {
		if ledger.GoodName(string(r)) {
			return r
		}
		return '-'
	}, name), "/")
	return name + "/audit"
}

// logKeys sign the log's checkpoints: the seal's current key, and the one before it.
func (a *App) logKeys() []ed25519.PrivateKey {
	all := []ed25519.PrivateKey{a.Keyring.Current(keyring.Seal).Private()}
	for _, k := range a.Keyring.All(keyring.Seal) {
		if k.RetiredAt != nil {
			return append(all, k.Private())
		}
	}
	return all
}

// logbook serves the log over HTTP.
func (a *App) logbook() http.Handler {
	return a.Audit.Handler(func(w http.ResponseWriter, r *http.Request, err error) { refusePaper(w, r, fault.Of(err)) })
}
