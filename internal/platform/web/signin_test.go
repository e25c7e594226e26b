package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// desk answers sign-ins as a test wants it to.
func desk(secure bool, begin, end error) http.Handler {
	s := &SignIn{
		Secure: secure, Life: 10 * time.Minute, Log: slog.New(slog.DiscardHandler),
		Begin: func(_ context.Context, issuer, back, challenge string) (string, string, error) {
			return "https://id.example.org/auth?for=" + issuer + back + challenge, "sealed", begin
		},
		End: func(_ context.Context, issuer, sealed string, answer url.Values) (string, error) {
			return "https://app.example.org/#" + issuer + sealed + answer.Get("code"), end
		},
	}
	mux := http.NewServeMux()
	s.mount(mux, func(h http.Handler) http.Handler { return h })
	return mux
}

func visit(t *testing.T, h http.Handler, address string, cookies ...*http.Cookie) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, address, http.NoBody)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func TestABrowserKeepsWhatItNeedsForOneSignInAndNoMore(t *testing.T) {
	for secure, name := range map[bool]string{true: "__Host-cobuild-sign-in-town", false: "cobuild-sign-in-town"} {
		h := desk(secure, nil, nil)
		out := visit(t, h, "/oidc/town/start?return=r&challenge=c")
		kept := out.Cookies()
		if out.StatusCode != http.StatusSeeOther || out.Header.Get("Location") != "https://id.example.org/auth?for=townrc" || len(kept) != 1 {
			t.Fatalf("%d, led to %s with %v", out.StatusCode, out.Header.Get("Location"), kept)
		}
		if c := kept[0]; c.Name != name || c.Value != "sealed" || c.Secure != secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.MaxAge != 600 {
			t.Errorf("it keeps %+v", c)
		}
		home := visit(t, h, "/oidc/town/callback?code=x&state=y", kept[0])
		if home.Header.Get("Location") != "https://app.example.org/#townsealedx" || home.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("led on to %s", home.Header.Get("Location"))
		}
		if c := home.Cookies(); len(c) != 1 || c[0].MaxAge >= 0 || c[0].Value != "" {
			t.Errorf("it keeps on: %+v", c)
		}
		if other := visit(t, h, "/oidc/other/callback?code=x", kept[0]); !strings.HasSuffix(other.Header.Get("Location"), "#otherx") {
			t.Errorf("another issuer is given it: %s", other.Header.Get("Location"))
		}
	}
}

func TestASignInThatGoesWrongIsToldToAPersonAndNothingIsKept(t *testing.T) {
	for status, err := range map[int]error{
		http.StatusBadRequest:          fault.New(fault.Refused, "SIGN_IN_NOT_BEGUN"),
		http.StatusNotFound:            fault.New(fault.NotFound, "ISSUER_UNKNOWN", "issuer", "<script>"),
		http.StatusServiceUnavailable:  fault.New(fault.Unavailable, "ISSUER_AWAY"),
		http.StatusInternalServerError: context.DeadlineExceeded,
	} {
		h := desk(true, err, err)
		for _, address := range []string{"/oidc/town/start?return=r", "/oidc/town/callback?state=y"} {
			out := visit(t, h, address)
			if out.StatusCode != status || len(out.Cookies()) != 0 || out.Header.Get("Location") != "" || !strings.HasPrefix(out.Header.Get("Content-Type"), "text/html") {
				t.Errorf("%s: %d, %v", address, out.StatusCode, out.Header)
			}
		}
	}
	for _, bad := range []string{"state=a&state=b", "code=" + strings.Repeat("x", maxParameter+1), "state=%zz"} {
		if out := visit(t, desk(true, nil, nil), "/oidc/town/callback?"+bad); out.StatusCode != http.StatusBadRequest {
			t.Errorf("%.40s: %d", bad, out.StatusCode)
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodPut} {
		w := httptest.NewRecorder()
		desk(true, nil, nil).ServeHTTP(w, httptest.NewRequest(method, "/oidc/town/callback?code=x", http.NoBody))
		if w.Code != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d", method, w.Code)
		}
	}
}
