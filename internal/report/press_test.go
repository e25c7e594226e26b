package report

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/id"
)

// specimen is a document about so many contracts, with titles short and long and characters plain and rare.
func specimen(l Language, contracts int) *leaf {
	v, err := loadVocabulary()
	if err != nil {
		panic(err)
	}
	w := v[l]
	out := &leaf{
		Words: w, Tag: l.Tag(), Heading: w.heading(Period{Year: 2026, Quarter: new(1)}), Subject: "堰桥街道", Around: "惠山区",
		Period:   w.say("paper.period", "from", "2026-01-01", "to", "2026-03-31"),
		Compiled: w.say("paper.compiled", "at", "2026-04-02 09:30 UTC+8"), At: time.Date(2026, 4, 2, 1, 30, 0, 0, time.UTC),
		Provisional: w.say("paper.open"),
	}
	fs := figures{}
	for i, d := range counting() {
		fs[d.key] = &Figure{Key: d.key, Value: number(int64(i)), Count: i}
	}
	fs[Occurrences].Count, fs[Rate].Value = 100, new(*rateOf(1000, 873))
	out.Cards, out.Shares = w.cards(fs), w.shares(fs)
	all := []*Section{{Key: Contracts}, {Key: Fulfilments}, {Key: Evidence}}
	for _, d := range counting()[:22] {
		i := 1
		if d.in == Evidence {
			i = 2
		}
		all[i].Figures = append(all[i].Figures, fs[d.key])
	}
	for _, k := range []Key{InForceBefore, CameIntoForce, Expired, Terminated, Completed, InForceAfter} {
		all[0].Figures = append(all[0].Figures, &Figure{Key: k, Value: number(3), Count: 3})
	}
	done := &Section{Key: Quantities}
	for _, u := range []string{"场", "册", "人次", ""} {
		d := number(120)
		done.Figures = append(done.Figures, &Figure{Key: Quantity, Value: d, Unit: &u, Count: 2})
	}
	for _, x := range append(all, done) {
		out.Blocks = append(out.Blocks, w.block(x))
	}
	for i, k := range []string{"RURAL", "OLD_ESTATE", "COMMERCIAL", "RESETTLEMENT"} {
		r := w.row(all)
		r.Name, r.Percent, r.Rate = w.say("kind."+k), float64(20*i+30), fmt.Sprintf("%d.0%%", 20*i+30)
		out.Kinds = append(out.Kinds, r)
	}
	for i := range contracts {
		r := w.row(all)
		r.Name, r.Term = fmt.Sprintf("第%d号契约：社区与驻区单位共建精神文明（𠮷、㙍、龘、Ünïcode “Latin”）", i+1), "2026-01-01 起"
		if i%7 == 3 {
			r.Name = strings.Repeat("长标题", 66) + "完了"
		}
		out.Contracts = append(out.Contracts, r)
		for _, p := range []string{"长安社区", "恒远机械有限公司", "Wuxi Hengyuan Machinery & Precision Engineering Co., Ltd."} {
			q := w.row(all)
			q.Name, q.Party = p, true
			out.Contracts = append(out.Contracts, q)
		}
	}
	r := &Report{Scope: Scope{Organisation: nil}, Span: Span{Period: Period{Year: 2026, Quarter: new(1)}}}
	c := id.Derived[id.Contract](id.KindContract, "c")
	r.Contract = &c
	out.Notes = w.notes(r)
	return out
}

// printedText is what a reader can search and copy in a PDF: the text of every page, in the order in which it was set.
func printedText(t *testing.T, pdf []byte) string {
	t.Helper()
	var out strings.Builder
	for _, m := range regexp.MustCompile(`(?s)/Length (\d+)>>\nstream\n`).FindAllSubmatchIndex(pdf, -1) {
		r, err := zlib.NewReader(bytes.NewReader(pdf[m[1]:]))
		if err != nil {
			continue
		}
		content, err := io.ReadAll(r)
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) || !bytes.Contains(content, []byte(" Tj")) {
			continue
		}
		for _, s := range regexp.MustCompile(`(?s)\(((?:\\.|[^\\)])*)\) ?Tj`).FindAllSubmatch(content, -1) {
			out.WriteString(unescaped(s[1]))
		}
		out.WriteByte('\n')
	}
	return out.String()
}

// unescaped reads a string of a PDF, whose characters are UTF-16.
func unescaped(b []byte) string {
	var raw []byte
	for i := 0; i < len(b); i++ {
		if b[i] == '\\' {
			i++
			if b[i] == 'r' {
				raw = append(raw, '\r')
				continue
			}
		}
		raw = append(raw, b[i])
	}
	var units []uint16
	for i := 0; i+1 < len(raw); i += 2 {
		units = append(units, uint16(raw[i])<<8|uint16(raw[i+1]))
	}
	return string(utf16.Decode(units))
}

func printed(t *testing.T, l *leaf) []byte {
	t.Helper()
	p, err := newPress()
	must(t, err)
	b, err := p.pdf(l)
	must(t, err)
	return b
}

