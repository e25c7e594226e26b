package bulk

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/blob"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/sheet"
)

// AddressFor is how long an address of a file holds.
const AddressFor = 10 * time.Minute

// Prefix is where the addresses of files lie.
const Prefix = "/bulk/"

// The files of a job, as addresses name them.
const (
	SourceFile = "source"
	ResultFile = "result"
	ErrorsFile = "errors"
)

// Address is where a file can be fetched, or brought, for a while by whoever has it: in the name of who started the job,
// as long as they could do so themselves.
type Address struct {
	URL       string // path and query, on the server that gave it
	Method    string // PUT to bring, GET to fetch
	ExpiresAt time.Time
}

// Bearer is whom an address speaks for.
type Bearer struct {
	Person  id.Person // or a service account in the place of one
	Session id.Session
}

// mine says whether the actor is who started the job.
func (j *Job) mine(a authz.Actor) bool {
	return a.Person == j.Person && a.Service == j.Service && string(a.Author()) == j.Author
}

// Upload is where the file of an import is to be brought; nil where there is nothing to bring, and for others.
func (s *Service) Upload(ctx context.Context, j *Job) (*Address, error) {
	var none *Address
	if j.State != AwaitingFile || !j.mine(authz.From(ctx)) {
		return none, nil
	}
	return s.address(ctx, j, SourceFile, "PUT", min(j.ExpiresAt.Sub(s.now()), AddressFor))
}

// Download is where the file of a job can be fetched; nil while there is none, and for others.
func (s *Service) Download(ctx context.Context, j *Job) (*Address, error) {
	var none *Address
	if j.Result == nil || !j.mine(authz.From(ctx)) {
		return none, nil
	}
	return s.address(ctx, j, ResultFile, "GET", AddressFor)
}

// Report is where the lines of an import with which something is wrong can be fetched, each with what it is; nil where
// there are none, and for others.
func (s *Service) Report(ctx context.Context, j *Job, f sheet.Format) (*Address, error) {
	var none *Address
	if f == sheet.XLSX {
		return none, fault.New(fault.Invalid, fault.CodeMalformed, "want", "CSV, NDJSON").At("format")
	}
	if j.FailedRows == 0 || j.State == Expired || !j.mine(authz.From(ctx)) {
		return none, nil
	}
	return s.address(ctx, j, ErrorsFile+"."+f.Extension(), "GET", AddressFor)
}

func (s *Service) address(ctx context.Context, j *Job, file, method string, life time.Duration) (*Address, error) {
	who := authz.From(ctx)
	until := s.now().Add(life).Truncate(time.Second)
	path := Prefix + string(j.ID) + "/" + file
	q := url.Values{"by": {string(who.Author())}, "in": {string(who.Session)}, "until": {strconv.FormatInt(until.Unix(), 10)}}
	mac, err := s.mac(s.Secrets()[0], path, q)
	if err != nil {
		return nil, err
	}
	q.Set("mac", base64.RawURLEncoding.EncodeToString(mac))
	return &Address{URL: path + "?" + q.Encode(), Method: method, ExpiresAt: until}, nil
}

// BearerOf checks the signature of an address and says whom it speaks for. One that was altered or has run out is refused,
// with no word about which.
func (s *Service) BearerOf(path string, q url.Values) (Bearer, error) {
	refusal := fault.New(fault.Forbidden, CodeAddress)
	got, err := base64.RawURLEncoding.Strict().DecodeString(q.Get("mac"))
	if err != nil {
		return Bearer{}, refusal.Because(err)
	}
	signed := url.Values{"by": q["by"], "in": q["in"], "until": q["until"]}
	until, err := strconv.ParseInt(q.Get("until"), 10, 64)
	if err != nil || len(q) != 4 || !s.now().Before(time.Unix(until, 0)) {
		return Bearer{}, refusal
	}
	for _, secret := range s.Secrets() {
		want, err := s.mac(secret, path, signed)
		if err != nil {
			return Bearer{}, err
		}
		if hmac.Equal(got, want) {
			return Bearer{id.Person(q.Get("by")), id.Session(q.Get("in"))}, nil
		}
	}
	return Bearer{}, refusal
}

