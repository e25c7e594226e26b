package appraisal_test

import (
	"fmt"
	"testing"

	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/id"
)

// BenchmarkAddUp adds up the record of a community that has been appraised 500 times: what one opening costs it.
func BenchmarkAddUp(b *testing.B) {
	w := open(b)
	const contracts = 250 // each with two partners
	for i := range contracts {
		for _, s := range []contract.Status{contract.Active, contract.Completed} {
			e := w.entry(b, told(s))
			e.Subject = string(id.Derived[id.Contract](id.KindContract, fmt.Sprint("c", i)))
			w.follow(b, e)
		}
	}
	for _, who := range []string{secretary, liaison, banker} {
		for _, a := range w.listed(b, as(who), nil, nil) {
			if speaker(a.Appraiser) == who {
				must(b)(w.submit(as(who), a, 4))
			}
		}
	}
	for b.Loop() {
		if r, err := w.Recompute(b.Context(), community()); err != nil || r.Received != 2*contracts {
			b.Fatalf("%+v, %v", r, err)
		}
	}
}
