package recurrence

import (
	"testing"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

func FuzzNoRuleTakesMoreWorkThanItsPeriodIsLong(f *testing.F) {
	for _, s := range []string{
		"FREQ=DAILY", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=YEARLY;BYDAY=53MO;INTERVAL=999", "FREQ=MONTHLY;BYDAY=-5SU,1MO",
		"FREQ=WEEKLY;WKST=SU;BYDAY=SA;UNTIL=29991231", "FREQ=YEARLY;BYMONTHDAY=-31;BYSETPOS=-366", "FREQ=DAILY;COUNT=1000",
	} {
		f.Add(s, uint16(3000))
	}
	f.Fuzz(func(t *testing.T, text string, length uint16) {
		r, err := Parse(text)
		if err != nil {
			if k := fault.Of(err).Kind; k != fault.Invalid {
				t.Fatalf("%q is refused by %v", text, err)
			}
			return
		}
		again, err := Parse(r.String())
		if err != nil || again.String() != r.String() {
			t.Fatalf("%q is written as %q, which reads as %q, %v", text, r, again, err)
		}
		const from = scalar.Date("2026-02-28")
		until := from.AddDays(int(length))
		hit, looked, err := r.dates(from, until)
		if (err == nil) != (len(hit) > 0) || len(hit) > Most {
			t.Fatalf("%q hits %d days, %v", text, len(hit), err)
		}
		if most := int(length) + 2*366; looked > most {
			t.Fatalf("%q looked at %d days for a period of %d", text, looked, length)
		}
		for i, d := range hit {
			if d < from || d > until || i > 0 && d <= hit[i-1] {
				t.Fatalf("%q hits %s", text, d)
			}
		}
	})
}
