package web

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/rs/cors"

	"github.com/cobuild/cobuild/internal/platform/web/gql"
)

// remembered is for how long a browser need not ask again whether it may.
const remembered = 2 * time.Hour

// CheckOrigin says what is wrong with the origin of a website that may read our answers: scheme, host and perhaps a
// port, and nothing that stands for many.
func CheckOrigin(origin string) error {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Scheme+"://"+u.Host != origin {
		return fmt.Errorf("%q is not an origin such as https://app.example.org", origin)
	}
	for _, c := range u.Host {
		if c == '*' {
			return fmt.Errorf("%q stands for more than one origin", origin)
		}
	}
	return nil
}

// shared lets the pages of the named origins read the answers. Nothing is sent along by browsers of themselves: who
// calls is in the token that the page puts in a header.
func shared(origins []string, next http.Handler) http.Handler {
	if len(origins) == 0 {
		return next
	}
	known := map[string]bool{}
	for _, o := range origins {
		known[o] = true
	}
	return cors.New(cors.Options{
		AllowOriginFunc: func(origin string) bool { return known[origin] },
		AllowedMethods:  []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut},
		AllowedHeaders: []string{
			"Accept", "Accept-Language", "Authorization", "Content-Type", "Last-Event-ID", "Range", "If-Range", "If-None-Match", "X-Request-Id", gql.PriceOnly,
			"Apollo-Require-Preflight", "Apollographql-Client-Name", "Apollographql-Client-Version", "X-Apollo-Operation-Name",
		},
		ExposedHeaders: []string{"X-Request-Id", "Retry-After", "RateLimit", "RateLimit-Policy", "Content-Language", "WWW-Authenticate", "ETag", "Content-Range", "Content-Disposition"},
		MaxAge:         int(remembered.Seconds()),
	}).Handler(next)
}
