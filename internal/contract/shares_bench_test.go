package contract

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
)

// BenchmarkWhatIsShared asks what contracts let the caller's organisation read of 50 others, among so many contracts in
// force that share something: of each pair there is one, whatever the number of all.
func BenchmarkWhatIsShared(b *testing.B) {
	for _, n := range []int{100, 2000} {
		b.Run(fmt.Sprint(n, " contracts"), func(b *testing.B) {
			h := newHouse(b)
			subjects := make([]id.Organisation, 50)
			for i := range n {
				unit := id.Derived[id.Organisation](id.KindUnit, strconv.Itoa(i))
				if i < len(subjects) {
					subjects[i] = unit
				}
				h.shares(b, unit)
			}
			for b.Loop() {
				if got, err := h.SharedBetween(b.Context(), subjects, []id.Organisation{host}); err != nil || len(got) != len(subjects) {
					b.Fatalf("%d, %v", len(got), err)
				}
			}
		})
	}
}

// shares keeps a contract in force by which a unit shares something with the host.
func (h *house) shares(b *testing.B, unit id.Organisation) {
	b.Helper()
	c := &Contract{Status: Active, Host: host, DraftedBy: host, Text: Text{
		Title: "共建协议", EffectiveOn: "2026-01-01", EndsOn: "2027-03-31", TimeZone: DefaultZone,
		Named:   []Named{{Organisation: host, Part: Host}, {Organisation: unit, Part: Partner}},
		Sharing: []*Sharing{{Key: "s1", Subject: unit, Fields: []SharedField{FieldDutyPhone}, Purpose: "x"}},
	}}
	c.ID = id.Derived[id.Contract](id.KindContract, string(unit))
	for _, n := range c.Named {
		c.Parties = append(c.Parties, &Party{Named: n, State: HasSigned})
	}
	c.settle()
	if _, err := h.contracts.Add(authz.AsSystem(b.Context()), "contract.draft", c); err != nil {
		b.Fatal(err)
	}
}
