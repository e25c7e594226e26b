package transfer

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// Address is where the bytes of a file are sent or fetched for a while.
type Address struct {
	URL       string // path and query, on the server that gave it
	Method    string
	ExpiresAt time.Time
}

// Upload gives the caller the address to which the bytes of a file are sent.
func (d *Door) Upload(ctx context.Context, shelf, name string) (Address, error) {
	return d.address(ctx, http.MethodPut, shelf, name, UploadFor)
}

// Download gives the caller the address from which the bytes of a file are fetched.
func (d *Door) Download(ctx context.Context, shelf, name string) (Address, error) {
	return d.address(ctx, http.MethodGet, shelf, name, DownloadFor)
}

func (d *Door) address(ctx context.Context, method, shelf, name string, lives time.Duration) (Address, error) {
	who := authz.From(ctx)
	path, until := Prefix+shelf+"/"+name, d.Now().Add(lives).Truncate(time.Second)
	q := url.Values{
		"do": {strings.ToLower(method)}, "by": {string(who.Author())}, "in": {string(who.Session)},
		"until": {strconv.FormatInt(until.Unix(), 10)},
	}
	mac, err := sign(d.Secrets()[0], path, q)
	if err != nil {
		return Address{}, err
	}
	q.Set("mac", base64.RawURLEncoding.EncodeToString(mac))
	return Address{URL: path + "?" + q.Encode(), Method: method, ExpiresAt: until}, nil
}

// told is what an address says once its signature was checked.
type told struct {
	shelf, name string
	method      string
	by          id.Person
	in          id.Session
}

// read checks an address. One that was altered is refused; of one that has run out the caller may know that.
func (d *Door) read(path string, q url.Values) (told, error) {
	if !d.signed(path, q) {
		return told{}, fault.New(fault.Forbidden, CodeAddress)
	}
	until, err := strconv.ParseInt(q.Get("until"), 10, 64)
	if err != nil {
		return told{}, fault.New(fault.Forbidden, CodeAddress).Because(err)
	}
	if at := time.Unix(until, 0).UTC(); !d.Now().Before(at) {
		return told{}, fault.New(fault.Forbidden, CodeExpired, "expiredAt", at)
	}
	shelf, name, _ := strings.Cut(strings.TrimPrefix(path, Prefix), "/")
	return told{
		shelf: shelf, name: name, method: strings.ToUpper(q.Get("do")),
		by: id.Person(q.Get("by")), in: id.Session(q.Get("in")),
	}, nil
}

func (d *Door) signed(path string, q url.Values) bool {
	got, err := base64.RawURLEncoding.Strict().DecodeString(q.Get("mac"))
	if err != nil {
		return false
	}
	rest := url.Values{}
	for name, values := range q {
		if name != "mac" {
			rest[name] = values
		}
	}
	for _, secret := range d.Secrets() {
		if want, err := sign(secret, path, rest); err == nil && hmac.Equal(got, want) {
			return true
		}
	}
	return false
}

// sign authenticates an address, under a key of its own that is derived from a secret.
func sign(secret []byte, path string, q url.Values) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "cobuild file addresses", sha256.Size)
	if err != nil {
		return nil, err
	}
	h := hmac.New(sha256.New, key)
	_, _ = h.Write([]byte(path + "?" + q.Encode()))
	return h.Sum(nil), nil
}
