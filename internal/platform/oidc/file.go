package oidc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The bounds of the file.
const (
	maxFile    = 1 << 20 // bytes
	maxIssuers = 20
	maxName    = 32   // characters
	maxTitle   = 60   // characters
	maxWord    = 1000 // bytes of a client's identifier or secret
)

// Issuer is an identity provider that the operator trusts, as the file names it.
type Issuer struct {
	Name         string   // short, as it stands in addresses; identities outlive a change of it
	Title        Title    // as people know it
	URL          string   // what it calls itself
	ClientID     string   // what it calls us
	ClientSecret Secret   // by which it knows us
	Scopes       []string // what we ask it for
}

// Title is a name in both languages.
type Title struct {
	English string `json:"en"`
	Chinese string `json:"zh-CN"`
}

// In is the title in a reader's language.
func (t Title) In(language string) string {
	if strings.HasPrefix(language, "zh") {
		return t.Chinese
	}
	return t.English
}

// Secret stays out of logs.
type Secret string

// Format hides the secret whatever the verb.
func (Secret) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(hidden)") }

// LogValue hides the secret.
func (Secret) LogValue() slog.Value { return slog.StringValue("(hidden)") }

// MarshalText hides the secret.
func (Secret) MarshalText() ([]byte, error) { return []byte("(hidden)"), nil }

// ErrExposed refuses a file of secrets that others than its owner can read or write.
var ErrExposed = errors.New("others than its owner can read or write the file; run chmod 600 on it")

// FileError says what is wrong with the file of issuers, where in it, and what to write instead. It never quotes a secret.
type FileError struct {
	File  string
	Place string // as issuers[1].title.en; empty for the whole
	Err   error
}

// Error names file and place.
func (e *FileError) Error() string {
	if e.Place == "" {
		return fmt.Sprintf("issuers: %s: %v", e.File, e.Err)
	}
	return fmt.Sprintf("issuers: %s: %s: %v", e.File, e.Place, e.Err)
}

// Unwrap gives the cause.
func (e *FileError) Unwrap() error { return e.Err }

// entry is an issuer as the file holds it.
type entry struct {
	Name         string   `json:"name"`
	Title        Title    `json:"title"`
	Issuer       string   `json:"issuer"`
	ClientID     string   `json:"clientId"`
	ClientSecret string   `json:"clientSecret"`
	Scopes       []string `json:"scopes"`
}

// Read reads the file of issuers and checks everything that can be checked without asking any of them. What is wrong is a
// FileError.
func Read(file string) ([]Issuer, error) {
	fail := func(place string, err error) ([]Issuer, error) {
		return nil, &FileError{File: file, Place: place, Err: err}
	}
	raw, err := readOwn(file)
	if err != nil {
		return fail("", err)
	}
	var doc struct {
		Issuers []entry `json:"issuers"`
	}
	in := json.NewDecoder(bytes.NewReader(raw))
	in.DisallowUnknownFields()
	if err := in.Decode(&doc); err != nil {
		return fail(whereOf(err), unreadable(err))
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return fail("", errors.New("there is something behind the closing brace; leave it out"))
	}
	if n := len(doc.Issuers); n == 0 || n > maxIssuers {
		return fail("issuers", fmt.Errorf(`name 1 to %d issuers, as {"issuers": [{"name": …}]}`, maxIssuers))
	}
	var all []Issuer
	for n, e := range doc.Issuers {
		one, place, err := e.issuer(all)
		if err != nil {
			return fail(fmt.Sprintf("issuers[%d].%s", n, place), err)
		}
		all = append(all, one)
	}
	return all, nil
}

// readOwn reads a file that nobody but its owner may read, looking at the rights of the very file it reads.
func readOwn(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return nil, fmt.Errorf("it is no file of at most %d bytes", maxFile)
	}
	if info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" { // there, rights are elsewhere
		return nil, fmt.Errorf("%w (its mode is %#o)", ErrExposed, info.Mode().Perm())
	}
	return io.ReadAll(io.LimitReader(f, maxFile))
}

