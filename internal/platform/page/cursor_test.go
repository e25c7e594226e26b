package page

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

var secret = &Cursors{Keys: func() [][]byte { return [][]byte{bytes.Repeat([]byte("k"), 32)} }}

func TestEveryPositionComesBackFromItsCursor(t *testing.T) {
	value := rapid.OneOf(
		rapid.Just[any](nil), rapid.Map(rapid.Bool(), func(b bool) any { return b }), rapid.Map(rapid.Int64(), func(n int64) any { return n }),
		rapid.Map(rapid.String(), func(s string) any { return s }),
		rapid.Map(rapid.Int64Range(-1<<46, 1<<46), func(n int64) any { return time.UnixMilli(n).UTC() }))
	rapid.Check(t, func(t *rapid.T) {
		p := store.Position{Values: rapid.SliceOfN(value, 0, 4).Draw(t, "values"), ID: rapid.String().Draw(t, "id")}
		l := listOf(rapid.String().Draw(t, "list"), store.Filter{}, nil)
		cursor := secret.seal(l, p)
		got, err := secret.open(l, "after", &cursor)
		if err != nil || got.ID != p.ID || !slices.Equal(got.Values, p.Values) {
			t.Fatalf("got %v, %v", got, err)
		}
	})
}

func TestListsThatDifferHaveDifferentDigests(t *testing.T) {
	a, b := store.Field[string]("a"), store.Field[string]("b")
	all := []list{
		listOf("c", store.Filter{}, nil),
		listOf("ca", store.Filter{}, nil),
		listOf("c", a.Is("x"), nil),
		listOf("c", a.In("x"), nil),
		listOf("c", a.Is("y"), nil),
		listOf("c", b.Is("x"), nil),
		listOf("c", a.Missing(), nil),
		listOf("c", store.And(a.Is("x"), b.Is("y")), nil),
		listOf("c", store.And(b.Is("y"), a.Is("x")), nil),
		listOf("c", store.Or(a.Is("x"), b.Is("y")), nil),
		listOf("c", store.And(a.Is("x")), []store.Order{b.Asc()}),
		listOf("c", store.And(a.Is("x")), []store.Order{b.Desc()}),
		listOf("c", store.And(a.Is("x")), []store.Order{b.Asc(), a.Asc()}),
	}
	for i, l := range all {
		if slices.Contains(all[i+1:], l) {
			t.Errorf("list %d is like a later one", i)
		}
	}
}

func FuzzACursorThatNobodySealedIsRefused(f *testing.F) {
	l := listOf("c", store.Filter{}, nil)
	f.Add("")
	f.Add("AQ")
	f.Add(secret.seal(listOf("other", store.Filter{}, nil), store.Position{Values: []any{int64(1), nil, "x"}, ID: "id"}))
	sealed := secret.seal(l, store.Position{Values: []any{"k"}, ID: "id"})
	f.Fuzz(func(t *testing.T, cursor string) {
		if cursor == sealed {
			return
		}
		if _, err := secret.open(l, "after", &cursor); !fault.Is(err, fault.CodeBadCursor) {
			t.Fatalf("%q: %v", cursor, err)
		}
	})
}

func FuzzAnyBytesAreReadOrRefused(f *testing.F) {
	f.Add([]byte{})
	f.Add(appendPosition(nil, store.Position{Values: []any{true, false, nil, int64(-1), "text", time.UnixMilli(5)}, ID: "id"}))
	f.Add([]byte{kindText, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Add([]byte{kindInt, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, ok := readPosition(b)
		if !ok {
			return
		}
		again, ok := readPosition(appendPosition(nil, p))
		if !ok || again.ID != p.ID || len(again.Values) != len(p.Values) {
			t.Fatalf("%x: %v, then %v", b, p, again)
		}
	})
}
