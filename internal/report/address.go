package report

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// Format is a form of documents.
type Format string

// The forms.
const (
	HTML Format = "HTML"
	PDF  Format = "PDF"
)

// AddressFor is how long an address of a document holds.
const AddressFor = 10 * time.Minute

// Paper names one document: a report in a form and a language.
type Paper struct {
	Scope
	Period
	Format
	Language
}

// Address is where a document can be fetched for a while by whoever has it: in the name of the person who asked for it,
// as long as they hold the right to read it.
type Address struct {
	URL       string // path and query, on the server that gave it
	ExpiresAt time.Time
}

// Bearer is whom an address speaks for.
type Bearer struct {
	Person  id.Person  // or a service account in the place of one
	Session id.Session // or what the account came with
}

// Document gives the address of the report as a document.
func (s *Service) Document(ctx context.Context, r *Report, f Format, l Language) (*Address, error) {
	who := authz.From(ctx)
	p := Paper{r.Scope, r.Period, f, l}
	until := s.now().Add(AddressFor).Truncate(time.Second)
	q := url.Values{
		"lang": {l.Tag()}, "by": {string(who.Author())}, "in": {string(who.Session)},
		"until": {strconv.FormatInt(until.Unix(), 10)},
	}
	mac, err := s.mac(s.Secrets()[0], p.path(), q)
	if err != nil {
		return nil, err
	}
	q.Set("mac", base64.RawURLEncoding.EncodeToString(mac))
	return &Address{URL: p.path() + "?" + q.Encode(), ExpiresAt: until}, nil
}

// Prefix is where the addresses of documents lie.
const Prefix = "/reports/"

func (p Paper) path() string {
	return Prefix + p.about() + "/" + p.String() + "." + strings.ToLower(string(p.Format))
}

// PaperAt reads which document an address names, whoever asks for it. One that names none is NOT_FOUND.
func PaperAt(path, lang string) (Paper, error) {
	none := fault.New(fault.NotFound, fault.CodeNotFound)
	of, file, _ := strings.Cut(strings.TrimPrefix(path, Prefix), "/")
	period, form, _ := strings.Cut(file, ".")
	p := Paper{Format: Format(strings.ToUpper(form))}
	var known bool
	if p.Language, known = LanguageOf(lang); !known || p.Format != HTML && p.Format != PDF {
		return Paper{}, none
	}
	switch k, _ := id.KindOf(of); k {
	case id.KindContract:
		p.Contract = new(id.Contract(of))
	case id.KindDistrict, id.KindSubDistrict, id.KindCommunity, id.KindUnit:
		p.Organisation = new(id.Organisation(of))
	default:
		return Paper{}, none
	}
	var err error
	if p.Period, err = ParsePeriod(period); err != nil || p.path() != path {
		return Paper{}, none.Because(err)
	}
	return p, nil
}

// Bearer checks the signature of an address and says whom it speaks for. One that was altered or has run out is refused,
// with no word about which.
func (s *Service) Bearer(path string, q url.Values) (Bearer, error) {
	refused := fault.New(fault.Forbidden, CodeBadAddress)
	got, err := base64.RawURLEncoding.Strict().DecodeString(q.Get("mac"))
	if err != nil {
		return Bearer{}, refused.Because(err)
	}
	signed := url.Values{}
	for name, values := range q {
		if name != "mac" {
			signed[name] = values
		}
	}
	for _, secret := range s.Secrets() {
		want, err := s.mac(secret, path, signed)
		if err != nil {
			return Bearer{}, err
		}
		until, err := strconv.ParseInt(q.Get("until"), 10, 64)
		if hmac.Equal(got, want) && err == nil && s.now().Before(time.Unix(until, 0)) {
			return Bearer{id.Person(q.Get("by")), id.Session(q.Get("in"))}, nil
		}
	}
	return Bearer{}, refused
}

// mac authenticates an address, under a key of its own that is derived from a secret.
func (s *Service) mac(secret []byte, path string, q url.Values) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "cobuild report addresses", sha256.Size)
	if err != nil {
		return nil, err
	}
	h := hmac.New(sha256.New, key)
	_, _ = h.Write([]byte(path + "?" + q.Encode()))
	return h.Sum(nil), nil
}
