package journal_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Two nodes with a relay and a follower each work on one store, and a conductor lets their calls through one by one in an
// order of its own: a node stands still in the middle of anything while the other takes over, wakes up late and goes on
// where it was; calls are lost, answers are lost, and writes that were given up land when nobody expects them. Whoever
// reads along reads 1, 2, 3 and so on, each of them for good.
func TestInWhateverOrderTwoNodesAreHeldUpTheJournalOnlyGrows(t *testing.T) {
	onBoth(t, func(t *testing.T, db store.Backend) {
		t.Helper()
		schedules := 10
		if strings.HasSuffix(t.Name(), "mongodb") {
			schedules = 2 // a call is dearer there
		}
		p := &play{t: t, db: db, clock: time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC), calm: open(t, db, "calm"), lamps: lamps(t, db, nil), want: map[string][]string{}}
		for seed := range schedules {
			p.act(uint64(seed))
		}
		t.Logf("%d events, %d turns, %d naps, %d writes that landed late", len(p.read), p.turns, p.naps, p.haunted)
		if p.naps == 0 || p.haunted == 0 {
			t.Error("nobody was held up")
		}
	})
}

// play is all that happens on one store, one schedule after another.
type play struct {
	t     *testing.T
	db    store.Backend
	calm  *journal.Journal // that of who reads along
	lamps *store.Collection[*lamp]

	read  []journal.Entry     // so far
	want  map[string][]string // what each lamp has told
	told  int
	clock time.Time

	mu       sync.Mutex
	followed int64 // the last entry that a follower was given

	turns, naps, haunted int
}

const (
	lampsEach   = 3 // in one schedule
	changesEach = 8
	mostTurns   = 50_000
)

// act plays one schedule to its end.
func (p *play) act(seed uint64) {
	p.t.Helper()
	c := newConductor(seed, p.clock)
	ctx, cancel := context.WithCancel(p.t.Context())
	defer cancel()
	var nodes sync.WaitGroup
	for n := range 2 {
		db := &conducted{p.db, c, n}
		j := open(p.t, db, fmt.Sprint("node", n), func(o *journal.Options) { o.Now, o.Lease = c.now, time.Minute })
		j.Collect(lamps(p.t, db, nil))
		j.Follow("along", nil, p.follow)
		nodes.Go(func() {
			for ctx.Err() == nil {
				_ = j.Drain(ctx) // broken off by any fault, and begun anew
			}
		})
	}
	ended := make(chan struct{})
	go func() { nodes.Wait(); close(ended) }()
	p.conduct(c, p.script(c, seed))
	cancel()
	c.letGo(ended)
	for c.haunt() {
		p.haunted++
	}
	p.clock = c.now()
	p.check(seed)
}

// script is what is done to the lamps of a schedule, in an order of the conductor's.
func (p *play) script(c *conductor, seed uint64) []func() {
	var names []string
	for l := range lampsEach {
		for range 1 + changesEach {
			names = append(names, fmt.Sprintf("lamp%d-%d", seed, l))
		}
	}
	c.dice.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	var all []func()
	for _, id := range names {
		all = append(all, func() {
			says := []string{"lamp.turned", "lamp.counted"}
			if len(p.want[id]) == 0 {
				light(p.t, p.lamps, id)
				says = []string{"lamp.lit"}
			} else {
				turn(p.t, p.lamps, id)
			}
			p.want[id], p.told = append(p.want[id], says...), p.told+len(says)
		})
	}
	return all
}

// conduct lets calls through until everything that was told is read and followed.
func (p *play) conduct(c *conductor, script []func()) {
	p.t.Helper()
	var asleep [2]int // turns for which a node is not let on
	for turn := 0; len(script) > 0 || len(p.read) < p.told || p.behind() > 0; turn++ {
		if turn > mostTurns {
			p.t.Fatalf("%d of %d events are in the journal, and it comes to no end", len(p.read), p.told)
		}
		p.turns++
		if len(script) > 0 && c.dice.IntN(6) == 0 {
			script[0]()
			script = script[1:]
		}
		p.befall(c, &asleep)
		w := c.next(asleep)
		if w == nil {
			if !c.wait() { // everybody rests, or sleeps
				asleep = [2]int{}
				c.pass(20 * time.Second)
			}
			continue
		}
		for n := range asleep {
			asleep[n] = max(asleep[n]-1, 0)
		}
		w.granted <- c.decide(w)
	}
}

// befall is what comes over the nodes between two calls, and a look of who reads along.
func (p *play) befall(c *conductor, asleep *[2]int) {
	p.t.Helper()
	if c.dice.IntN(25) == 0 {
		asleep[c.dice.IntN(2)] = 5 + c.dice.IntN(60)
		p.naps++
	}
	if c.dice.IntN(15) == 0 {
		c.pass(time.Duration(c.dice.IntN(50)) * time.Second)
	}
	if c.dice.IntN(12) == 0 && c.haunt() {
		p.haunted++
	}
	if c.dice.IntN(3) == 0 {
		p.look()
	}
}

// look reads on, and nothing ever comes but the next.
func (p *play) look() {
	p.t.Helper()
	page, err := p.calm.Read(p.t.Context(), int64(len(p.read)), 3)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, e := range page {
		if e.Seq != int64(len(p.read)+1) {
			p.t.Fatalf("behind %d comes %d", len(p.read), e.Seq)
		}
		p.read = append(p.read, e)
	}
}

// follow is given every entry at least once, and none before the one ahead of it.
func (p *play) follow(_ context.Context, e journal.Entry) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e.Seq > p.followed+1 {
		p.t.Errorf("a follower was given %d behind %d", e.Seq, p.followed)
	}
	p.followed = max(p.followed, e.Seq)
	return nil
}

func (p *play) behind() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.told - int(p.followed)
}

// check compares the journal with what was read on the way and with what the lamps told.
func (p *play) check(seed uint64) {
	p.t.Helper()
	all := whole(p.t, p.calm)
	got := map[string][]string{}
	for i, e := range all {
		got[e.Subject] = append(got[e.Subject], e.Type)
		if i < len(p.read) && (e.ID != p.read[i].ID || !bytes.Equal(e.Hash, p.read[i].Hash)) {
			p.t.Fatalf("seed %d: at %d there was %s, and now %s", seed, e.Seq, p.read[i].ID, e.ID)
		}
	}
	for id, want := range p.want {
		if !slices.Equal(got[id], want) {
			p.t.Fatalf("seed %d: %s told %v, the journal has %v", seed, id, want, got[id])
		}
	}
	if n := chained(p.t, p.calm); n != p.told || len(all) != p.told {
		p.t.Fatalf("seed %d: %d events were told, %d are in the journal and %d chained", seed, p.told, len(all), n)
	}
}
