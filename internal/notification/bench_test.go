package notification

import (
	"strconv"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
)

// A contract with 64 parties of ten people each: all of them are told, in as many steps as that takes.
func BenchmarkTellingALargeContract(b *testing.B) {
	w := open(b)
	var parties []id.Organisation
	for i := range 64 {
		parties = append(parties, unit(i))
		for n := range 10 {
			w.staff[unit(i)] = append(w.staff[unit(i)], post{person(unit(i), strconv.Itoa(n)), authz.Liaison, false})
		}
	}
	told := 0
	for b.Loop() {
		w.happens(b, "contract.activated", string(theContract()), "", bson.M{"parties": parties})
		w.tick(b)
		told += 640
	}
	b.ReportMetric(float64(told)/b.Elapsed().Seconds(), "notifications/s")
}
