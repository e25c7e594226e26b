package text_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/text"
)

func TestALineIsRefusedForWhatIsWrongWithIt(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     fault.Code
	}{
		{"nothing", "  ", fault.CodeRequired},
		{"nothing that can be seen", "\u200b\u200d", fault.CodeRequired},
		{"too short", "a", fault.CodeTooShort},
		{"too long, in characters", strings.Repeat("共", 6), fault.CodeTooLong},
		{"a line feed", "a\nb", fault.CodeControl},
		{"a null", "a\x00b", fault.CodeControl},
		{"a right-to-left override", "a\u202eb", fault.CodeControl},
		{"bytes that are no text", "a\xffb", fault.CodeNotUTF8},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var faults fault.List
			text.Line(&faults, "title", tt.in, 2, 5)
			if len(faults) != 1 || faults[0].Code != tt.want || faults[0].Path[0] != "title" {
				t.Fatalf("got %v, want %s at title", faults, tt.want)
			}
		})
	}
}

func TestATextIsKeptNormalised(t *testing.T) {
	var faults fault.List
	if got := text.Line(&faults, "name", "  Cafe\u0301 ", 1, 10); got != "Café" || len(faults) != 0 {
		t.Fatalf("got %q, %v", got, faults)
	}
	if got := text.Block(&faults, "body", "one\r\ntwo\tthree", 1, 20); got != "one\ntwo\tthree" || len(faults) != 0 {
		t.Fatalf("got %q, %v", got, faults)
	}
	if got := text.Optional(&faults, "note", nil, 3); got != nil {
		t.Fatalf("absent became %q", *got)
	}
	blank := " "
	if got := text.Optional(&faults, "note", &blank, 3); got != nil {
		t.Fatalf("blank became %q", *got)
	}
}

func FuzzCleanTextIsAlwaysFitToKeep(f *testing.F) {
	for _, s := range []string{"", "共建", "a\nb", "\x00", "e\u0301", "\xff", " x "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := text.Clean(s)
		if err != nil {
			return
		}
		if !utf8.ValidString(got) || !norm.NFC.IsNormalString(got) || strings.ContainsAny(got, "\x00\r\x7f\u202e") {
			t.Fatalf("kept %q", got)
		}
		if again, err := text.Clean(got); err != nil || again != got {
			t.Fatalf("cleaning twice changed %q to %q, %v", got, again, err)
		}
	})
}
