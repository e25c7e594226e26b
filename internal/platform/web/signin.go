package web

import (
	"context"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/fault/catalogue"
	"github.com/cobuild/cobuild/internal/platform/web/request"
)

// SignIn answers the browser of somebody who signs in at an issuer outside: /oidc/NAME/start leads there, and
// /oidc/NAME/callback back. No token ever stands in an address; what does is good for once, and for one website alone.
type SignIn struct {
	// Begin says where the browser is to go, and what it is to keep meanwhile.
	Begin func(ctx context.Context, issuer, back, challenge string) (to, sealed string, err error)
	// End says where the browser is to go on, from what it has kept and what the issuer has sent along.
	End func(ctx context.Context, issuer, sealed string, answer url.Values) (to string, err error)

	Secure bool          // people reach this server by https
	Life   time.Duration // how long a sign-in may take
	Log    *slog.Logger
}

// codeSignInQuery refuses an address in which a parameter stands twice, or is too long.
const codeSignInQuery fault.Code = "SIGN_IN_ADDRESS"

// maxParameter is the longest value in an address of a sign-in, in bytes.
const maxParameter = 2048

// mount puts the addresses into a mux.
func (s *SignIn) mount(mux *http.ServeMux, around func(http.Handler) http.Handler) {
	mux.Handle("GET /oidc/{issuer}/start", around(http.HandlerFunc(s.start)))
	mux.Handle("GET /oidc/{issuer}/callback", around(http.HandlerFunc(s.callback)))
}

func (s *SignIn) start(w http.ResponseWriter, r *http.Request) {
	q, err := parameters(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	name := r.PathValue("issuer")
	to, sealed, err := s.Begin(r.Context(), name, q.Get("return"), q.Get("challenge"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	http.SetCookie(w, s.cookie(name, sealed, int(s.Life.Seconds())))
	lead(w, to)
}

func (s *SignIn) callback(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("issuer")
	sealed := ""
	if kept, err := r.Cookie(s.cookie(name, "", 0).Name); err == nil {
		sealed = kept.Value
		http.SetCookie(w, s.cookie(name, "", -1)) // it is good for once
	}
	q, err := parameters(r)
	var to string
	if err == nil {
		to, err = s.End(r.Context(), name, sealed, q)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	lead(w, to)
}

// cookie is what a browser keeps for one issuer. Another page cannot read it, and no page of another website has it sent
// along, but for coming back by a link.
func (s *SignIn) cookie(name, sealed string, age int) *http.Cookie {
	c := &http.Cookie{
		Name: "cobuild-sign-in-" + name, Value: sealed, Path: "/", MaxAge: age,
		HttpOnly: true, Secure: s.Secure, SameSite: http.SameSiteLaxMode,
	}
	if s.Secure {
		c.Name = "__Host-" + c.Name
	}
	return c
}

// parameters reads an address in which each name stands once.
func parameters(r *http.Request) (url.Values, error) {
	bad := fault.New(fault.Invalid, codeSignInQuery)
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, bad.Because(err)
	}
	for _, values := range q {
		if len(values) != 1 || len(values[0]) > maxParameter {
			return nil, bad
		}
	}
	return q, nil
}

// lead sends the browser on, with nothing to read and nothing to keep.
func lead(w http.ResponseWriter, to string) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
}

var failurePage = template.Must(template.New("sign-in").Parse(`<!doctype html>
<html lang="{{.Language}}"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Cobuild 共建</title>
<h1>Cobuild 共建</h1>
<p>{{.Says}}</p>
<p><small>{{.Code}} {{.Request}}</small></p>
</html>
`))

// fail tells a person in front of a browser what is wrong.
func (s *SignIn) fail(w http.ResponseWriter, r *http.Request, err error) {
	ctx, f := r.Context(), fault.Of(err)
	status := http.StatusBadRequest
	switch f.Kind {
	case fault.NotFound:
		status = http.StatusNotFound
	case fault.Unavailable:
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", "5")
	case fault.Internal:
		status = http.StatusInternalServerError
		s.Log.ErrorContext(ctx, "sign-in at an issuer", "requestId", request.ID(ctx), "error", err)
		f = fault.New(fault.Internal, fault.CodeInternal)
	}
	request.From(ctx).Met(f.Code)
	voice := catalogue.From(ctx)
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", voice.Language())
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = failurePage.Execute(w, map[string]any{ // whoever has gone is no error of ours
		"Language": voice.Language(), "Says": voice.Say(f.Code, f.Params), "Code": f.Code, "Request": request.ID(ctx),
	})
}
