package contract

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

func TestAMovedCommunityIsReadByTheBodiesAboveItNow(t *testing.T) {
	h := newHouse(t)
	c := h.drafted(draft(), secretary)
	h.facts[host] = organisation.Facts{
		ID: host, Kind: organisation.KindCommunity, Name: "东风社区", SubDistrict: south, District: xi, Above: []id.Organisation{south, xi},
	}
	for range 2 {
		if err := h.CommunityMoved(t.Context(), host); err != nil {
			t.Fatal(err)
		}
	}
	now := h.read(c)
	if now.SubDistrict != south || slices.Contains(now.Readers, north) || !slices.Contains(now.Readers, south) || now.Version != c.Version {
		t.Fatalf("%+v", now)
	}
	if got := told(now); !slices.Equal(got, []string{ToldDrafted, ToldMoved}) {
		t.Fatal(got)
	}
	if _, err := h.Contract(h.as(supervisor), c.ID); !fault.Is(err, fault.CodeNotFound) {
		t.Fatalf("the former sub-district still reads: %v", err)
	}
}

func TestTwoNodesTickOnce(t *testing.T) {
	h := newHouse(t)
	c := h.signed(h.drafted(draft(), secretary))
	h.at("2026-05-01T00:00:00Z")
	var wg sync.WaitGroup
	moved := make([]int, 8)
	for i := range moved {
		wg.Go(func() {
			n, err := h.Tick(t.Context(), h.now())
			if err != nil {
				t.Error(err)
			}
			moved[i] = n
		})
	}
	wg.Wait()
	sum := 0
	for _, n := range moved {
		sum += n
	}
	if sum != 1 || h.read(c).Status != Active {
		t.Fatalf("moved %d times", sum)
	}
}

func TestDaysBeginAndEndInTheContractsZone(t *testing.T) {
	for _, c := range []struct{ zone, from, to, starts, over string }{
		{"Asia/Shanghai", "2028-02-29", "2028-02-29", "2028-02-28T16:00:00Z", "2028-02-29T16:00:00Z"}, // leap day
		{"Asia/Shanghai", "2026-01-31", "2026-02-28", "2026-01-30T16:00:00Z", "2026-02-28T16:00:00Z"}, // month's end
		{"America/New_York", "2026-03-08", "2026-11-01", "2026-03-08T05:00:00Z", "2026-11-02T05:00:00Z"},
		{"Pacific/Kiritimati", "2026-12-31", "2027-01-01", "2026-12-30T10:00:00Z", "2027-01-01T10:00:00Z"},
		{"UTC", "2026-12-31", "2026-12-31", "2026-12-31T00:00:00Z", "2027-01-01T00:00:00Z"},
	} {
		k := &Contract{Text: Text{TimeZone: c.zone, EffectiveOn: *date(c.from), EndsOn: *date(c.to)}}
		if got := k.starts().Format(time.RFC3339); got != c.starts {
			t.Errorf("%s %s starts at %s, want %s", c.zone, c.from, got, c.starts)
		}
		if got := k.over().Format(time.RFC3339); got != c.over {
			t.Errorf("%s %s is over at %s, want %s", c.zone, c.to, got, c.over)
		}
	}
}

func TestAContractWhoseDaysAreAllPastRunsThroughAtOnce(t *testing.T) {
	h := newHouse(t)
	c := h.signed(h.drafted(draft(), secretary))
	h.at("2030-01-01T00:00:00Z")
	if n := h.tick(); n != 1 || h.read(c).Status != Expired {
		t.Fatalf("%d moved, %s", n, h.read(c).Status)
	}
}

func TestOnlyTheProgramItselfDoesWhatTimeDoes(t *testing.T) {
	h := newHouse(t)
	c := h.drafted(draft(), secretary)
	_, err := h.contracts.Change(h.as(secretary), access.ContractTime, string(c.ID), func(*Contract) error { return nil })
	refuses(t, err, fault.CodeForbidden, "")
}
