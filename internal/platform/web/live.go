package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/token"
	"github.com/cobuild/cobuild/internal/platform/web/gql"
)

// LoginWith finds the caller of a token that comes in a message instead of a header.
func LoginWith(authenticate func(context.Context, string) (authz.Actor, error)) func(context.Context, string) (context.Context, error) {
	return func(ctx context.Context, bearer string) (context.Context, error) {
		actor, err := authenticate(ctx, bearer)
		if err != nil {
			return nil, err
		}
		return authz.WithProof(authz.With(ctx, actor), authz.Proof{Bearer: authz.Secret(bearer), Ends: ends(bearer)}), nil
	}
}

// ends is when a good token stops being good: to its last moment, with the same leeway as for every request.
func ends(bearer string) time.Time {
	at := token.Ends(bearer)
	if at.IsZero() {
		return at
	}
	return at.Add(token.Leeway)
}

// homeSockets refuses sockets that a page of another website opens in its reader's browser, unless that website may.
// What is no browser sends no Origin, and gets in.
func homeSockets(origins []string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from := r.Header.Get("Origin")
		if from == "" || r.Header.Get("Upgrade") == "" || slices.Contains(origins, from) || sameHost(from, r.Host) {
			next.ServeHTTP(w, r)
			return
		}
		gql.Refuse(r.Context(), w, http.StatusForbidden, fault.New(fault.Forbidden, CodeCrossOrigin))
	})
}

func sameHost(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, host)
}