func TestAPrintedReportCanBeSearchedAndCopied(t *testing.T) {
	b := printed(t, specimen(Chinese, 3))
	text := strings.ReplaceAll(printedText(t, b), "\n", "")
	for _, want := range []string{
		"2026年第1季度共建履约报告", "堰桥街道", "惠山区", "履约率", "87.3%", "第1号契约", "㙍", "龘", "Ünïcode", "恒远机械有限公司", "统计口径", "阶段性数据：本期尚未结束",
		"Wuxi Hengyuan Machinery", "第 1 页，共",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the document does not hold %s", want)
		}
	}
	if strings.Contains(text, "𠮷") || !strings.Contains(text, string(geta)) {
		t.Error("a character that no font has is not marked")
	}
	for _, font := range []string{"/ToUnicode", "/FontFile2", "/Lang"} {
		if !bytes.Contains(b, []byte(font)) {
			t.Errorf("it lacks %s", font)
		}
	}
	if len(b) > 400_000 {
		t.Errorf("with three contracts it has %d bytes: are the fonts cut down?", len(b))
	}
}

func TestAPrintedReportSpeaksEnglishToo(t *testing.T) {
	text := printedText(t, printed(t, specimen(English, 1)))
	for _, want := range []string{"Quarterly co-building report 2026 Q1", "Fulfilment rate", "How these figures are counted", "Page 1 of"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %s", want)
		}
	}
}

func TestAReportOfManyContractsRunsOverPagesWithItsColumnsNamedOnEach(t *testing.T) {
	b := printed(t, specimen(Chinese, 110))
	text := printedText(t, b)
	for i := range 110 {
		if want := fmt.Sprintf("第%d号契约", i+1); i%7 != 3 && !strings.Contains(text, want) {
			t.Errorf("%s is missing", want)
		}
	}
	pages := bytes.Count(b, []byte("/Type /Page\n"))
	if heads := strings.Count(text, "契约与签约方"); pages < 10 || heads < pages-2 {
		t.Errorf("%d pages, the columns are named %d times", pages, heads)
	}
	if !strings.Contains(text, fmt.Sprintf("第 %d 页，共 %d 页", pages, pages)) {
		t.Error("the last page has no number")
	}
	if strings.Count(text, "长标题长标题") == 0 || !strings.Contains(text, "完了") {
		t.Error("a title of 200 characters is cut")
	}
}

func TestTheSameReportIsTheSameBytes(t *testing.T) {
	if !bytes.Equal(printed(t, specimen(Chinese, 2)), printed(t, specimen(Chinese, 2))) {
		t.Error("two documents of the same report differ")
	}
}

func TestAPageForBrowsersNeedsNothingFromElsewhere(t *testing.T) {
	p, err := newPress()
	must(t, err)
	for _, l := range Languages() {
		var b bytes.Buffer
		must(t, p.html(&b, specimen(l, 3)))
		page := b.String()
		for _, bad := range []string{"http:", "https:", "//", "<script", " style=", "url(", "@import", "<no value>", "{{"} {
			if strings.Contains(page, bad) {
				t.Errorf("%s: the page has %s", l, bad)
			}
		}
		for _, good := range []string{`lang="` + l.Tag() + `"`, `<th scope="col">`, `<th scope="row">`, "<caption>", "<thead>", "@page", "𠮷"} {
			if !strings.Contains(page, good) {
				t.Errorf("%s: the page lacks %s", l, good)
			}
		}
	}
}

func TestWhereNothingWasDueADocumentSaysSo(t *testing.T) {
	w := open(t)
	of := street()
	for _, l := range Languages() {
		d, err := w.Render(officer("SUPERVISOR", of), Paper{Scope{Organisation: &of}, Period{Year: 2026}, HTML, l})
		must(t, err)
		body := string(d.Body)
		for _, k := range []string{"paper.empty", "paper.noContracts"} {
			if !strings.Contains(body, w.words[l][k]) {
				t.Errorf("%s: %s is not said", l, k)
			}
		}
		if want := map[Language]string{English: "Yanqiao", Chinese: "堰桥街道"}[l]; !strings.Contains(body, want) {
			t.Errorf("%s: it is not about %s", l, want)
		}
		if d, err = w.Render(officer("SUPERVISOR", of), Paper{Scope{Organisation: &of}, Period{Year: 2026}, PDF, l}); err != nil || !bytes.HasPrefix(d.Body, []byte("%PDF")) {
			t.Errorf("%s: as PDF: %v", l, err)
		}
	}
}

// Nothing is lost or added where a line is broken, none is too wide, and none begins with what must not begin one.
func TestLinesAreBrokenWithoutLoss(t *testing.T) {
	wide := func(s string) float64 {
		n := 0
		for _, r := range s {
			if n++; r > 0x2e80 {
				n++
			}
		}
		return float64(n)
	}
	rapid.Check(t, func(rt *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"共", "建", "契约", "，", "。", "（", "）", "“", "”", " ", "Wuxi", "a", "Co.,", "2026-01-01", "supercalifragilistic"}), 0, 60).Draw(rt, "text"), "")
		most := float64(rapid.IntRange(12, 40).Draw(rt, "wide"))
		got := lines(text, most, 1000, wide)
		if a, b := strings.ReplaceAll(strings.Join(got, ""), " ", ""), strings.ReplaceAll(text, " ", ""); a != b {
			rt.Fatalf("%q became %q", b, a)
		}
		for i, line := range got {
			if wide(line) > most {
				rt.Fatalf("%q is wider than %v", line, most)
			}
			first, _ := utf8.DecodeRuneInString(line)
			if i > 0 && strings.ContainsRune("，。）”", first) && wide(got[i-1]) < most-8 {
				rt.Fatalf("%q begins a line", line)
			}
		}
		if cut := lines(text, most, 1, wide); len(cut) != 1 || wide(cut[0]) > most+1 {
			rt.Fatalf("cut to %q", cut)
		}
	})
}
