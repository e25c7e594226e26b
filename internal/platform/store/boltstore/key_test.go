package boltstore

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/platform/store"
)

func values() *rapid.Generator[any] {
	return rapid.OneOf(
		rapid.Just[any](nil),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Map(rapid.OneOf(rapid.Int64(), rapid.Int64Range(-3, 3)), func(n int64) any { return n }),
		rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 2, 0xfe, 0xff, 'a'}), 0, 5), func(b []byte) any { return string(b) }),
		rapid.Map(rapid.Int64Range(-1<<46, 1<<46), func(n int64) any { return time.UnixMilli(n).UTC() }))
}

func TestBytesSortAsValuesDo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := values().Draw(t, "a"), values().Draw(t, "b")
		want := store.Compare(a, b)
		if got := bytes.Compare(appendValue(nil, a, false), appendValue(nil, b, false)); got != want {
			t.Fatalf("%v and %v: %d, want %d", a, b, got, want)
		}
		if got := bytes.Compare(appendValue(nil, a, true), appendValue(nil, b, true)); got != -want {
			t.Fatalf("%v and %v downwards: %d, want %d", a, b, got, -want)
		}
	})
}

func TestAnEntryGivesItsIdentifierBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var key []byte
		var on []store.Order
		for _, v := range rapid.SliceOfN(values(), 0, 3).Draw(t, "values") {
			on = append(on, store.Order{Desc: rapid.Bool().Draw(t, "down")})
			key = appendValue(key, v, on[len(on)-1].Desc)
		}
		id := string(rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 0xff, 'a'}), 1, 6).Draw(t, "id"))
		down := rapid.Bool().Draw(t, "id down")
		key = appendValue(key, id, down)
		got, err := idOf(key, on, down)
		if err != nil || got != id {
			t.Fatalf("got %q, want %q: %v", got, id, err)
		}
		if got, err := idOf(key[:len(key)-1], on, down); err == nil {
			t.Fatalf("a cut entry gives %q", got)
		}
	})
}

func FuzzAnyEntryIsReadOrRefused(f *testing.F) {
	f.Add([]byte{kindText, 'a', 0, 1}, uint8(0), false)
	f.Add([]byte{kindInt, 1, 2}, uint8(1), true)
	f.Fuzz(func(t *testing.T, b []byte, n uint8, down bool) {
		on := slices.Repeat([]store.Order{{Desc: down}}, int(n%4))
		if id, err := idOf(b, on, down); err == nil && len(id) >= len(b) {
			t.Fatalf("%x gives %q", b, id)
		}
	})
}
