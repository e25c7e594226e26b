package file

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Claims holds files for a subject that is about to name them, in the name of the caller, and tells of each. They must
// have come, be of the organisation, and belong to nothing else. What was claimed and is not named after all is free
// again after a few minutes. Faults lead to the places in files.
func (s *Service) Claims(ctx context.Context, subject string, of id.Organisation, files []id.File) ([]*File, error) {
	ctx = store.WithoutOnce(ctx)
	var faults fault.List
	out := make([]*File, len(files))
	for i, f := range files {
		var err error
		if slices.Contains(files[:i], f) {
			err = fault.New(fault.Invalid, fault.CodeDuplicate, "value", f)
		} else {
			out[i], err = s.files.Touch(ctx, access.FileAttach, string(f), func(f *File) error { return f.claim(subject, of, s) })
		}
		faults.Add(err, strconv.Itoa(i))
	}
	return out, faults.Err()
}

func (f *File) claim(subject string, of id.Organisation, s *Service) error {
	now := s.now()
	switch {
	case f.Organisation != of:
		return fault.New(fault.Refused, CodeForeign, "organisation", of)
	case f.Subject == subject:
		return nil // a repeat
	case f.Attached(), f.Claim != nil && f.Claim.Subject != subject && now.Before(f.Claim.Until):
		return fault.New(fault.Refused, CodeTaken)
	case f.Status != Ready:
		return fault.New(fault.Refused, CodeNotCome, "status", f.Status)
	}
	f.Claim = &Claim{Subject: subject, Until: now.Add(ClaimFor)}
	return nil
}

// Settle attaches files to a subject that names them. It may be asked again. What was attached to something else
// meanwhile, or is gone, stays so.
func (s *Service) Settle(ctx context.Context, subject string, files []id.File) error {
	ctx = authz.AsSystem(ctx)
	for _, f := range files {
		_, err := s.files.Change(ctx, access.FileTime, string(f), func(f *File) error {
			if f.Status != Ready {
				return errSettled
			}
			return f.attach(subject)
		})
		if err != nil && !errors.Is(err, errSettled) && !fault.Is(err, fault.CodeNotFound) {
			return err
		}
	}
	return nil
}

// errSettled ends a change that has nothing to do. Nobody is told.
var errSettled = errors.New("file: nothing is left to do")

func (f *File) attach(to string) error {
	if err := f.move(VerbAttach); err != nil {
		return err
	}
	f.Subject, f.ExpiresAt, f.Claim = to, nil, nil
	return nil
}

// AttachInput is the input of attachFile.
type AttachInput struct {
	command.Change
	ID       id.File
	Contract *id.Contract
	Project  *id.Project
}

// subject is what a file shall be attached to, and the field that names it.
func (in AttachInput) subject() (subject, field string, err error) {
	switch {
	case in.Contract != nil && in.Project == nil:
		return string(*in.Contract), "contract", nil
	case in.Project != nil && in.Contract == nil:
		return string(*in.Project), "project", nil
	}
	return "", "", fault.New(fault.Invalid, CodeOneSubject)
}

// Attach adds a file to what lies with a contract or a project, in the name of one of those who take part. It is no part
// of the text that is signed.
func (s *Service) Attach(ctx context.Context, in AttachInput) (*File, error) {
	subject, field, err := in.subject()
	if err != nil {
		return nil, err
	}
	to, err := s.Subject(ctx, subject)
	if err != nil {
		return nil, at(err, field)
	}
	full, err := s.full(ctx, subject)
	if err != nil {
		return nil, err
	}
	return s.files.Change(ctx, access.FileAttach, string(in.ID), func(f *File) error {
		if err := in.Expect(f.Version); err != nil {
			return err
		}
		switch {
		case f.Status == Attached, f.Claim != nil && s.now().Before(f.Claim.Until):
			return fault.New(fault.Refused, CodeTaken).At("id")
		case f.Status != Ready:
			return fault.New(fault.Refused, CodeNotCome, "status", f.Status).At("id")
		case !slices.Contains(to.Parties, f.Organisation):
			return fault.New(fault.Refused, CodeNoParty).At(field)
		case full:
			return fault.New(fault.Refused, CodeMany, "max", MaxAttachments).At(field)
		}
		if err := f.attach(subject); err != nil {
			return err
		}
		return f.tell(ToldAttached, to.Audience)
	})
}

// full says whether a contract or a project takes no more attachments. Two that are attached at the same moment may both pass.
func (s *Service) full(ctx context.Context, subject string) (bool, error) {
	n, exact, err := s.files.Count(authz.AsSystem(ctx), store.And(bySubject.Is(subject), byStatus.Is(Attached)), MaxAttachments)
	return n >= MaxAttachments || !exact, err
}

// RemoveInput is the input of removeFile.
type RemoveInput struct {
	command.Change
	ID id.File
}

// Remove takes a file away: one that waits, or one that its people attached to a contract or a project. What is evidence
// stays.
func (s *Service) Remove(ctx context.Context, in RemoveInput) (*File, error) {
	var was string
	f, err := s.files.Change(ctx, access.FileRemove, string(in.ID), func(f *File) error {
		if err := in.Expect(f.Version); err != nil {
			return err
		}
		held := f.Claim != nil && s.now().Before(f.Claim.Until)
		if held || f.Attached() && !id.Is(f.Subject, id.KindContract) && !id.Is(f.Subject, id.KindProject) {
			return fault.New(fault.Refused, CodeEvidence).At("id")
		}
		if err := f.move(VerbRemove); err != nil {
			return err
		}
		was, f.Blob, f.Claim = f.Blob, "", nil
		if !f.Attached() {
			gone := s.now().Add(KeptFor)
			f.ExpiresAt = &gone
			return nil
		}
		of, err := s.Subject(authz.AsSystem(ctx), f.Subject)
		if err != nil {
			return err
		}
		return f.tell(ToldRemoved, of.Audience)
	})
	if err != nil {
		return nil, err
	}
	s.discard(ctx, was)
	return f, nil
}

// Happened is what an event says of a file at a contract or a project: never its name.
type Happened struct {
	Contract     id.Contract     `bson:"contract,omitempty"`
	Project      id.Project      `bson:"project,omitempty"`
	Organisation id.Organisation `bson:"organisation"`
	MediaType    string          `bson:"mediaType"`
	Size         int             `bson:"size"`
	Sha256       string          `bson:"sha256"`
}

func (f *File) tell(what string, audience []string) error {
	f.audience = audience
	h := Happened{Organisation: f.Organisation, MediaType: f.MediaType, Size: f.Size, Sha256: f.Sha256}
	if id.Is(f.Subject, id.KindProject) {
		h.Project = id.Project(f.Subject)
	} else {
		h.Contract = id.Contract(f.Subject)
	}
	return f.Tell(what, h)
}

// at leads a fault to a field.
func at(err error, field string) error {
	var faults fault.List
	faults.Add(err, field)
	return faults.Err()
}
