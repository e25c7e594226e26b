package bulk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/lease"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// retry is after how long a job is looked at again that could not be gone on with for a reason of ours.
const retry = 5 * time.Second

// Tick does one piece of the job that has waited longest, and says whether there was one. Jobs take turns, so that a
// large one holds up no small one.
func (s *Service) Tick(ctx context.Context, now time.Time) (int, error) {
	ctx = authz.AsSystem(ctx)
	if s.Blobs == nil {
		return 0, nil
	}
	if err := s.takeOver(ctx); err != nil {
		return 0, err
	}
	found, err := s.jobs.List(ctx, store.Query{Where: byDue.Lte(now), Sort: []store.Order{byDue.Asc()}, Limit: 1})
	if err != nil {
		return 0, err
	}
	if len(found.Items) == 0 {
		return s.jobs.Sweep(ctx, now.Add(-Remembered), 100)
	}
	j := found.Items[0]
	if j.State == AwaitingFile || j.State.over() {
		return 1, s.expire(ctx, j)
	}
	j, err = s.take(ctx, j.ID)
	if errors.Is(err, lease.ErrTaken) || fault.Is(err, fault.CodeNotFound) {
		return 1, nil
	}
	if err != nil {
		return 0, err
	}
	return 1, s.piece(ctx, j)
}

// takeOver frees, once, what an earlier program has left under way, where no other node can be at it.
func (s *Service) takeOver(ctx context.Context) error {
	s.mu.Lock()
	first := s.Alone && !s.took
	s.took = true
	s.mu.Unlock()
	if !first {
		return nil
	}
	now := s.now()
	for j, err := range s.jobs.Walk(ctx, byDue.Gt(now), byDue.Asc()) {
		if err != nil {
			return err
		}
		if j.State != Running || j.Worker == s.worker {
			continue
		}
		if _, err := s.touch(ctx, j.ID, func(j *Job) error { j.DueAt = &now; return nil }); err != nil {
			return err
		}
	}
	return nil
}

// take takes a job up for as long as the lease lasts.
func (s *Service) take(ctx context.Context, of id.BulkJob) (*Job, error) {
	return s.touch(ctx, of, func(j *Job) error {
		now := s.now()
		if err := j.Take(s.worker, now); err != nil {
			return err
		}
		if err := j.move(VerbTake, now); err != nil {
			return lease.ErrTaken
		}
		if j.StartedAt == nil {
			j.StartedAt = &now
		}
		return nil
	})
}

func (s *Service) touch(ctx context.Context, of id.BulkJob, fn func(*Job) error) (*Job, error) {
	return s.jobs.Touch(ctx, access.BulkKeep, string(of), fn)
}

// note keeps how far a piece has come, unless the job was taken away meanwhile: then all of the piece is void.
func (s *Service) note(ctx context.Context, of id.BulkJob, fn func(*Job) error) error {
	_, err := s.touch(ctx, of, func(j *Job) error {
		if j.State != Running || !j.Held(s.worker) {
			return lease.ErrTaken
		}
		now := s.now()
		j.DueAt = &now
		if err := fn(j); err != nil {
			return err
		}
		j.EstimatedAt = lease.Estimate(j.StartedAt, now, j.Rows, j.Total)
		return nil
	})
	return gone(err)
}

// gone says of a job that is somebody else's or nobody's that there is nothing to do.
func gone(err error) error {
	if errors.Is(err, lease.ErrTaken) || fault.Is(err, fault.CodeNotFound) {
		return nil
	}
	return err
}

// hold lets a job rest for a while: for its owner's budget, or for a place.
func (j *Job) hold(wait time.Duration, now time.Time) error {
	if err := j.move(VerbHold, now); err != nil {
		return err
	}
	j.Rest(wait, now)
	return nil
}

// piece does the next piece of a job, as its owner.
func (s *Service) piece(ctx context.Context, j *Job) error {
	if s.now().Sub(j.CreatedAt) > KeptFor {
		return s.fail(ctx, j, fault.New(fault.Refused, CodeTooOld, "days", int(KeptFor.Hours()/24)))
	}
	who, err := s.again(ctx, j)
	if fault.Is(err, CodeRightEnded) {
		return s.fail(ctx, j, err)
	}
	if err != nil {
		return errors.Join(err, s.later(ctx, j))
	}
	stop := s.beat(ctx, j.ID)
	defer stop()
	within := s.Speak(authz.With(ctx, who), j.Language)
	switch {
	case j.Whole:
		err = s.assemble(ctx, j)
	case j.Kind == Export:
		err = s.pages(ctx, within, j)
	case j.Lines == "":
		err = s.unpack(ctx, within, j)
	default:
		err = s.mutations(ctx, within, j)
	}
	if err == nil {
		return nil
	}
	if f := fault.Of(err); f.Kind == fault.Invalid || f.Kind == fault.Refused || f.Kind == fault.NotFound {
		return s.fail(ctx, j, f)
	}
	return errors.Join(fmt.Errorf("%s: %w", j.ID, err), s.later(ctx, j))
}

