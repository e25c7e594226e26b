package journal_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// letter is a thing that some may read.
type letter struct {
	store.Meta[string] `bson:",inline"`

	Readers []string `bson:"readers"`
}

func (l *letter) Audience() []string { return l.Readers }

// post has letters tell of themselves, the n-th to those whom the bits of n choose among a, b and c.
func post(t *testing.T, db store.Backend, j *journal.Journal, n int) {
	t.Helper()
	c, err := store.Open(t.Context(), db, store.Options[*letter]{
		Schema: store.Schema{Name: "letters"}, Now: time.Now, Told: j.Wake,
		Policy: store.Policy[*letter]{May: func(context.Context, string, *letter) error { return nil }},
	})
	if err != nil {
		t.Fatal(err)
	}
	j.Collect(c)
	for i := range n {
		l := &letter{Meta: store.Meta[string]{ID: "letter" + strconv.Itoa(i/3)}}
		for bit, who := range []string{"a", "b", "c"} {
			if i&(1<<bit) != 0 {
				l.Readers = append(l.Readers, who)
			}
		}
		if err := l.Tell("letter.written", nil); err != nil {
			t.Fatal(err)
		}
		if i%3 == 0 {
			_, err = c.Add(t.Context(), "write", l)
		} else {
			_, err = c.Change(t.Context(), "write", l.ID, func(was *letter) error {
				was.Readers = l.Readers
				return was.Tell("letter.changed", nil)
			})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	drain(t, j)
}

func TestASearchFindsJustWhatLookingAtEverythingFinds(t *testing.T) {
	onBoth(t, func(t *testing.T, db store.Backend) {
		t.Helper()
		j := open(t, db, "one")
		post(t, db, j, 48)
		all := whole(t, j)
		rapid.Check(t, func(t *rapid.T) {
			s := journal.Search{After: rapid.Int64Range(0, 50).Draw(t, "after")}
			s.Audience = rapid.SliceOfDistinct(rapid.SampledFrom([]string{"a", "b", "c", "d"}), func(s string) string { return s }).Draw(t, "audience")
			if rapid.Bool().Draw(t, "of one") {
				s = journal.Search{After: s.After, Subject: fmt.Sprint("letter", rapid.IntRange(0, 16).Draw(t, "subject"))}
			}
			if rapid.Bool().Draw(t, "up to") {
				s.Before = new(rapid.Int64Range(0, 50).Draw(t, "before"))
			}
			s.Backward = rapid.Bool().Draw(t, "backward")
			var got, want []int64
			for e, err := range j.Find(context.Background(), s, 5) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, e.Seq)
			}
			for _, e := range all {
				heard := len(s.Audience) == 0 || slices.ContainsFunc(e.Audience, func(a string) bool { return slices.Contains(s.Audience, a) })
				if e.Seq > s.After && (s.Before == nil || e.Seq < *s.Before) && heard && (s.Subject == "" || e.Subject == s.Subject) {
					want = append(want, e.Seq)
				}
			}
			if s.Backward {
				slices.Reverse(want)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%+v: %v, not %v", s, got, want)
			}
		})
	})
}
