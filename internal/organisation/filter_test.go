package organisation_test

import (
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

func TestAbsentKeepsAndNullRemoves(t *testing.T) {
	var faults fault.List
	kept, n, amount, flag := new("kept"), new(3), new(scalar.Decimal("1.5")), new(true)
	organisation.SetLine(&faults, "line", graphql.Omittable[*string]{}, 9, &kept)
	organisation.SetBlock(&faults, "block", graphql.Omittable[*string]{}, 9, &kept)
	organisation.SetNumber(&faults, "number", graphql.Omittable[*int]{}, 0, 9, &n)
	organisation.SetAmount(&faults, "amount", graphql.Omittable[*scalar.Decimal]{}, 9, &amount)
	organisation.SetFlag(graphql.Omittable[*bool]{}, &flag)
	if *kept != "kept" || *n != 3 || *amount != "1.5" || !*flag || len(faults) > 0 {
		t.Errorf("absent changed: %q %d %s %v, %v", *kept, *n, *amount, *flag, faults)
	}
	gone := kept
	organisation.SetLine(&faults, "line", graphql.OmittableOf[*string](nil), 9, &kept)
	organisation.SetBlock(&faults, "block", graphql.OmittableOf[*string](nil), 9, &gone)
	organisation.SetNumber(&faults, "number", graphql.OmittableOf[*int](nil), 0, 9, &n)
	organisation.SetAmount(&faults, "amount", graphql.OmittableOf[*scalar.Decimal](nil), 9, &amount)
	organisation.SetFlag(graphql.OmittableOf[*bool](nil), &flag)
	if kept != nil || gone != nil || n != nil || amount != nil || flag != nil || len(faults) > 0 {
		t.Errorf("null kept something: %v", faults)
	}
}

func TestAnOfficesTelephoneNumberLooksLikeOne(t *testing.T) {
	for _, s := range []string{"0510-83590000", "+86 510 8359 0000", "(0510) 83590000", "12345", "0510-83590000转8001", "83590000 ext 12"} {
		var faults fault.List
		var phone *string
		organisation.SetPhone(&faults, "officePhone", graphql.OmittableOf(&s), &phone)
		if len(faults) > 0 {
			t.Errorf("%q: %v", s, faults)
		}
	}
	for _, s := range []string{"-", "call me", "0510-8359000a", "+", "110; DROP", strings.Repeat("1", 33)} {
		var faults fault.List
		var phone *string
		organisation.SetPhone(&faults, "officePhone", graphql.OmittableOf(&s), &phone)
		if len(faults) == 0 {
			t.Errorf("%q was taken", s)
		}
	}
}
