package notification

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
	"strings"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/fault/catalogue"
)

// LeavePath is where the addresses lie at which people end their mail.
const LeavePath = "/mail/leave/"

// pass is what lets a person end their mail without signing in, and nothing else: their identifier under a signature.
func (s *Service) pass(who id.Person) string {
	return string(who) + "." + base64.RawURLEncoding.EncodeToString(sign(s.Post.Secrets()[0], who))
}

// bearer reads a pass; ok is false for one that was altered.
func (s *Service) bearer(pass string) (who id.Person, ok bool) {
	name, mac, _ := strings.Cut(pass, ".")
	got, err := base64.RawURLEncoding.Strict().DecodeString(mac)
	if err != nil || !id.Is(name, id.KindPerson) {
		return "", false
	}
	for _, secret := range s.Post.Secrets() {
		if hmac.Equal(got, sign(secret, id.Person(name))) {
			return id.Person(name), true
		}
	}
	return "", false
}

// sign authenticates a person's identifier under a key of its own that is derived from a secret.
func sign(secret []byte, who id.Person) []byte {
	key, err := hkdf.Key(sha256.New, secret, nil, "cobuild end of mail", sha256.Size)
	if err != nil { // only where the length is beyond what the hash can give
		panic("notification: " + err.Error())
	}
	h := hmac.New(sha256.New, key)
	_, _ = h.Write([]byte(who))
	return h.Sum(nil)
}

// Leave answers the addresses at which people end their mail, after RFC 8058: a POST ends it; a GET, which programs do that
// only look, asks with a button. It needs nobody signed in, and says nothing of anybody.
func (s *Service) Leave() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		says, status := "leave.ask", http.StatusOK
		who, ok := s.bearer(strings.TrimPrefix(r.URL.Path, LeavePath))
		switch {
		case !ok:
			says, status = "leave.bad", http.StatusNotFound
		case r.Method == http.MethodPost:
			says = "leave.done"
			if err := s.leave(r.Context(), who); err != nil {
				says, status = "leave.failed", http.StatusServiceUnavailable
			}
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			says, status = "leave.bad", http.StatusMethodNotAllowed
		}
		s.leavePage(w, r, says, status)
	})
}

func (s *Service) leavePage(w http.ResponseWriter, r *http.Request, says string, status int) {
	l := Chinese
	if catalogue.From(r.Context()).Language() == English.Tag() {
		l = English
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("X-Robots-Tag", "noindex")
	w.WriteHeader(status)
	button := ""
	if says == "leave.ask" {
		button = s.words[l].say("leave.button")
	}
	_ = leaveTemplate().Execute(w, map[string]string{"Lang": l.Tag(), "Says": s.words[l].say(says), "Button": button}) // a caller who has gone is no error of ours
}

// leave ends a person's mail; ending it again changes nothing.
func (s *Service) leave(ctx context.Context, who id.Person) error {
	ctx = authz.AsSystem(ctx)
	want, err := s.settings.Change(ctx, access.NotificationSet, string(who), func(x *Settings) error {
		if x.MailMode == None {
			return errNothing
		}
		x.MailMode = None
		return nil
	})
	if fault.Is(err, fault.CodeNotFound) || ignore(err) == nil && err != nil {
		return nil // nothing was ever asked for, or it has ended already
	}
	if err != nil {
		return err
	}
	return s.reset(ctx, want, false)
}

func leaveTemplate() *template.Template {
	return template.Must(template.New("leave").Parse(`<!doctype html><html lang="{{.Lang}}"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Cobuild</title>
<main><p>{{.Says}}</p>{{with .Button}}<form method="post"><button name="List-Unsubscribe" value="One-Click">{{.}}</button></form>{{end}}</main></html>
`))
}

func mailTemplate() *template.Template {
	return template.Must(template.New("mail").Parse(`<!doctype html><html lang="{{.Lang}}"><meta charset="utf-8"><title>Cobuild</title>
<p>{{.Intro}}</p><ul>{{range .Lines}}<li>{{.}}</li>{{end}}</ul><p><a href="{{.Look}}">{{.LookWord}}</a></p><p><small><a href="{{.Leave}}">{{.LeaveWord}}</a></small></p></html>
`))
}
