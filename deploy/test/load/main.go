// Command load brings up a server, has thousands subscribe to it and makes changes, and says what that costs: memory, how
// soon everybody has heard, how late the last of many deliveries come. All the while the subscribers keep account: nothing
// may be lost, nothing come twice or out of order, also when the server is killed in the midst of it. It is a process of
// its own; server and subscribers share the machine, so what it says of time is what a machine with other work can do.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/cobuild/cobuild/deploy/test/load/crowd"
)

// options are what the flags say.
type options struct {
	program        string
	many, units    int
	rate           float64
	rounds, kills  int
	steady, settle time.Duration
	slow           int
	keep, memory   string
}

func main() {
	var o options
	flag.StringVar(&o.program, "server", "bin/cobuild", "the program to bring up")
	flag.IntVar(&o.many, "subscriptions", 15_000, "how many subscribe, half by sockets and half by server-sent events")
	flag.IntVar(&o.units, "units", 60, "organisations they belong to, at most 63")
	flag.IntVar(&o.rounds, "rounds", 10, "changes that all of them hear, one after the other")
	flag.Float64Var(&o.rate, "deliveries", 5_000, "deliveries a second while changes come steadily")
	flag.DurationVar(&o.steady, "steady", 30*time.Second, "for how long")
	flag.IntVar(&o.kills, "kills", 3, "how often the server is killed")
	flag.DurationVar(&o.settle, "settle", 10*time.Second, "how long everything rests before memory is read")
	flag.IntVar(&o.slow, "slow", 0, "so many more subscribe and take nothing of what they are sent")
	flag.StringVar(&o.memory, "memory", "900MiB", "what the server is told to get along with (GOMEMLIMIT); empty for no limit")
	flag.StringVar(&o.keep, "data", "", "a folder for the server's data and log, which stays; one that goes where absent")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, o, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run goes through all that is measured, and fails where anything was lost.
func run(ctx context.Context, o options, out io.Writer) (err error) {
	debug.SetGCPercent(400) // the subscribers' own memory is not what is measured
	folder := o.keep
	if folder == "" {
		if folder, err = os.MkdirTemp("", "cobuild-load"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	}
	s := &crowd.Server{Program: o.program, Data: filepath.Join(folder, "data"), Log: filepath.Join(folder, "server.log"), Memory: o.memory}
	if err := os.MkdirAll(s.Data, 0o700); err != nil {
		return err
	}
	b := &bench{o: o, out: out, server: s}
	defer func() { err = errors.Join(err, s.Kill()) }()
	return b.run(ctx)
}

// bench is one measurement under way.
type bench struct {
	o      options
	out    io.Writer
	server *crowd.Server
	town   *crowd.Town
	voice  *crowd.Voice
	crowd  *crowd.Crowd
	from   int64
}

func (b *bench) say(what string, format string, args ...any) {
	fmt.Fprintf(b.out, "%-42s %s\n", what, fmt.Sprintf(format, args...))
}

func (b *bench) run(ctx context.Context) error {
	b.say("machine", "%d processors for server and subscribers together, %s", runtime.NumCPU(), runtime.Version())
	for _, step := range []func(context.Context) error{b.begin, b.gather, b.fanOut, b.steadily, b.slowly, b.killed, b.account} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// begin makes the town on a new server.
func (b *bench) begin(ctx context.Context) (err error) {
	perUnit := (b.o.many + b.o.units - 1) / b.o.units
	if err := b.bring(ctx); err != nil {
		return err
	}
	if b.town, err = crowd.Build(ctx, b.server, b.o.units, (perUnit+149)/150); err != nil { // one caller may have 200 connections
		return err
	}
	b.voice = crowd.NewVoice(b.town)
	b.from, err = b.town.Place(ctx)
	return err
}

func (b *bench) bring(ctx context.Context) error { return b.server.Start(ctx) }

// memory says what the server holds.
func (b *bench) memory(ctx context.Context, what string) error {
	rss, err := b.server.Holds()
	if err != nil {
		return err
	}
	files, err := b.server.Files()
	if err != nil {
		return err
	}
	routines, err := b.server.Measure(ctx, "go_goroutines")
	if err != nil {
		return err
	}
	stack, err := b.server.Measure(ctx, "go_memstats_stack_inuse_bytes")
	if err != nil {
		return err
	}
	heap, err := b.server.Measure(ctx, "go_memstats_heap_inuse_bytes")
	if err != nil {
		return err
	}
	b.say(what, "%d MB (heap %d MB, stacks %d MB), %d goroutines, %d files", rss>>20, int64(heap)>>20, int64(stack)>>20, int(routines), files)
	return nil
}

// gather has everybody subscribe.
func (b *bench) gather(ctx context.Context) error {
	if err := b.memory(ctx, "server before anybody came"); err != nil {
		return err
	}
	began := time.Now()
	b.crowd = crowd.Gather(b.server, b.town, b.o.many, b.from)
	b.crowd.Listen(context.WithoutCancel(ctx))
	if err := b.everybody(ctx); err != nil {
		return err
	}
	b.say("all have subscribed and heard one change", "after %.1f s", time.Since(began).Seconds())
	time.Sleep(b.o.settle)
	return b.memory(ctx, fmt.Sprintf("server with %d subscriptions", b.o.many))
}

// everybody makes a change that everybody hears, and waits for that.
func (b *bench) everybody(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	if err := b.voice.Say(ctx, b.town.All); err != nil {
		return err
	}
	return b.reached(ctx)
}

// reached waits until everybody has heard the last of what they all may know.
func (b *bench) reached(ctx context.Context) error {
	at, err := b.voice.Place(ctx, b.town.All)
	if err != nil {
		return err
	}
	return b.crowd.Heard(ctx, at)
}

// fanOut makes changes that everybody hears, one after the other.
func (b *bench) fanOut(ctx context.Context) error {
	if b.o.rounds == 0 {
		return nil
	}
	b.crowd.Times.Reset()
	var worst, sum time.Duration
	for range b.o.rounds {
		began := time.Now()
		if err := b.everybody(ctx); err != nil {
			return err
		}
		d := time.Since(began)
		worst, sum = max(worst, d), sum+d
		time.Sleep(500 * time.Millisecond)
	}
	t := b.crowd.Times
	b.say("a change reached everybody", "after %d ms on average, %d ms at worst, from asking for it (%d rounds)", (sum / time.Duration(b.o.rounds)).Milliseconds(), worst.Milliseconds(), b.o.rounds)
	b.say("  from the change to each delivery", "p50 %d ms, p99 %d ms, last %d ms", t.Share(0.5).Milliseconds(), t.Share(0.99).Milliseconds(), t.Share(1).Milliseconds())
	return nil
}

// owns are the contracts of the single units.
func (b *bench) owns() []*crowd.Contract {
	var all []*crowd.Contract
	for _, u := range b.town.Units {
		all = append(all, u.Own)
	}
	return all
}

// steadily makes changes that a unit's subscribers hear, so many that the deliveries come at the rate asked for.
func (b *bench) steadily(ctx context.Context) error {
	if b.o.steady == 0 {
		return nil
	}
	b.crowd.Times.Reset()
	if err := b.under(ctx, b.o.steady, nil); err != nil {
		return err
	}
	n, t := b.crowd.Times.Count(), b.crowd.Times
	b.say("steadily", "%d deliveries a second for %.0f s", int(float64(n)/b.o.steady.Seconds()), b.o.steady.Seconds())
	b.say("  from the change to each delivery", "p50 %d ms, p99 %d ms, last %d ms", t.Share(0.5).Milliseconds(), t.Share(0.99).Milliseconds(), t.Share(1).Milliseconds())
	return b.memory(ctx, "server afterwards")
}

// under does something while changes come steadily, and waits until everybody has heard of all of them.
func (b *bench) under(ctx context.Context, d time.Duration, do func(context.Context) error) error {
	each := float64(b.o.many) / float64(b.o.units) // hear of one change
	steady, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- b.voice.Steadily(steady, b.o.rate/each, b.owns()) }()
	var err error
	if do == nil {
		time.Sleep(d)
	} else {
		err = do(ctx)
	}
	stop()
	if err = errors.Join(err, <-ended); err != nil {
		return err
	}
	b.crowd.Times.Until(time.Now()) // the change that all of them hear is no part of the steady ones
	return b.everybody(ctx)
}

// slowly has more subscribers come who take nothing, and sees that the others do not notice.
func (b *bench) slowly(ctx context.Context) error {
	if b.o.slow == 0 {
		return nil
	}
	lazy := crowd.Lazy(b.server, b.town, b.o.slow, b.from)
	lazy.Listen(context.WithoutCancel(ctx))
	defer lazy.Leave()
	for began := time.Now(); lazy.Open() < b.o.slow && time.Since(began) < time.Minute; {
		time.Sleep(100 * time.Millisecond)
	}
	if err := b.memory(ctx, fmt.Sprintf("server with %d who take nothing", lazy.Open())); err != nil {
		return err
	}
	b.crowd.Times.Reset()
	if err := b.under(ctx, b.o.steady, nil); err != nil {
		return err
	}
	t := b.crowd.Times
	b.say("  meanwhile, to each of the others", "p50 %d ms, p99 %d ms, last %d ms", t.Share(0.5).Milliseconds(), t.Share(0.99).Milliseconds(), t.Share(1).Milliseconds())
	return b.memory(ctx, "server afterwards")
}

// killed kills the server while changes come, and has it come again.
func (b *bench) killed(ctx context.Context) error {
	if b.o.kills == 0 {
		return nil
	}
	return b.under(ctx, 0, func(ctx context.Context) error {
		for i := range b.o.kills {
			time.Sleep(2 * time.Second)
			if err := b.server.Kill(); err != nil {
				return err
			}
			began := time.Now()
			if err := b.bring(ctx); err != nil {
				return err
			}
			up := time.Since(began)
			if err := b.everybody(ctx); err != nil {
				return err
			}
			b.say(fmt.Sprintf("killed for the %d. time", i+1), "up again after %.1f s, all have resumed and heard the news after %.1f s", up.Seconds(), time.Since(began).Seconds())
		}
		return nil
	})
}

// account compares what everybody has heard with the journal.
func (b *bench) account(ctx context.Context) error {
	b.crowd.Leave()
	a, err := b.crowd.Reconcile(ctx, b.town, b.voice, b.from)
	if err != nil {
		return err
	}
	b.say("heard by all together", "%d: %d lost, %d twice or out of order, %d that never happened", a.Told, a.Lost, a.Twice, a.Unspoken)
	b.say("changes that were acknowledged", "%d: %d missing, %d doubled", a.Acked, a.Missing, a.Repeated)
	for why, n := range b.crowd.Endings() {
		b.say("came again", "%d times after: %s", n, why)
	}
	if !a.Clean() {
		return errors.New(a.First)
	}
	return nil
}
