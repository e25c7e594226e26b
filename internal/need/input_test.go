package need

import (
	"math"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/internal/exchange"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/recurrence"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

func window(from, to string, change ...func(*exchange.WindowInput)) []*exchange.WindowInput {
	w := &exchange.WindowInput{StartsOn: scalar.Date(from), EndsOn: scalar.Date(to)}
	for _, c := range change {
		c(w)
	}
	return []*exchange.WindowInput{w}
}

func point(lon, lat float64) *exchange.PlaceInput {
	return &exchange.PlaceInput{Point: &exchange.PointInput{Type: "Point", Coordinates: []float64{lon, lat}}}
}

func TestWhatNoNeedCanBeIsRefusedAtItsField(t *testing.T) {
	w := open(t)
	many := make([]id.Organisation, 51)
	copy(many, w.units)
	named := func(o ...id.Organisation) func(*Input) {
		return func(in *Input) { in.Visibility, in.Organisations = new(exchange.ToOrganisations), o }
	}
	hours := func(from, to string) func(*exchange.WindowInput) {
		return func(w *exchange.WindowInput) { w.From, w.To = &from, &to }
	}
	for name, tt := range map[string]struct {
		change func(*Input)
		code   fault.Code
		at     string
	}{
		"a retired category":       {func(in *Input) { in.Category = "RETIRED" }, exchange.CodeCategoryRetired, "category"},
		"no title":                 {func(in *Input) { in.Title = " " }, fault.CodeRequired, "title"},
		"a long text":              {func(in *Input) { in.Text = new(strings.Repeat("字", 2001)) }, fault.CodeTooLong, "text"},
		"a control character":      {func(in *Input) { in.Title = "a\x00" }, fault.CodeControl, "title"},
		"an identity number":       {func(in *Input) { in.Text = new("证件号 320206 19900307 123X") }, exchange.CodeIdentity, "text"},
		"nothing":                  {func(in *Input) { in.Quantity = 0 }, fault.CodeOutOfRange, "quantity"},
		"less than nothing":        {func(in *Input) { in.Quantity = -1 }, fault.CodeOutOfRange, "quantity"},
		"beyond 2⁵³−1":             {func(in *Input) { in.Quantity = 1 << 53 }, fault.CodeOutOfRange, "quantity"},
		"no unit":                  {func(in *Input) { in.Unit = "" }, fault.CodeRequired, "unit"},
		"an audience twice":        {func(in *Input) { in.Audiences = []exchange.Audience{"ELDERS", "ELDERS"} }, fault.CodeDuplicate, "audiences.1"},
		"an audience that is none": {func(in *Input) { in.Audiences = []exchange.Audience{"DOGS"} }, fault.CodeMalformed, "audiences.0"},
		"yesterday":                {func(in *Input) { in.ValidUntil = "2026-11-25" }, exchange.CodeValidUntil, "validUntil"},
		"no day":                   {func(in *Input) { in.ValidUntil = "2026-11-31" }, fault.CodeMalformed, "validUntil"},
		"in six years":             {func(in *Input) { in.ValidUntil = "2032-11-26" }, fault.CodeOutOfRange, "validUntil"},
		"a window that ends first": {func(in *Input) { in.Windows = window("2026-12-02", "2026-12-01") }, exchange.CodeWindow, "windows.0.endsOn"},
		"a window behind the end":  {func(in *Input) { in.Windows = window("2026-12-02", "2027-01-01") }, exchange.CodeWindowLate, "windows.0.endsOn"},
		"hours that end first":     {func(in *Input) { in.Windows = window("2026-12-01", "2026-12-02", hours("17:00", "09:00")) }, exchange.CodeWindow, "windows.0.to"},
		"the 25th hour":            {func(in *Input) { in.Windows = window("2026-12-01", "2026-12-02", hours("25:00", "26:00")) }, fault.CodeMalformed, "windows.0.from"},
		"half of the hours": {func(in *Input) {
			in.Windows = window("2026-12-01", "2026-12-02", func(w *exchange.WindowInput) { w.From = new("09:00") })
		}, fault.CodeRequired, "windows.0.to"},
		"a rule that is none": {func(in *Input) {
			in.Windows = window("2026-12-01", "2026-12-31", func(w *exchange.WindowInput) { w.Recurrence = new("FREQ=HOURLY") })
		}, recurrence.Malformed, "windows.0.recurrence"},
		"a rule that never hits": {func(in *Input) {
			in.Windows = window("2026-12-01", "2026-12-02", func(w *exchange.WindowInput) { w.Recurrence = new("FREQ=WEEKLY;BYDAY=SU") })
		}, recurrence.Never, "windows.0.recurrence"},
		"eleven windows":       {func(in *Input) { in.Windows = make([]*exchange.WindowInput, 11) }, fault.CodeTooMany, "windows"},
		"beyond the date line": {func(in *Input) { in.Place = point(180.5, 31) }, fault.CodeOutOfRange, "place.point.coordinates.0"},
		"beyond the pole":      {func(in *Input) { in.Place = point(120, -90.1) }, fault.CodeOutOfRange, "place.point.coordinates.1"},
		"not a number":         {func(in *Input) { in.Place = point(math.NaN(), 31) }, fault.CodeOutOfRange, "place.point.coordinates.0"},
		"one coordinate": {func(in *Input) {
			in.Place = &exchange.PlaceInput{Point: &exchange.PointInput{Type: "Point", Coordinates: []float64{1}}}
		}, fault.CodeMalformed, "place.point.coordinates"},
		"a polygon":                 {func(in *Input) { in.Place = &exchange.PlaceInput{Point: &exchange.PointInput{Type: "Polygon"}} }, fault.CodeMalformed, "place.point.type"},
		"a place without a word":    {func(in *Input) { in.Place = &exchange.PlaceInput{} }, fault.CodeRequired, "place.address"},
		"named, and none":           {named(), fault.CodeTooFew, "organisations"},
		"named, more than 50":       {named(many...), fault.CodeTooMany, "organisations"},
		"named twice":               {named(w.units[0], w.units[0]), fault.CodeDuplicate, "organisations.1"},
		"named, unknown":            {named(w.units[0], "com1_unknown"), fault.CodeNotFound, "organisations.1"},
		"named for the public":      {func(in *Input) { in.Visibility, in.Organisations = new(exchange.ToAll), w.units[:1] }, exchange.CodeOrganisations, "organisations"},
		"a visibility that is none": {func(in *Input) { in.Visibility = new(exchange.Visibility("FRIENDS")) }, fault.CodeMalformed, "visibility"},
		"a contact of no resident":  {func(in *Input) { in.Contact = new("13812345678") }, CodeReach, "contact"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.Collect(w.secretary(), CollectInput{Need: input(tt.change)})
			refused(t, err, tt.code, strings.TrimSuffix("need."+tt.at, "."))
		})
	}
	_, err := w.Publish(w.secretary(), PublishInput{})
	refused(t, err, exchange.CodeTwoThings, "id")
	n := w.in(Verified)
	_, err = w.Publish(w.secretary(), PublishInput{ID: &n.ID})
	refused(t, err, fault.CodeRequired, "expectedVersion")
}

