package demo_test

import (
	"context"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/demo"
	"github.com/cobuild/cobuild/internal/platform/authz"
)

func TestZZ(t *testing.T) {
	a, deps := house(t)
	var settle time.Duration
	n := 0
	s := deps.Settle
	deps.Settle = func(ctx context.Context) error { b := time.Now(); defer func() { settle += time.Since(b); n++ }(); return s(ctx) }
	b := time.Now()
	_, err := demo.Load(t.Context(), deps, now())
	must(t, err)
	t.Log(time.Since(b), settle, n)
	count := map[string]int{}
	seq := int64(0)
	for {
		es, err := a.Journal.Read(authz.AsSystem(t.Context()), seq, 100)
		must(t, err)
		if len(es) == 0 {
			break
		}
		for _, e := range es {
			count[e.Type]++
			seq = e.Seq
		}
	}
	t.Log(seq, count)
}
