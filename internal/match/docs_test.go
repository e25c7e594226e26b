package match

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// table is a match as the page for integrators shows it.
func (w *world) told(m *Match, chinese bool) string {
	var b strings.Builder
	for _, f := range m.Factors {
		raw := "–"
		if f.Raw != nil {
			raw = fmt.Sprint(*f.Raw)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %.3f | %.3f | %.6f | %s |\n", f.Name, raw, f.Value(), f.Weight(), f.Part(), w.words.in(f.said, chinese))
	}
	fmt.Fprintf(&b, "| | | | %.3f | **%.6f** | |\n", 1.0, m.Score())
	return b.String()
}

func TestTheWorkedExampleIsWhatTheProgramSays(t *testing.T) {
	w := open(t)
	w.judged[kitchen()] = Judged{Mean: new(4.2)}
	n, r := meals(), cook()
	n.Windows = []Window{{Recurrence: "FREQ=WEEKLY;BYDAY=TU,FR", From: "2026-03-01", Until: "2026-12-31", Begins: "10:00", Ends: "12:00"}}
	r.Windows = []Window{{Recurrence: "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", From: "2026-01-01", Until: "2026-12-31", Begins: "10:30", Ends: "13:00"}}
	r.Left, r.Place = new(int64(15)), &Point{120.310, 31.687}
	need := w.put(t, n)
	w.put(t, r)
	m := w.ask(as(t, estate()), t, ofNeed(need))[0]
	for name, chinese := range map[string]bool{"../../docs/matching.md": false, "../../docs/matching.zh-CN.md": true} {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if want := w.told(m, chinese); !strings.Contains(string(raw), want) {
			t.Errorf("%s does not show what the program says:\n%s", name, want)
		}
	}
}