func TestWhatIsSaidIsKeptInItsOneForm(t *testing.T) {
	w := open(t)
	n := w.published(func(in *Input) {
		in.Windows = window("2026-12-01", "2026-12-31", func(w *exchange.WindowInput) {
			w.Recurrence, w.From, w.To = new("RRULE:byday=sa;freq=weekly"), new("09:00"), new("11:30")
		})
		in.Place = point(120.2912345678, 31.68)
		in.Quantity = exchange.MaxQuantity
	})
	if win := n.Windows[0]; *win.Recurrence != "FREQ=WEEKLY;BYDAY=SA" || len(win.Days()) != 4 {
		t.Errorf("the window is %+v", win)
	}
	if n.Place.Point.Longitude() != 120.291235 || n.Audiences[0] != exchange.Residents || n.Visibility != exchange.ToSubDistrict || n.Left() != 1<<53-1 {
		t.Errorf("kept as %+v", n)
	}
}

func TestAClaimOfNothingOrOfMoreThanIsLeftIsRefused(t *testing.T) {
	w := open(t)
	n := w.published()
	for quantity, code := range map[int64]fault.Code{0: fault.CodeOutOfRange, -3: fault.CodeOutOfRange, 1 << 53: fault.CodeOutOfRange, 11: exchange.CodeTooLittle} {
		_, err := w.claim(w.unit(0), n, quantity)
		refused(t, err, code, "quantity")
	}
	_, err := w.Claim(w.unit(0), ClaimInput{Need: n.ID, Quantity: 1, Remark: new("身份证320206199003071230")})
	refused(t, err, exchange.CodeIdentity, "remark")
	_, err = w.Claim(w.unit(0), ClaimInput{Need: n.ID, Quantity: 1, Remark: new(strings.Repeat("x", 1001))})
	refused(t, err, fault.CodeTooLong, "remark")
}
