// Command soak kills a server under load, again and again, and then reckons up: every change that was acknowledged must
// have happened, once, whole and provably, and nothing else.
//
// It runs the real program as a process of its own on either store, has people draft, negotiate, sign and fulfil contracts
// over GraphQL, kills it with SIGKILL at random moments, also while it starts, and starts it again. Whoever was not
// answered asks once more under the same clientMutationId, or gives up; both are part of the reckoning. Meanwhile consumers
// follow along: a reader of the feed, a witness of the audit log, and the documentation's
// example of a program that stays in step, which is killed as well.
//
//	make soak                       200 kills on each store
//	make soak ROUNDS=20 SEED=7      fewer, as they were chosen then
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	o := options{out: os.Stdout}
	flag.StringVar(&o.program, "cobuild", "bin/cobuild", "the program to kill")
	flag.StringVar(&o.follow, "follow", "", "the program of docs/examples/follow, which is killed too; none where empty")
	flag.IntVar(&o.rounds, "rounds", 200, "how often to kill it on each store")
	flag.Uint64Var(&o.seed, "seed", 0, "of the random choices; 0 takes a new one")
	flag.IntVar(&o.workers, "workers", 12, "people's threads of work at once")
	flag.StringVar(&o.mongodb, "mongodb", os.Getenv("COBUILD_TEST_MONGODB_URI"), "server for the runs on MongoDB")
	stores := flag.String("stores", "bolt,mongodb", "which stores")
	flag.Parse()
	if o.seed == 0 {
		o.seed = rand.Uint64()
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := 0
	for kind := range strings.SplitSeq(*stores, ",") {
		if err := each(ctx, kind, o); err != nil {
			fmt.Fprintf(os.Stderr, "soak: %s, seed %d: %v\n", kind, o.seed, err)
			code = 1
		}
	}
	stop()
	os.Exit(code)
}

// each soaks one store, in a folder that goes with it where all is well.
func each(ctx context.Context, kind string, o options) error {
	dir, err := os.MkdirTemp("", "cobuild-soak-")
	if err != nil {
		return err
	}
	if err := soak(ctx, kind, dir, o); err != nil {
		return fmt.Errorf("%w\nwhat there was to see is left in %s", err, dir)
	}
	return os.RemoveAll(dir)
}