// again is who started the job, as they are now; BULK_RIGHT_ENDED where a right has ended that they had.
func (s *Service) again(ctx context.Context, j *Job) (authz.Actor, error) {
	ended := fault.New(fault.Refused, CodeRightEnded)
	a, err := s.Again(ctx, id.Person(j.Author), j.Session)
	if fault.Is(err, fault.CodeUnauthenticated) || fault.Is(err, fault.CodeNotFound) {
		return a, ended.Because(err)
	}
	if err != nil {
		return a, err
	}
	now := rightsOf(a)
	for _, r := range j.Rights {
		if !slices.Contains(now, r) {
			return a, ended
		}
	}
	if a.Service != "" { // no more than the token had by which it was started
		a.Scopes = slices.DeleteFunc(slices.Clone(a.Scopes), func(sc string) bool { return !slices.Contains(j.Scopes, sc) })
	}
	return a, nil
}

// later lets a job rest that could not be gone on with.
func (s *Service) later(ctx context.Context, j *Job) error {
	return s.note(ctx, j.ID, func(j *Job) error { return j.hold(retry, s.now()) })
}

// beat keeps a job taken up for as long as a piece of it lasts.
func (s *Service) beat(ctx context.Context, of id.BulkJob) (stop func()) {
	return lease.Beat(ctx, func(ctx context.Context) {
		_, _ = s.touch(ctx, of, func(j *Job) error {
			if j.State != Running || !j.Held(s.worker) {
				return lease.ErrTaken
			}
			j.Keep(s.now())
			return nil
		})
	})
}

// fail ends a job with what is wrong.
func (s *Service) fail(ctx context.Context, of *Job, err error) error {
	p := s.problem(ctx, of.Language, err)
	return s.end(ctx, of, VerbFail, func(j *Job) { j.Failure = p })
}

// end takes a job to its end, unless it was taken away.
func (s *Service) end(ctx context.Context, of *Job, v Verb, fn func(*Job)) error {
	_, err := s.jobs.Change(ctx, access.BulkKeep, string(of.ID), func(j *Job) error {
		if !j.Held(s.worker) {
			return lease.ErrTaken
		}
		if err := j.move(v, s.now()); err != nil {
			return lease.ErrTaken // it was cancelled
		}
		fn(j)
		return j.tell(ToldEnded)
	})
	s.forgetTrial(of.ID)
	return gone(err)
}

// expire removes a job's files. The job itself stays for a while, to say that there was one.
func (s *Service) expire(ctx context.Context, of *Job) error {
	if err := s.clear(ctx, of.ID); err != nil {
		return err
	}
	_, err := s.touch(ctx, of.ID, func(j *Job) error {
		if j.DueAt == nil || j.DueAt.After(s.now()) {
			return lease.ErrTaken
		}
		if err := j.move(VerbExpire, s.now()); err != nil {
			return lease.ErrTaken
		}
		j.Result, j.Reports, j.Source, j.Lines, j.Parts = nil, nil, "", "", nil
		return nil
	})
	return gone(err)
}

// clear removes everything that is kept beside a job.
func (s *Service) clear(ctx context.Context, of id.BulkJob) error {
	s.forgetTrial(of)
	if err := s.lines.PurgeAll(ctx, byJob.Is(of)); err != nil {
		return err
	}
	const most = 100
	for _, k := range []Kind{Export, Import} {
		for {
			found, err := s.Blobs.List(ctx, prefix(k, of), "", most)
			if err != nil {
				return err
			}
			for _, b := range found {
				if err := s.Blobs.Delete(ctx, b.Key); err != nil {
					return err
				}
			}
			if len(found) < most {
				break
			}
		}
	}
	return nil
}

// Forget removes the jobs of somebody who was erased.
func (s *Service) Forget(ctx context.Context, who id.Person) error {
	ctx = authz.AsSystem(ctx)
	for j, err := range s.jobs.Walk(ctx, byPerson.Is(who), byCreated.Desc()) {
		if err != nil {
			return err
		}
		if err := s.clear(ctx, j.ID); err != nil {
			return err
		}
	}
	return s.jobs.PurgeAll(ctx, byPerson.Is(who))
}

// problem tells what is wrong in a language.
func (s *Service) problem(ctx context.Context, l Language, err error) *Problem {
	f := fault.Of(err)
	p := &Problem{Code: f.Code, Message: say(s.Speak(ctx, l), f)}
	if n, ok := f.Params["line"].(int); ok {
		p.Line = &n
	}
	switch c := f.Params["column"].(type) {
	case string:
		p.Column = &c
	case int, int64:
		p.Column = new(fmt.Sprint(c))
	}
	return p
}
