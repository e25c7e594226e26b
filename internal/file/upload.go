package file

import (
	"context"
	"encoding/hex"
	"io"
	"mime"
	"path"
	"regexp"
	"strings"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/personal"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/text"
	"github.com/cobuild/cobuild/internal/platform/web/transfer"
)

// StartInput is the input of startUpload.
type StartInput struct {
	command.Once
	Organisation id.Organisation
	Name         string
	Size         int
	Sha256       string
	MediaType    string
}

// Start announces a file, and tells where its bytes are to be sent.
func (s *Service) Start(ctx context.Context, in StartInput) (*Started, error) {
	f, err := s.announced(in)
	if err != nil {
		return nil, err
	}
	if err := s.Door.Ready(); err != nil {
		return nil, err
	}
	who, at := authz.From(ctx), s.now().Add(transfer.UploadFor)
	f.ID, f.By, f.Status, f.ExpiresAt = store.NewID[id.File](ctx, id.KindFile, s.now(), s.Random), who.Author(), Pending, &at
	if !s.table.Allows(who, access.FileStart, mine{f}) {
		return nil, s.table.Refusal(who, access.FileStart)
	}
	if _, err := s.files.Get(authz.AsSystem(ctx), f.Key()); fault.Is(err, fault.CodeNotFound) { // else it is a repeat
		if err := s.spend(ctx, in.Organisation, in.Size); err != nil {
			return nil, err
		}
	}
	if f, err = s.files.Add(ctx, access.FileStart, f); err != nil {
		return nil, err
	}
	return s.started(ctx, f)
}

// started adds to a file where its bytes are to be sent, while they are awaited.
func (s *Service) started(ctx context.Context, f *File) (*Started, error) {
	if f.Status != Pending {
		return &Started{File: f}, nil
	}
	a, err := s.Door.Upload(ctx, Shelf, string(f.ID))
	if err != nil {
		return nil, err
	}
	return &Started{File: f, Upload: &Upload{Address: a, Headers: []*Header{{Name: "Content-Type", Value: f.MediaType}}}}, nil
}

var sha256Hex = regexp.MustCompile(`^[0-9a-f]{64}$`)

// announced checks what a client says of a file.
func (s *Service) announced(in StartInput) (*File, error) {
	var faults fault.List
	f := &File{Organisation: in.Organisation, Name: personal.Text(name(&faults, in.Name)), Size: in.Size, Sha256: in.Sha256}
	switch {
	case in.Size <= 0:
		faults.Add(fault.New(fault.Invalid, CodeEmpty), "size")
	case in.Size > s.Most:
		faults.Add(fault.New(fault.Invalid, CodeLarge, "max", s.Most), "size")
	}
	if !sha256Hex.MatchString(in.Sha256) {
		faults.Add(fault.New(fault.Invalid, fault.CodeMalformed, "want", "64 × 0-9, a-f"), "sha256")
	}
	if t, _, err := mime.ParseMediaType(in.MediaType); err == nil {
		f.MediaType = t
	}
	if _, taken := kinds()[f.MediaType]; !taken {
		faults.Add(fault.New(fault.Invalid, CodeType, "allowed", strings.Join(Types(), ", ")), "mediaType")
	}
	return f, faults.Err()
}

// name checks the name of a file: it names one, and leads nowhere.
func name(f *fault.List, given string) string {
	n := text.Line(f, "name", given, 1, MaxName)
	if strings.ContainsAny(n, `/\:`) || n != "" && strings.Trim(n, ". ") == "" {
		f.Add(fault.New(fault.Invalid, CodeName), "name")
	}
	return n
}

// expect says what the bytes of a file must be, as long as they are awaited and its people may send them.
func (s *Service) expect(ctx context.Context, name string) (transfer.Expected, error) {
	f, err := s.files.Get(authz.AsSystem(ctx), name)
	if err != nil {
		return transfer.Expected{}, err
	}
	if who := authz.From(ctx); !s.table.Allows(who, access.FileStart, mine{f}) {
		return transfer.Expected{}, s.table.Refusal(who, access.FileStart)
	}
	if err := f.awaited(); err != nil {
		return transfer.Expected{}, err
	}
	key, err := s.key(f.ID)
	return transfer.Expected{
		Key: key, Size: int64(f.Size), SHA256: f.Sha256,
		Fits: func(head []byte) error { return fits(f.MediaType, head) },
	}, err
}

// awaited refuses bytes of a file that has them, or wants none any more.
func (f *File) awaited() error {
	switch f.Status {
	case Pending:
		return nil
	case Expired:
		return fault.New(fault.Refused, transfer.CodeExpired, "expiredAt", f.UpdatedAt)
	case Removed:
		return fault.New(fault.NotFound, fault.CodeNotFound, "id", f.ID)
	}
	return fault.New(fault.Refused, CodeUploaded)
}

// folder is where the bytes of this room's files lie.
const folder = "files/"

// key is a fresh key for the bytes of a file, another one for each try: nothing is ever overwritten. It tells which file
// it is of. The two letters in front keep folders small.
func (s *Service) key(f id.File) (string, error) {
	raw := make([]byte, 8)
	if _, err := io.ReadFull(s.Random, raw); err != nil {
		return "", err
	}
	name := string(f)
	return folder + name[len(name)-2:] + "/" + name + "-" + hex.EncodeToString(raw), nil
}

// fileOf is the file that a key is of; empty where it is none's.
func fileOf(key string) id.File {
	name, _, ok := strings.Cut(path.Base(key), "-")
	if !ok || !id.Is(name, id.KindFile) {
		return ""
	}
	return id.File(name)
}

// arrived takes in that the bytes have come, of several tries the first.
func (s *Service) arrived(ctx context.Context, name string, a transfer.Arrival) error {
	_, err := s.files.Change(authz.AsSystem(ctx), access.FileTime, name, func(f *File) error {
		if err := f.awaited(); err != nil {
			return err
		}
		at := s.now().Add(WaitsFor)
		f.Blob, f.ExpiresAt = a.Key, &at
		return f.move(VerbArrive)
	})
	return err
}

// find says which bytes a reader of the file gets.
func (s *Service) find(ctx context.Context, name string) (transfer.Found, error) {
	f, err := s.files.Get(ctx, name)
	if err != nil {
		return transfer.Found{}, err
	}
	if f.Blob == "" {
		return transfer.Found{}, fault.New(fault.NotFound, fault.CodeNotFound, "id", name)
	}
	k, called := kinds()[f.MediaType], f.Name.Clear()
	if called == "" {
		called = "file" + k.ending
	}
	return transfer.Found{Key: f.Blob, Name: called, MediaType: f.MediaType, SHA256: f.Sha256, Inline: k.shown}, nil
}
