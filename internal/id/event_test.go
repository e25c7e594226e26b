package id_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/id"
)

func TestAnEventIsNamedByItsPlace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seq := rapid.Int64Range(1, math.MaxInt64).Draw(t, "seq")
		e := id.Placed(seq)
		if got, ok := id.Place(e); !ok || got != seq || !id.Is(string(e), id.KindEvent) {
			t.Errorf("%s leads to %d, not %d", e, got, seq)
		}
	})
	for _, e := range []id.Event{"", "evt1_", id.Placed(0), id.Placed(-1), "evt1_00000000000000000000000000", "evt1_10000000000000000000000001", id.Event("ctr" + string(id.Placed(1)[3:]))} {
		if seq, ok := id.Place(e); ok {
			t.Errorf("%q leads to %d", e, seq)
		}
	}
}
