package throttle

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

func noon() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

func enter(c *counts, key string, now time.Time) error { _, err := c.enter(key, now); return err }

func TestTheThrottleStaysSmall(t *testing.T) {
	th := newCounts(2, time.Minute, 3, 100)
	for i := range 10_000 {
		if err := enter(th, strconv.Itoa(i), noon()); err != nil {
			t.Fatal(err)
		}
	}
	if len(th.at) != 100 || th.latest.Len() != 100 {
		t.Errorf("it remembers %d keys", len(th.at))
	}
	th.leave("1", noon(), wrong) // long forgotten
}

func TestTheWaitGrowsWithEveryWrongGuess(t *testing.T) {
	now := noon()
	th := newCounts(2, time.Minute, 3, 100)
	guess := func(want int, v verdict) {
		t.Helper()
		err := enter(th, "x", now)
		got := 0
		if err != nil {
			got, _ = fault.Of(err).Params["seconds"].(int)
		} else {
			th.leave("x", now, v)
		}
		if got != want {
			t.Errorf("wait %d seconds, want %d", got, want)
		}
	}
	guess(0, wrong)
	guess(0, unsaid)
	guess(0, wrong)
	for _, s := range []int{2, 3, 5, 9, 17, 33, 61, 61} { // up to the longest
		guess(s, wrong)
		now = now.Add(time.Duration(s) * time.Second)
		guess(0, wrong)
	}
	now = now.Add(forgetAfter + time.Second)
	guess(0, wrong)
	guess(0, right)
	guess(0, wrong)
	guess(0, wrong)
	guess(2, wrong)
}

func TestGuessesAtOnceAreFew(t *testing.T) {
	th := newCounts(2, time.Minute, 3, 100)
	under := func() (n int) {
		for enter(th, "x", noon()) == nil {
			n++
		}
		return n
	}
	if n := under(); n != 3 {
		t.Errorf("%d at once", n)
	}
	for range 3 {
		th.leave("x", noon(), wrong)
	}
	if n := under(); n != 0 {
		t.Errorf("%d at once while waiting", n)
	}
	th.leave("x", noon().Add(-time.Minute), wrong)
	if n := under(); n != 1 {
		t.Errorf("%d at once after the wait", n)
	}
}

var errWrong = fault.New(fault.Refused, "WRONG") // what a try answers here

func try(g *Guard, on, from string, err error) error {
	return g.Try(on, from, noon, func() error { return err })
}

func TestAGuesserLocksNobodyOut(t *testing.T) {
	g := New(0)
	for range 40 {
		_ = try(g, "account", "the guesser's", errWrong)
	}
	if err := try(g, "account", "the guesser's", nil); !fault.Is(err, CodeGuesses) {
		t.Errorf("the guesser goes on: %v", err)
	}
	if err := try(g, "account", "another", nil); err != nil {
		t.Errorf("the account is closed to others: %v", err)
	}
}

func TestANeighbourOfAGuesserWhoIsKnownPasses(t *testing.T) {
	g := New(0)
	if err := try(g, "the neighbour's account", "shared", nil); err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		_ = try(g, "account "+strconv.Itoa(i), "shared", errWrong)
	}
	if err := try(g, "one more account", "shared", nil); !fault.Is(err, CodeGuesses) {
		t.Errorf("the address goes through all accounts: %v", err)
	}
	if err := try(g, "the neighbour's account", "shared", nil); err != nil {
		t.Errorf("the neighbour is kept out: %v", err)
	}
}

func TestAFailureOfOursIsNoGuess(t *testing.T) {
	g := New(0)
	for range 20 {
		_ = try(g, "account", "here", errors.New("the disk is full"))
	}
	if err := try(g, "account", "here", nil); err != nil {
		t.Errorf("got %v", err)
	}
}