// whereOf is the member of the file that JSON could not read.
func whereOf(err error) string {
	if bad, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return bad.Field
	}
	return ""
}

// unreadable says what is wrong with JSON without quoting what stands there, which may be a secret.
func unreadable(err error) error {
	if bad, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("it is no JSON from byte %d on", bad.Offset)
	}
	if bad, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("a %s is wanted here, not a %s", bad.Type, bad.Value)
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return fmt.Errorf("it has a member %s, which is none of name, title, issuer, clientId, clientSecret, scopes", name)
	}
	return errors.New("it is cut short")
}

var (
	nameShape  = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)
	scopeShape = regexp.MustCompile(`^[\x21\x23-\x5b\x5d-\x7e]{1,100}$`) // RFC 6749, 3.3
)

// issuer checks an entry beside those before it; place is the member that is wrong.
func (e entry) issuer(before []Issuer) (one Issuer, place string, err error) {
	has := func(same func(Issuer) bool) bool { return slices.ContainsFunc(before, same) }
	switch {
	case !nameShape.MatchString(e.Name):
		return one, "name", errors.New("a short word of a-z, 0-9 and -, beginning with a letter, 32 characters at most")
	case has(func(o Issuer) bool { return o.Name == e.Name }):
		return one, "name", errors.New("another issuer has this name; choose another word")
	case !readable(e.Title.English):
		return one, "title.en", fmt.Errorf("its name in English, 1 to %d characters on one line", maxTitle)
	case !readable(e.Title.Chinese):
		return one, "title.zh-CN", fmt.Errorf("its name in Chinese, 1 to %d characters on one line", maxTitle)
	}
	if err := checkURL(e.Issuer, true); err != nil {
		return one, "issuer", fmt.Errorf("the address that the issuer calls itself, as https://id.example.org: %w", err)
	}
	switch {
	case has(func(o Issuer) bool { return o.URL == e.Issuer }):
		return one, "issuer", errors.New("this issuer stands there already; one entry is enough")
	case !word(e.ClientID):
		return one, "clientId", errors.New("what the issuer calls this server; it is given when the server is registered there")
	case !word(e.ClientSecret):
		return one, "clientSecret", errors.New("the secret that the issuer gave this server when it was registered there")
	}
	scopes := []string{"openid"}
	for n, s := range e.Scopes {
		if !scopeShape.MatchString(s) {
			return one, fmt.Sprintf("scopes[%d]", n), errors.New("a scope is a word without spaces and quotes")
		}
		if !slices.Contains(scopes, s) {
			scopes = append(scopes, s)
		}
	}
	return Issuer{
		Name: e.Name, Title: e.Title, URL: e.Issuer, ClientID: e.ClientID, ClientSecret: Secret(e.ClientSecret), Scopes: scopes,
	}, "", nil
}

func readable(s string) bool {
	n := utf8.RuneCountInString(s)
	return utf8.ValidString(s) && n >= 1 && n <= maxTitle && strings.TrimSpace(s) == s && !strings.ContainsFunc(s, unicode.IsControl)
}

func word(s string) bool {
	return s != "" && len(s) <= maxWord && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// checkURL refuses addresses at which a stranger could listen: anything but https, unless it is this very machine.
func checkURL(s string, bare bool) error {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "" || len(s) > maxWord:
		return errors.New("it is no web address")
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
		return errors.New("it must begin with https:// (http:// is for this machine alone)")
	case u.User != nil || u.Fragment != "" || bare && (u.RawQuery != "" || u.ForceQuery):
		return errors.New("leave out user name, query and fragment")
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// CheckPublicURL says what is wrong with the address at which people would come back from an issuer.
func CheckPublicURL(s string) error { return checkURL(s, true) }
