package journal

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"
)

// Bounds of what is set aside.
const (
	asideFirst   = 5 * time.Second // pause before an entry that is set aside is tried again; then doubled
	asideLongest = 10 * time.Minute
	mostAside    = 100 // entries set aside before the follower stands still
	errorLength  = 300 // bytes kept of an error
)

// aside is an entry to be tried again.
type aside struct {
	Seq     int64     `bson:"seq"`
	Subject string    `bson:"subject"`
	Tries   int       `bson:"tries"`           // 0 where it only waits for an earlier one of its subject
	Next    time.Time `bson:"next"`            // not before this
	Error   string    `bson:"error,omitempty"` // the last failure, for whoever looks after the program
}

// setAside puts an entry among those to be tried again. With too many there it is an error, and the entry stays next.
func (f *follower) setAside(ctx context.Context, e Entry, tries int, cause error) error {
	if len(f.claim.Aside) >= mostAside {
		return fmt.Errorf("journal: %s stands still at %d with %d entries set aside: %w", f.name, e.Seq, mostAside, cause)
	}
	a := aside{Seq: e.Seq, Subject: e.Subject}
	if cause != nil {
		f.tell(ctx, e, tries, cause)
		a = a.failed(tries, cause, f.now())
	}
	f.claim.Aside = append(slices.Clone(f.claim.Aside), a)
	return nil
}

// failed notes a failure and when to try again.
func (a aside) failed(tries int, cause error, now time.Time) aside {
	a.Tries = tries
	wait := min(asideFirst<<min(tries-inPlace, 10), asideLongest)
	a.Next = now.Add(wait).UTC().Truncate(time.Millisecond)
	a.Error = cause.Error()
	if len(a.Error) > errorLength {
		a.Error = a.Error[:errorLength]
	}
	return a
}

// waits says whether an earlier entry about the subject is set aside.
func (f *follower) waits(subject string) bool {
	return slices.ContainsFunc(f.claim.Aside, func(a aside) bool { return a.Subject == subject })
}

// again tries the entries that were set aside and are due, of each subject the earliest; where that succeeds, the
// subject's next one follows at once.
func (f *follower) again(ctx context.Context) (done int, err error) {
	held := map[string]bool{}
	for i := 0; i < len(f.claim.Aside) && ctx.Err() == nil; {
		a := f.claim.Aside[i]
		if held[a.Subject] || a.Next.After(f.now()) {
			held[a.Subject] = true
			i++
			continue
		}
		gone, err := f.retry(ctx, i)
		if err != nil {
			return done, err
		}
		if gone {
			done++
			continue
		}
		held[a.Subject] = true
		i++
	}
	return done, nil
}

// retry handles the i-th entry set aside. Gone says that it is there no more.
func (f *follower) retry(ctx context.Context, i int) (gone bool, err error) {
	all := slices.Clone(f.claim.Aside)
	a := all[i]
	page, err := f.j.Read(ctx, a.Seq-1, 1)
	if err != nil {
		return false, err
	}
	gone = true
	if len(page) == 1 && page[0].Seq == a.Seq {
		err := f.call(ctx, page[0])
		if passing(err) {
			return false, err
		}
		if err != nil {
			f.tell(ctx, page[0], a.Tries+1, err)
			all[i], gone = a.failed(max(a.Tries, inPlace)+1, err, f.now()), false
		}
	}
	if gone {
		all = slices.Delete(all, i, i+1)
	}
	f.claim.Aside = all
	return gone, f.note(ctx)
}

// tell logs a failure.
func (f *follower) tell(ctx context.Context, e Entry, try int, err error) {
	f.j.o.Log.LogAttrs(ctx, slog.LevelWarn, "journal: an entry could not be handled", slog.String("follower", f.name),
		slog.Int64("seq", e.Seq), slog.String("type", e.Type), slog.String("subject", e.Subject), slog.Int("try", try),
		slog.Any("error", err))
}

// stuck lists what is set aside, as last known here.
func (f *follower) stuck() []aside {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.claim.Aside
}
