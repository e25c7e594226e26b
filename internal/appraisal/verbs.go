package appraisal

import (
	"strconv"
	"strings"
	"time"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// submit takes in what an organisation says, in place of what it said before.
func (a *Appraisal) submit(s *Sealed, now time.Time) error {
	if err := a.ready(VerbSubmit, now); err != nil {
		return err
	}
	var err error
	if s.Ratings, err = a.complete(s.Ratings); err != nil {
		return err
	}
	if err := a.move(VerbSubmit, now); err != nil {
		return err
	}
	if err := a.seal(s); err != nil {
		return err
	}
	a.SubmittedAt = &now
	return a.tell(ToldSubmitted)
}

// complete checks that each criterion has one score, and sorts the scores as the set does.
func (a *Appraisal) complete(given []*Rating) ([]*Rating, error) {
	var faults fault.List
	by := map[string]*Rating{}
	var keys, missing []string
	for _, c := range a.Criteria {
		keys = append(keys, c.Key)
		by[c.Key] = nil
	}
	for i, r := range given {
		was, known := by[r.Key]
		switch {
		case !known:
			faults.Add(fault.New(fault.Invalid, CodeCriterionUnknown, "key", r.Key, "keys", strings.Join(keys, ", ")), "ratings", strconv.Itoa(i), "key")
		case was != nil:
			faults.Add(fault.New(fault.Invalid, fault.CodeDuplicate, "value", r.Key), "ratings", strconv.Itoa(i), "key")
		default:
			by[r.Key] = r
		}
	}
	out := make([]*Rating, 0, len(keys))
	for _, k := range keys {
		if by[k] == nil {
			missing = append(missing, k)
			continue
		}
		out = append(out, by[k])
	}
	if len(missing) > 0 {
		faults.Add(fault.New(fault.Invalid, CodeCriteriaMissing, "keys", strings.Join(missing, ", ")), "ratings")
	}
	return out, faults.Err()
}

// finalise seals it for good.
func (a *Appraisal) finalise(now time.Time) error { return a.move(VerbFinalise, now) }

// miss notes that nothing came in time.
func (a *Appraisal) miss(now time.Time) error {
	if err := a.move(VerbMiss, now); err != nil {
		return err
	}
	return a.tell(ToldMissed)
}

// open lifts the seal.
func (a *Appraisal) open(now time.Time) error {
	if err := a.move(VerbOpen, now); err != nil {
		return err
	}
	on := scalar.DateOf(now, zone(a.Zone))
	a.OpenedAt, a.OpenedOn = &now, &on
	return a.tell(ToldOpened)
}

// answer takes in what the appraised organisation has to say.
func (a *Appraisal) answer(w *Answer) error {
	if err := a.ready(VerbAnswer, w.At); err != nil {
		return err
	}
	if err := a.move(VerbAnswer, w.At); err != nil {
		return err
	}
	a.Answer = w
	return a.tell(ToldAnswered)
}
