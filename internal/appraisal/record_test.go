package appraisal_test

import (
	"context"
	"math"
	"reflect"
	"testing"

	"github.com/cobuild/cobuild/internal/appraisal"
	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
)

func (w *world) record(t failer, of id.Organisation) *appraisal.CooperationRecord {
	t.Helper()
	w.settle(t)
	got, err := w.RecordsOf(authz.AsSystem(context.Background()), []id.Organisation{of})
	if err != nil {
		t.Fatalf("record: %v", err)
	}
	return got[0]
}

func TestTheRecordIsTheMeanShrunkTowardsTheMiddle(t *testing.T) {
	w := ended(t)
	if r := w.record(t, school()); r.Received != 0 || r.Mean != nil || r.Score != nil {
		t.Fatalf("of nothing it is %+v", r)
	}
	w.say(t, community(), school(), 5)
	w.say(t, school(), community(), 1)
	w.say(t, community(), bank(), 4)
	w.say(t, bank(), community(), 4)
	for of, want := range map[id.Organisation][3]float64{
		school(): {1, 5, 3.5}, bank(): {1, 4, 3.25}, community(): {2, 2.5, 2.8},
	} {
		r := w.record(t, of)
		if float64(r.Received) != want[0] || *r.Mean != want[1] || *r.Score != want[2] || !r.LastAt.Equal(w.now()) {
			t.Errorf("got %d, %v, %v", r.Received, *r.Mean, *r.Score)
		}
	}
	r := w.record(t, community())
	if len(r.Criteria) != 4 || r.Criteria[0].Key != "fairPlatform" || r.Criteria[0].Received != 2 || r.Criteria[0].Mean != 2.5 || r.Criteria[0].Title != "搭好平台" {
		t.Errorf("got %+v", r.Criteria[0])
	}
}

func TestManyAppraisalsSpeakForThemselves(t *testing.T) {
	w := open(t)
	w.hear(t, told(contract.Active, func(s *contract.Snapshot) { s.EndsOn = "2040-02-28" }))
	want := []float64{3.5, 3.8, 4, 4.14, 4.25, 4.33, 4.4, 4.45, 4.5, 4.54}
	for year, score := range want {
		w.goTo(firstDay, "09:00")
		at := w.now().AddDate(year+1, 0, 0)
		w.mu.Lock()
		w.at = at
		w.mu.Unlock()
		w.settle(t)
		w.say(t, community(), school(), 5)
		w.say(t, school(), community(), 3)
		if r := w.record(t, school()); r.Received != year+1 || math.Abs(*r.Score-score) > 1e-9 {
			t.Errorf("after %d: %v, want %v", r.Received, *r.Score, score)
		}
	}
}

func TestARecordIsWhatItsAppraisalsAddUpTo(t *testing.T) {
	w := ended(t, promised(bank(), school()))
	w.say(t, community(), school(), 5)
	w.say(t, school(), community(), 1)
	w.say(t, bank(), school(), 2)
	w.wait(appraisal.Window)
	for _, of := range []id.Organisation{community(), school(), bank()} {
		kept := w.record(t, of)
		again, err := w.Recompute(t.Context(), of)
		if err != nil || !reflect.DeepEqual(kept, again) {
			t.Errorf("%+v, added up again %+v (%v)", kept, again, err)
		}
	}
	before := w.record(t, school())
	a := w.of(t, community(), school())
	for range 3 { // told once more
		e := journal.Entry{Event: store.Event{Type: appraisal.ToldOpened, Subject: string(a.ID)}}
		if err := w.FollowOpened(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	if after := w.record(t, school()); !reflect.DeepEqual(before, after) {
		t.Errorf("%+v became %+v", before, after)
	}
}

func TestTheRecordIsWholeForItsOwnAndOverallForWhoLooksForPartners(t *testing.T) {
	w := ended(t)
	w.say(t, community(), school(), 4)
	w.say(t, school(), community(), 4)
	w.settle(t)
	whole := map[string]bool{liaison: true, both: true, supervisor: true, auditor: true}
	overall := map[string]bool{secretary: true, banker: true, stranger: true}
	for _, who := range everybody() {
		r, err := w.Record(as(who), school())
		switch {
		case whole[who]:
			if err != nil || *r.Score != 3.25 || len(r.Criteria) != 4 {
				t.Errorf("%s: %+v, %v", who, r, err)
			}
		case overall[who]:
			if err != nil || *r.Score != 3.25 || r.Received != 1 || r.Criteria != nil {
				t.Errorf("%s: %+v, %v", who, r, err)
			}
		default:
			refused(t, err, fault.CodeNotFound)
		}
	}
	_, err := w.Record(as(stranger), id.Derived[id.Organisation](id.KindUnit, "nowhere"))
	refused(t, err, fault.CodeNotFound)
}

func TestReportsGetWhatWasOpenedInTheirDays(t *testing.T) {
	w := ended(t)
	w.say(t, community(), school(), 4)
	w.say(t, school(), community(), 2)
	w.say(t, bank(), community(), 1) // sealed until its time is over
	for _, tt := range []struct {
		from, to string
		want     int
	}{{"2026-09-01", "2026-09-01", 2}, {"2026-01-01", "2026-08-31", 0}, {"2026-09-02", "2026-12-31", 0}} {
		got, err := w.OpenedOf(t.Context(), []id.Contract{contractID()}, scalar.Date(tt.from), scalar.Date(tt.to))
		if err != nil || len(got) != tt.want {
			t.Errorf("%s to %s: %d, %v", tt.from, tt.to, len(got), err)
		}
		for _, a := range got {
			if a.Mean() == nil {
				t.Errorf("without its mean: %+v", a)
			}
		}
	}
	for of, want := range map[id.Organisation]float64{school(): 4, community(): 2, street(): 3, bank(): 0, town(): 0} {
		got, err := w.TotalsOver(t.Context(), of, "2026-09-01", "2026-09-30")
		if err != nil || (got.Mean == nil) != (want == 0) || got.Mean != nil && *got.Mean != want {
			t.Errorf("over %s: %+v, %v", of, got, err)
		}
	}
	if got, err := w.TotalsOf(t.Context(), contractID(), "2026-01-01", "2026-12-31"); err != nil || got.Opened != 2 || *got.Mean != 3 {
		t.Errorf("of the contract: %+v, %v", got, err)
	}
	if got, err := w.TotalsOf(t.Context(), contractID(), "2027-01-01", "2027-12-31"); err != nil || got.Opened != 0 || got.Mean != nil {
		t.Errorf("of the year after: %+v, %v", got, err)
	}
	w.wait(appraisal.Window)
	w.settle(t)
	if got, err := w.OpenedOf(t.Context(), []id.Contract{contractID()}, "2026-10-01", "2026-10-01"); err != nil || len(got) != 1 {
		t.Errorf("%d, %v", len(got), err)
	}
}
