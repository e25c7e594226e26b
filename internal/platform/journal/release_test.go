package journal_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/store"
)

func TestWhoLetsGoOfItsWorkMakesNobodyWaitForTheLease(t *testing.T) {
	onBoth(t, func(t *testing.T, db store.Backend) {
		t.Helper()
		long := func(o *journal.Options) { o.Lease = 24 * time.Hour }
		c := lamps(t, db, nil)
		book := &notebook{}
		for i := range 3 { // each is a command that drains and goes
			j := open(t, db, fmt.Sprint("command", i), long)
			j.Collect(c)
			j.Follow("book", nil, book.handle)
			light(t, c, fmt.Sprint("lamp", i))
			drain(t, j)
			j.Release(t.Context())
			j.Release(t.Context()) // once more does no harm
		}
		if n := len(book.list()); n != 3 {
			t.Errorf("3 events, and the follower was given %d: %v", n, book.list())
		}
	})
}