// mac authenticates an address, under a key of its own that is derived from a secret.
func (s *Service) mac(secret []byte, path string, q url.Values) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "cobuild bulk addresses", sha256.Size)
	if err != nil {
		return nil, err
	}
	h := hmac.New(sha256.New, key)
	_, _ = h.Write([]byte(path + "?" + q.Encode()))
	return h.Sum(nil), nil
}

// ownJob finds a job that the actor has started; any other is as good as absent.
func (s *Service) ownJob(ctx context.Context, of id.BulkJob) (*Job, error) {
	j, err := s.jobs.Get(ctx, string(of))
	if err == nil && !j.mine(authz.From(ctx)) {
		err = fault.New(fault.NotFound, fault.CodeNotFound, "id", of)
	}
	return j, err
}

// Receive takes the file of an import, and lets the work begin. What is not the file that was announced is refused, and
// nothing of it stays.
func (s *Service) Receive(ctx context.Context, of id.BulkJob, from io.Reader) (*Job, error) {
	j, err := s.ownJob(ctx, of)
	if err != nil {
		return nil, err
	}
	if _, ok := next(j.State, VerbReceive); !ok {
		return nil, fault.New(fault.Refused, CodeState, "state", j.State)
	}
	key := j.fresh(SourceFile)
	wrote, err := s.Blobs.Put(ctx, key, io.LimitReader(from, MaxFile+1))
	if err != nil {
		return nil, err
	}
	kept, err := s.received(ctx, j, key, wrote)
	if err != nil {
		return nil, errors.Join(err, s.Blobs.Delete(ctx, key))
	}
	s.Wake()
	return kept, nil
}

func (s *Service) received(ctx context.Context, j *Job, key string, wrote blob.Written) (*Job, error) {
	switch {
	case wrote.Size == 0:
		return nil, fault.New(fault.Invalid, sheet.CodeEmpty)
	case wrote.Size > MaxFile:
		return nil, fault.New(fault.Invalid, CodeTooLarge, "max", MaxFile)
	case j.SHA256 != nil && !strings.EqualFold(*j.SHA256, wrote.SHA256):
		return nil, fault.New(fault.Invalid, CodeHash, "have", wrote.SHA256, "want", *j.SHA256)
	}
	return s.jobs.Touch(authz.AsSystem(ctx), access.BulkKeep, string(j.ID), func(j *Job) error {
		now := s.now()
		if err := j.move(VerbReceive, now); err != nil {
			return err
		}
		j.Source, j.SHA256, j.DueAt, j.ExpiresAt = key, &wrote.SHA256, &now, now.Add(KeptFor)
		return nil
	})
}

// Opened is a file to be handed out. It must be closed.
type Opened struct {
	io.ReadSeekCloser
	File
	Format sheet.Format
}

// Fetch opens the file of a job for who started it.
func (s *Service) Fetch(ctx context.Context, of id.BulkJob) (*Opened, error) {
	j, err := s.ownJob(ctx, of)
	if err != nil {
		return nil, err
	}
	switch {
	case j.State == Expired:
		return nil, fault.New(fault.NotFound, CodeGone)
	case j.Result == nil:
		return nil, fault.New(fault.NotFound, CodeNotYet, "state", j.State)
	}
	r, _, err := s.Blobs.Read(ctx, j.Result.Key)
	if errors.Is(err, blob.ErrNotFound) {
		return nil, fault.New(fault.NotFound, CodeGone).Because(err)
	}
	if err != nil {
		return nil, err
	}
	return &Opened{r, *j.Result, j.Format}, nil
}

// Errors finds an import of the actor whose wrong lines are to be written out.
func (s *Service) Errors(ctx context.Context, of id.BulkJob) (*Job, error) {
	j, err := s.ownJob(ctx, of)
	if err != nil {
		return nil, err
	}
	switch {
	case j.State == Expired:
		return nil, fault.New(fault.NotFound, CodeGone)
	case j.FailedRows == 0:
		return nil, fault.New(fault.NotFound, CodeNotYet, "state", j.State)
	}
	return j, nil
}
