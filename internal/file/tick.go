package file

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/blob"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Bounds of one tick.
const (
	filesPerTick = 100
	keysPerTick  = 200
	sweepsEvery  = time.Hour
	strayFor     = 24 * time.Hour // so old are bytes that nothing names before they are removed
)

// Tick lets expire what has not come or was not attached in time, forgets what expired long ago, and now and then looks
// for bytes that no file names: what a crash between the bytes and the document has left. Two nodes may do it at once.
func (s *Service) Tick(ctx context.Context, now time.Time) (int, error) {
	ctx = authz.AsSystem(ctx)
	now = now.UTC().Truncate(time.Millisecond)
	due, err := s.files.List(ctx, store.Query{Where: byExpiry.Lte(now), Sort: []store.Order{byExpiry.Asc()}, Limit: filesPerTick})
	if err != nil {
		return 0, err
	}
	n := 0
	var bad error
	for _, f := range due.Items {
		if err := s.pass(ctx, f, now); err != nil { // the others need not wait for this one
			bad = errors.Join(bad, err)
			continue
		}
		n++
	}
	swept, err := s.sweep(ctx, now)
	return n + swept, errors.Join(bad, err)
}

// pass does to one file what its time brings. One that a subject names, though nobody has noted it yet, is attached.
func (s *Service) pass(ctx context.Context, f *File, now time.Time) error {
	if f.Status == Expired || f.Status == Removed {
		err := s.files.Remove(ctx, access.FileTime, f.Key())
		if fault.Is(err, fault.CodeNotFound) {
			return nil
		}
		return err
	}
	if f.Claim != nil {
		named, err := s.Names(ctx, f.Claim.Subject, f.ID)
		if err != nil {
			return err
		}
		if named {
			return s.Settle(ctx, f.Claim.Subject, []id.File{f.ID})
		}
	}
	was := f.Blob
	_, err := s.files.Change(ctx, access.FileTime, f.Key(), func(f *File) error {
		if f.ExpiresAt == nil || now.Before(*f.ExpiresAt) { // somebody was faster
			was = ""
			return errSettled
		}
		gone := now.Add(KeptFor)
		f.Blob, f.Claim, f.ExpiresAt = "", nil, &gone
		return f.move(VerbExpire)
	})
	if err != nil && !errors.Is(err, errSettled) {
		return err
	}
	s.discard(ctx, was)
	return nil
}

// discard removes bytes that no document names any more. Where that fails, the sweep does it.
func (s *Service) discard(ctx context.Context, key string) {
	if key != "" && s.Door.Ready() == nil {
		_ = s.Door.Bucket.Delete(ctx, key)
	}
}

// sweep looks at the next keys, and removes the bytes that have lain there for a day and no file names.
func (s *Service) sweep(ctx context.Context, now time.Time) (int, error) {
	s.sweeps.mu.Lock()
	defer s.sweeps.mu.Unlock()
	if now.Before(s.sweeps.rest) || s.Door.Ready() != nil {
		return 0, nil
	}
	found, err := s.Door.Bucket.List(ctx, folder, s.sweeps.after, keysPerTick)
	if err != nil {
		s.sweeps.rest = now.Add(time.Minute)
		return 0, err
	}
	n, err := s.strays(ctx, found, now)
	if len(found) < keysPerTick {
		s.sweeps.after, s.sweeps.rest = "", now.Add(sweepsEvery)
	} else {
		s.sweeps.after = found[len(found)-1].Key
	}
	return n, err
}

// strays removes those of the bytes that are old enough and no file names.
func (s *Service) strays(ctx context.Context, found []blob.Info, now time.Time) (int, error) {
	old := slices.DeleteFunc(slices.Clone(found), func(i blob.Info) bool { return now.Sub(i.Written) < strayFor })
	ids := make([]string, len(old))
	for i, o := range old {
		ids[i] = string(fileOf(o.Key))
	}
	files, err := s.files.GetMany(ctx, ids)
	if err != nil {
		return 0, err
	}
	n := 0
	for i, o := range old {
		if f := files[i]; f != nil && f.Blob == o.Key {
			continue
		}
		if err := s.Door.Bucket.Delete(ctx, o.Key); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// Forget takes out of the files that somebody sent who it was, and what they called them. The files stay: they are the
// organisation's, and evidence.
func (s *Service) Forget(ctx context.Context, who id.Person) error {
	ctx = authz.AsSystem(ctx)
	for {
		found, err := s.files.List(ctx, store.Query{Where: byAuthor.Is(who), Limit: filesPerTick})
		if err != nil || len(found.Items) == 0 {
			return err
		}
		for _, f := range found.Items {
			_, err := s.files.Touch(ctx, access.FileTime, f.Key(), func(f *File) error {
				f.By, f.Name = "", ""
				return nil
			})
			if err != nil && !fault.Is(err, fault.CodeNotFound) {
				return err
			}
		}
	}
}
