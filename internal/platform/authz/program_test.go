package authz_test

import (
	"context"
	"testing"

	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

func TestWhatIsTheProgramsAloneIsNobodyElses(t *testing.T) {
	p := authz.ProgramOnly[int]()
	for name, a := range map[string]authz.Actor{
		"nobody": {}, "an administrator": {Person: "per1", Holdings: []authz.Holding{{Role: authz.Administrator}}}, "a program": {Service: "svc1"},
	} {
		ctx := authz.With(context.Background(), a)
		if err := p.May(ctx, "read", 1); !fault.Is(err, fault.CodeForbidden) {
			t.Errorf("%s: %v", name, err)
		}
		if f := p.Filter(ctx); f.Op != store.OpNone {
			t.Errorf("%s lists by %+v", name, f)
		}
	}
	ctx := authz.AsSystem(context.Background())
	if err := p.May(ctx, "read", 1); err != nil || p.Filter(ctx).Op != store.OpAll {
		t.Errorf("the program itself: %v", err)
	}
}
