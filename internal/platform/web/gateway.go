package web

import (
	"net/http"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/web/gateway"
	"github.com/cobuild/cobuild/internal/platform/web/gql"
)

// CodeGatewayKey refuses a request whose gateway's key does not hold.
const CodeGatewayKey fault.Code = "GATEWAY_KEY_INVALID"

// byGateway notes which requests a federation gateway passes on. A key that does not hold is refused rather than
// overlooked, and it is looked at before the caller's token is.
func byGateway(knows func(key string) bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		keys := r.Header.Values(gateway.Header)
		if len(keys) == 0 {
			next.ServeHTTP(w, r)
			return
		}
		if len(keys) > 1 || knows == nil || !knows(keys[0]) {
			gql.Refuse(r.Context(), w, http.StatusUnauthorized, fault.New(fault.Unauthenticated, CodeGatewayKey))
			return
		}
		next.ServeHTTP(w, r.WithContext(gateway.With(r.Context())))
	})
}
