package appraisal

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// A score is shrunk towards the middle of the scale as if an organisation had, besides what it has received, so many
// appraisals of just the middle.
const (
	middle = (LeastScore + MostScore) / 2
	asIf   = 3
)

// unit is one point of the scale in the whole numbers that records add up, so that the sum is the same in any order.
const unit = 10_000

// record adds up the opened appraisals that an organisation has received.
type record struct {
	store.Meta[id.Organisation] `bson:",inline"`
	Received                    int         `bson:"received"`
	Sum                         int64       `bson:"sum"` // of their means
	By                          []*subtotal `bson:"by"`  // by type of community and criterion
	LastAt                      *time.Time  `bson:"lastAt,omitempty"`
}

// subtotal is the part of one criterion.
type subtotal struct {
	Type    CommunityType `bson:"type"`
	Key     string        `bson:"key"`
	Title   string        `bson:"title"` // of the latest set that was judged by
	TitleEn string        `bson:"titleEn"`
	Count   int           `bson:"count"`
	Sum     int64         `bson:"sum"` // of scores
}

// CooperationRecord is how an organisation's partners have judged it (合作记录), over all its contracts. It is about an
// organisation, never a person, and there is no list of them: it helps those who look for a partner, and ranks nobody.
type CooperationRecord struct {
	Organisation id.Organisation
	Received     int              // opened appraisals
	Mean         *float64         // of their weighted means, 1 to 5; nil for none
	Score        *float64         // the mean shrunk towards the middle where there are few; nil for none
	Criteria     []*CriterionMean // nil for whoever sees the overall figures alone
	LastAt       *time.Time       // when the latest was opened
}

// CriterionMean is the mean under one criterion.
type CriterionMean struct {
	CommunityType CommunityType
	Key           string
	Title         string
	TitleEn       string
	Received      int
	Mean          float64
}

// weighted is an appraisal's mean by the weights of its criteria.
func (a *Appraisal) weighted() (int64, bool) {
	if a.Sealed == nil {
		return 0, false
	}
	var sum, weights int64
	for i, r := range a.Sealed.Ratings { // in the order of the criteria
		w := int64(a.Criteria[i].Weight)
		sum, weights = sum+w*int64(r.Score), weights+w
	}
	return (sum*unit + weights/2) / weights, true
}

// Mean is the mean of the scores by the weights of their criteria, to two places; nil while it is sealed for the reader.
func (a *Appraisal) Mean() *float64 {
	var none *float64
	w, ok := a.weighted()
	if !ok {
		return none
	}
	return new(points(w, 1))
}

// points are whole numbers by count as points of the scale, to two places.
func points(sum int64, count int) float64 {
	return math.Round(float64(sum)/float64(count)/(unit/100)) / 100
}

// shrunk is the mean of what was received and of asIf times the middle.
func shrunk(sum int64, count int) float64 { return points(sum+asIf*middle*unit, count+asIf) }

// FollowOpened brings the record of whoever was judged up to date (appraisal.opened). It is added up anew from the
// appraisals themselves, which an organisation has few of, so that an event heard twice or late changes nothing.
func (s *Service) FollowOpened(ctx context.Context, e journal.Entry) error {
	ctx = authz.AsSystem(ctx)
	a, err := s.appraisals.Get(ctx, e.Subject)
	if err != nil {
		return err
	}
	now, err := s.addUp(ctx, a.Appraised)
	if err != nil {
		return err
	}
	return s.keep(ctx, now)
}

func (s *Service) keep(ctx context.Context, now *record) error {
	_, err := s.records.Touch(ctx, access.AppraisalTime, string(now.ID), func(r *record) error {
		if r.Received >= now.Received { // what is opened stays opened: the one of more is the later
			return errNothing
		}
		r.Received, r.Sum, r.By, r.LastAt = now.Received, now.Sum, now.By, now.LastAt
		return nil
	})
	if errors.Is(err, errNothing) || !fault.Is(err, fault.CodeNotFound) {
		return ignore(err, errNothing)
	}
	_, err = s.records.Add(ctx, access.AppraisalTime, now)
	if fault.Is(err, fault.CodeTaken) { // another node was quicker
		return s.keep(ctx, now)
	}
	return err
}

func ignore(err, what error) error {
	if errors.Is(err, what) {
		return nil
	}
	return err
}

// addUp adds up what an organisation has received.
func (s *Service) addUp(ctx context.Context, of id.Organisation) (*record, error) {
	r := &record{}
	r.ID = of
	where := store.And(byAppraised.Is(of), byStatus.Is(Opened))
	named := map[*subtotal]time.Time{}
	for a, err := range s.appraisals.Walk(ctx, where) {
		if err != nil {
			return nil, err
		}
		mean, ok := a.weighted()
		if !ok {
			continue
		}
		r.Received++
		r.Sum += mean
		if r.LastAt == nil || a.OpenedAt.After(*r.LastAt) {
			r.LastAt = a.OpenedAt
		}
		for i, c := range a.Criteria {
			t := r.subtotal(a.CommunityType, c.Key)
			t.Count++
			t.Sum += int64(a.Sealed.Ratings[i].Score) * unit
			if !a.OpenedAt.Before(named[t]) {
				t.Title, t.TitleEn, named[t] = c.Title, c.TitleEn, *a.OpenedAt
			}
		}
	}
	return r, nil
}

// subtotal finds the part of a criterion, or makes it, in the order of types and keys.
func (r *record) subtotal(t CommunityType, key string) *subtotal {
	i, found := slices.BinarySearchFunc(r.By, &subtotal{Type: t, Key: key}, func(a, b *subtotal) int {
		return cmp.Or(strings.Compare(string(a.Type), string(b.Type)), strings.Compare(a.Key, b.Key))
	})
	if !found {
		r.By = slices.Insert(r.By, i, &subtotal{Type: t, Key: key})
	}
	return r.By[i]
}

// told is the record as people see it.
func (r *record) told() *CooperationRecord {
	out := &CooperationRecord{Organisation: r.ID, Received: r.Received, LastAt: r.LastAt, Criteria: []*CriterionMean{}}
	if r.Received > 0 {
		out.Mean, out.Score = new(points(r.Sum, r.Received)), new(shrunk(r.Sum, r.Received))
	}
	for _, t := range r.By {
		out.Criteria = append(out.Criteria, &CriterionMean{
			CommunityType: t.Type, Key: t.Key, Title: t.Title, TitleEn: t.TitleEn, Received: t.Count, Mean: points(t.Sum, t.Count),
		})
	}
	return out
}

// RecordsOf tells the records of organisations, in the order asked. It is for other rooms' own work, as matching: it
// asks nobody who they are.
func (s *Service) RecordsOf(ctx context.Context, of []id.Organisation) ([]*CooperationRecord, error) {
	found, err := s.records.GetMany(authz.AsSystem(ctx), plain(of))
	if err != nil {
		return nil, err
	}
	out := make([]*CooperationRecord, len(of))
	for i, r := range found {
		if r == nil {
			r = &record{}
			r.ID = of[i]
		}
		out[i] = r.told()
	}
	return out, nil
}

// Recompute adds up an organisation's record from the appraisals themselves: what RecordsOf tells when all events have
// been heard.
func (s *Service) Recompute(ctx context.Context, of id.Organisation) (*CooperationRecord, error) {
	r, err := s.addUp(authz.AsSystem(ctx), of)
	if err != nil {
		return nil, err
	}
	return r.told(), nil
}
