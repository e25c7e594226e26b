package contract

import (
	"slices"
	"testing"

	"github.com/cobuild/cobuild/internal/id"
)

// promises is a text of promises by key, each with its weight.
func promises(title string, of map[string]int, order ...string) *Text {
	t := &Text{Title: title, EffectiveOn: "2026-04-01", EndsOn: "2027-03-31", TimeZone: DefaultZone, NoticeDays: 30}
	for _, key := range order {
		t.Commitments = append(t.Commitments, &Commitment{
			Key: key, Provider: school, Receivers: []id.Organisation{host}, Action: key, Standing: true, Weight: of[key],
		})
	}
	return t
}

func TestAnAmendmentWrittenAnewKeepsWhatItChangedAndTakesTheRestAsItIs(t *testing.T) {
	base := promises("甲", map[string]int{"m1": 1, "m2": 1, "m3": 1, "m4": 1}, "m1", "m2", "m3", "m4")
	mine := promises("甲", map[string]int{"m1": 5, "m2": 1, "m4": 1, "m5": 7}, "m1", "m2", "m4", "m5") // m1 weighs more, m3 is out, m5 is new
	mine.NoticeDays = 60
	current := promises("乙", map[string]int{"m1": 1, "m2": 9, "m3": 2, "m5": 3}, "m1", "m2", "m3", "m5") // m2 weighs more, m4 is out, another m5 is new
	got := rebased(base, mine, current)
	if got.Title != "乙" || *got.NoticeDays != 60 {
		t.Errorf("%q with %d days", got.Title, *got.NoticeDays)
	}
	type promise struct {
		key    string
		weight int
	}
	var is []promise
	for _, m := range got.Commitments {
		p := promise{"new", *m.Weight}
		if m.Key != nil {
			p.key = *m.Key
		}
		is = append(is, p)
	}
	if want := []promise{{"m1", 5}, {"m2", 9}, {"m5", 3}, {"new", 7}}; !slices.Equal(is, want) {
		t.Errorf("got %v, want %v", is, want)
	}
}

func TestWhatBothChangedIsAsTheAmendmentHasItAndShown(t *testing.T) {
	h := newHouse(t)
	c := h.inForce()
	late := h.amend(c, secretary, titled("甲"))
	c = h.amendedWith(c, titled("乙"))
	late = h.altered(late, AmendRevise, secretary)
	if late.BaseVersion != c.TextVersion || late.Text.Title != "甲·" {
		t.Fatalf("it is for version %d and says %q", late.BaseVersion, late.Text.Title)
	}
	d, err := h.AmendmentDifferences(h.as(teacher), []*Amendment{late})
	if err != nil || len(d[0]) != 1 || *d[0][0].Before != "乙" || *d[0][0].After != "甲·" {
		t.Errorf("differences: %v, %v", d, err)
	}
}
