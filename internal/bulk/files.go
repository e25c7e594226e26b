package bulk

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/sheet"
	"github.com/cobuild/cobuild/internal/platform/web/transfer"
)

// shelf is the word under which the files of jobs have their addresses.
const shelf = "bulk"

// The files of a job, as addresses name them behind the job.
const (
	sourceFile = "source"
	resultFile = "result"
	errorsFile = "errors-"
)

// shelve puts the files of jobs behind the door.
func (s *Service) shelve() {
	s.Door.Shelve(shelf, transfer.Shelf{Expect: s.expected, Arrived: s.arrived, Find: s.find})
}

// mine says whether the actor is who started the job. Nobody else gets at its files, whatever they may see of the job: what
// is in them was read by the rights of who started it.
func (j *Job) mine(a authz.Actor) bool {
	return a.Person == j.Person && a.Service == j.Service && string(a.Author()) == j.Author
}

// ownJob finds a job that the actor has started, by its name on the shelf; any other is as good as absent.
func (s *Service) ownJob(ctx context.Context, name string) (j *Job, file string, err error) {
	of, file, _ := strings.Cut(name, "/")
	j, err = s.jobs.Get(ctx, of)
	if err == nil && !j.mine(authz.From(ctx)) {
		err = fault.New(fault.NotFound, fault.CodeNotFound, "id", of)
	}
	return j, file, err
}

// Upload is where the file of an import is to be brought; nil where there is nothing to bring, and for others.
func (s *Service) Upload(ctx context.Context, j *Job) (*transfer.Address, error) {
	var none *transfer.Address
	if j.State != AwaitingFile || !j.mine(authz.From(ctx)) {
		return none, nil
	}
	a, err := s.Door.Upload(ctx, shelf, string(j.ID)+"/"+sourceFile)
	return &a, err
}

// Download is where the file of a job can be fetched; nil while there is none, and for others.
func (s *Service) Download(ctx context.Context, j *Job) (*transfer.Address, error) {
	return s.download(ctx, j, resultFile, j.Result != nil)
}

// Report is where the lines of an import with which something is wrong can be fetched when it is over, each with what is
// wrong; nil where there are none, and for others.
func (s *Service) Report(ctx context.Context, j *Job, f sheet.Format) (*transfer.Address, error) {
	if f == sheet.XLSX {
		return nil, fault.New(fault.Invalid, fault.CodeMalformed, "want", "CSV, NDJSON").At("format")
	}
	return s.download(ctx, j, errorsFile+f.Extension(), j.Reports[f.Extension()] != nil)
}

func (s *Service) download(ctx context.Context, j *Job, file string, there bool) (*transfer.Address, error) {
	var none *transfer.Address
	if !there || !j.mine(authz.From(ctx)) {
		return none, nil
	}
	a, err := s.Door.Download(ctx, shelf, string(j.ID)+"/"+file)
	return &a, err
}

// expected is the file of an import that waits for it.
func (s *Service) expected(ctx context.Context, name string) (transfer.Expected, error) {
	j, _, err := s.ownJob(ctx, name)
	if err != nil {
		return transfer.Expected{}, err
	}
	if _, ok := next(j.State, VerbReceive); !ok {
		return transfer.Expected{}, fault.New(fault.Refused, CodeState, "status", j.State)
	}
	e := transfer.Expected{Key: j.fresh(sourceFile), Size: -1, Most: MaxFile}
	if j.SHA256 != nil {
		e.SHA256 = strings.ToLower(*j.SHA256)
	}
	return e, nil
}

// arrived takes the file of an import, and lets the work begin.
func (s *Service) arrived(ctx context.Context, name string, a transfer.Arrival) error {
	j, _, err := s.ownJob(ctx, name)
	if err != nil {
		return err
	}
	if a.Size == 0 {
		return fault.New(fault.Invalid, sheet.CodeEmpty)
	}
	_, err = s.jobs.Touch(authz.AsSystem(ctx), access.BulkKeep, string(j.ID), func(j *Job) error {
		now := s.now()
		if err := j.move(VerbReceive, now); err != nil {
			return err
		}
		j.Source, j.SHA256, j.DueAt, j.ExpiresAt = a.Key, &a.SHA256, &now, now.Add(KeptFor)
		return nil
	})
	if err == nil {
		s.Wake()
	}
	return err
}

// find finds a file of a job for who started it.
func (s *Service) find(ctx context.Context, name string) (transfer.Found, error) {
	j, file, err := s.ownJob(ctx, name)
	if err != nil {
		return transfer.Found{}, err
	}
	found := j.Result
	kind := j.Format
	if form, ok := strings.CutPrefix(file, errorsFile); ok {
		found, kind = j.Reports[form], sheet.Format(strings.ToUpper(form))
	}
	switch {
	case j.State == Expired:
		return transfer.Found{}, fault.New(fault.NotFound, CodeGone)
	case found == nil:
		return transfer.Found{}, fault.New(fault.NotFound, CodeNotYet, "status", j.State)
	}
	return transfer.Found{Key: found.Key, Name: found.Name, MediaType: kind.MediaType(), SHA256: found.SHA256}, nil
}

// fileName is what a file is called on the reader's machine.
func (j *Job) fileName(what string, f sheet.Format) string {
	return fmt.Sprintf("cobuild-%s-%s.%s", what, j.CreatedAt.Format("20060102-150405"), f.Extension())
}

// report writes the lines with which something is wrong into a file.
func (s *Service) report(ctx context.Context, j *Job, f sheet.Format) (file *File, err error) {
	key := j.fresh(errorsFile + f.Extension())
	w, err := s.Blobs.Create(ctx, key)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.Abort()) }()
	if err := s.writeErrors(ctx, j, f, w); err != nil {
		return nil, err
	}
	wrote, err := w.Commit()
	if err != nil {
		return nil, err
	}
	return &File{Key: key, Name: j.fileName("errors", f), Size: wrote.Size, SHA256: wrote.SHA256}, nil
}

// forgetTrial lets go of a dry run that is over.
func (s *Service) forgetTrial(of id.BulkJob) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.trials, of)
}
