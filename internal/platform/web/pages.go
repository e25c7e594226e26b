package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/web/gql"
	"github.com/cobuild/cobuild/internal/platform/web/request"
)

//go:embed landing.html
var landingPage string

//go:embed landing.css
var landingStyle string

// landing says what this is, in both languages. It needs nothing from any other address.
func landing(version string, explorer bool) http.Handler {
	var b bytes.Buffer
	page := template.Must(template.New("landing").Parse(landingPage))
	if err := page.Execute(&b, map[string]any{"Version": version, "Explorer": explorer, "Style": template.CSS(landingStyle)}); err != nil {
		panic("landing page: " + err.Error()) // at start, never at a request
	}
	sum := sha256.Sum256([]byte(landingStyle))
	policy := "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-" +
		base64.StdEncoding.EncodeToString(sum[:]) + "'"
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(b.Bytes())
	})
}

// published is the schema as text, with an ETag so that tools fetch it once.
func published(sdl string) http.Handler {
	sum := sha256.Sum256([]byte(sdl))
	tag := `"` + hex.EncodeToString(sum[:16]) + `"`
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("ETag", tag)
		w.Header().Set("Cache-Control", "no-cache")
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(sdl))
	})
}

// healthy says that the program runs, and nothing about what it depends on.
func healthy() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok\n") })
}

// ready says whether requests can be served now.
func ready(check func(context.Context) error, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
		defer cancel()
		if err := check(ctx); err != nil {
			log.WarnContext(ctx, "not ready", "requestId", request.ID(ctx), "error", err)
			plain(w, http.StatusServiceUnavailable, "not ready\n")
			return
		}
		plain(w, http.StatusOK, "ready\n")
	})
}

// jwks hands out the public keys of our tokens.
func jwks(keys func(context.Context) ([]byte, error), log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		body, err := keys(ctx)
		if err != nil {
			log.ErrorContext(ctx, "jwks", "requestId", request.ID(ctx), "error", err)
			gql.Refuse(ctx, w, http.StatusServiceUnavailable, fault.New(fault.Unavailable, fault.CodeUnavailable))
			return
		}
		w.Header().Set("Content-Type", "application/jwk-set+json")
		w.Header().Set("Cache-Control", "public, max-age=300")
		_, _ = w.Write(body)
	})
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}
