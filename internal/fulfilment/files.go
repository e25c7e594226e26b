package fulfilment

import (
	"context"
	"slices"
	"strconv"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/journal"
)

// Files are what this room needs of the files that reports name. Both may be nil where there are none.
type Files struct {
	// Claim holds an organisation's files for a fulfilment that is about to name them, and tells what each hashes to.
	Claim func(ctx context.Context, f id.Fulfilment, of id.Organisation, files []id.File) (sha256 []string, err error)
	// Settle notes that a fulfilment names them. It may be asked again.
	Settle func(ctx context.Context, f id.Fulfilment, files []id.File) error
}

// claim holds the files that a report is about to name, and takes their hashes into the evidence.
func (s *Service) claim(ctx context.Context, i id.Fulfilment, given []*Evidence) error {
	named, at := files(given)
	if len(named) == 0 {
		return nil
	}
	f, err := s.Fulfilment(ctx, i)
	if err != nil {
		return err
	}
	hashes, err := s.Files.Claim(ctx, i, f.Provider, named)
	if err != nil {
		return led(err, at)
	}
	var faults fault.List
	for n, e := range at {
		hash := hashes[n]
		if was := given[e].Sha256; was != nil && *was != hash {
			faults.Add(fault.New(fault.Invalid, CodeEvidenceHash, "want", hash), "evidence", strconv.Itoa(e), "sha256")
		}
		given[e].Sha256 = &hash
	}
	return faults.Err()
}

// files are those that evidence names, and where in it.
func files(given []*Evidence) (named []id.File, at []int) {
	for i, e := range given {
		if e.File != "" {
			named, at = append(named, e.File), append(at, i)
		}
	}
	return named, at
}

// led leads faults about the places of files to those of the evidence.
func led(err error, at []int) error {
	var faults fault.List
	for _, f := range fault.All(err) {
		if len(f.Path) > 0 {
			if n, err := strconv.Atoi(f.Path[0]); err == nil && n < len(at) {
				moved := *f
				moved.Path = slices.Concat([]string{"evidence", strconv.Itoa(at[n]), "file"}, f.Path[1:])
				f = &moved
			}
		}
		faults.Add(f)
	}
	return faults.Err()
}

// settle notes with the files that a report names them.
func (s *Service) settle(ctx context.Context, f *Fulfilment) error {
	if f.Report == nil {
		return nil
	}
	named, _ := files(f.Report.Evidence)
	if len(named) == 0 {
		return nil
	}
	return s.Files.Settle(ctx, f.ID, named)
}

// FollowReported notes with the files of a report that it names them, where that was not done at once.
func (s *Service) FollowReported(ctx context.Context, e journal.Entry) error {
	f, err := s.Fulfilment(authz.AsSystem(ctx), id.Fulfilment(e.Subject))
	if fault.Is(err, fault.CodeNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.settle(ctx, f)
}

// NamesFile says whether the report of a fulfilment names a file.
func (s *Service) NamesFile(ctx context.Context, i id.Fulfilment, named id.File) (bool, error) {
	f, err := s.Fulfilment(authz.AsSystem(ctx), i)
	if err != nil || f.Report == nil {
		if fault.Is(err, fault.CodeNotFound) {
			err = nil
		}
		return false, err
	}
	all, _ := files(f.Report.Evidence)
	return slices.Contains(all, named), nil
}
