package app

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/keyring"
	"github.com/cobuild/cobuild/internal/platform/limit"
	"github.com/cobuild/cobuild/internal/platform/web"
	"github.com/cobuild/cobuild/internal/platform/web/gql"
	"github.com/cobuild/cobuild/internal/platform/web/request"
)

// Bounds say how much is answered to whom, and what. The zero Bounds hold nobody back.
type Bounds struct {
	Rates     limit.Rates   // what callers may ask for
	Gate      *limit.Gate   // how much runs at once
	Deadline  time.Duration // of one operation; 0 is 20 seconds
	Documents string        // file of the trusted documents; empty for none
	// TrustedOnly runs no other documents than those.
	TrustedOnly bool

	Proxies web.Proxies // who is believed about where requests come from
	Origins []string    // websites whose pages may use the API
}

// openBudgets makes the callers' budgets ready: in memory, and shared in the store where there may be several nodes.
func (a *App) openBudgets(ctx context.Context) error {
	if a.Bounds.Deadline <= 0 {
		a.Bounds.Deadline = 20 * time.Second
	}
	if a.Node == "" && len(a.Bounds.Rates) > 0 {
		var err error
		secret := func() []byte { return a.Keyring.Current(keyring.Cursor).Secret() }
		if a.leases, err = limit.OpenLeases(ctx, a.Backend, secret); err != nil {
			return err
		}
	}
	a.Budgets = limit.New(a.Bounds.Rates, a.Now, a.leases)
	return nil
}

// payer says whose budget a request is paid from: that of the organisation its caller acts for; of several, the one
// whose role the caller has had for longest, so that nobody gains by collecting roles. Who acts for none pays as a
// person, who is not signed in by the address.
func payer(ctx context.Context) limit.Key {
	actor := authz.From(ctx)
	for _, h := range actor.Holdings {
		if h.Organisation != "" {
			return limit.Key{Kind: limit.Organisation, ID: string(h.Organisation)}
		}
	}
	if actor.Person != "" {
		return limit.Key{Kind: limit.Person, ID: string(actor.Person)}
	}
	return limit.Key{Kind: limit.Address, ID: limit.Network(request.Address(ctx))}
}

func (a *App) charge(ctx context.Context, price int) (limit.Standing, bool, error) {
	return a.Budgets.Charge(ctx, payer(ctx), price)
}

func (a *App) caller(ctx context.Context) string {
	k := payer(ctx)
	return string(k.Kind) + " " + k.ID
}

func (a *App) sweepBudgets(ctx context.Context, now time.Time) (int, error) {
	if a.leases == nil {
		return 0, nil
	}
	return a.leases.Tick(ctx, now)
}

// TrustDocuments reads the trusted documents again. Where they do not hold, the old ones stay.
func (a *App) TrustDocuments() error {
	if a.Bounds.Documents == "" {
		return nil
	}
	raw, err := os.ReadFile(a.Bounds.Documents)
	if err != nil {
		return fmt.Errorf("trusted documents: %w", err)
	}
	m, err := gql.ReadManifest(raw)
	if err == nil {
		err = a.engine.Trust(m)
	}
	if err != nil {
		return fmt.Errorf("trusted documents in %s: %w", a.Bounds.Documents, err)
	}
	return nil
}
