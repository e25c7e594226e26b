// Command follow keeps a table of contracts and their states in step with Cobuild, through every restart of either:
//
//	go run ./docs/examples/follow --url http://127.0.0.1:8080 --token-file token.txt --state contracts.json
//
// It reads the events behind the last one that it has dealt with, up to the end, and then hears of each new one while it
// happens. How far it has come is kept in one file with what it has made of the events, and the file is replaced at once:
// whenever the program is killed, it goes on where the file says. Where the server is away it tries again, each time
// after a longer pause.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	f := follower{out: os.Stdout}
	flag.StringVar(&f.url, "url", "http://127.0.0.1:8080", "where the server is")
	flag.StringVar(&f.tokenFile, "token-file", "token.txt", "file with a token or an API key, read anew at every connection")
	path := flag.String("state", "contracts.json", "file of the table")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := f.follow(ctx, *path)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "follow:", err)
		os.Exit(1)
	}
}

// follower keeps one table.
type follower struct {
	url, tokenFile string
	out            io.Writer

	table *table
	pause time.Duration // before the next try; doubled at each failure
}

// The pauses between tries. Each is shortened at random, so that many followers do not come back at the same moment.
const (
	firstPause   = 100 * time.Millisecond
	longestPause = 30 * time.Second
)

// errFinal marks what no further try will mend.
var errFinal = errors.New("giving up")

// follow follows until ctx ends, or until something is wrong that will not pass.
func (f *follower) follow(ctx context.Context, path string) error {
	var err error
	if f.table, err = open(path); err != nil {
		return err
	}
	f.pause = firstPause
	for {
		err := f.connect(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, errFinal):
			return err
		}
		wait := time.Duration(rand.Int64N(int64(f.pause))) + time.Millisecond
		fmt.Fprintf(f.out, "at %d: %v; again in %s\n", f.table.Seq, err, wait.Round(time.Millisecond))
		f.pause = min(2*f.pause, longestPause)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// connect reads to the end and then listens, until the connection breaks.
func (f *follower) connect(ctx context.Context) error {
	for more := true; more; {
		page, err := f.read(ctx)
		if err != nil {
			return err
		}
		f.pause = firstPause
		if err := f.take(page.Nodes, page.PageInfo.EndCursor); err != nil {
			return err
		}
		more = page.PageInfo.HasNextPage
	}
	return f.listen(ctx, func(e event) error {
		f.pause = firstPause
		return f.take([]event{e}, nil)
	})
}

// take brings events into the table and keeps it. The end is how far was looked, which may be further than the last event.
func (f *follower) take(events []event, end *cursor) error {
	for _, e := range events {
		if f.table.apply(e) {
			fmt.Fprintf(f.out, "%d %s %s %s\n", e.Seq, e.Type, e.SubjectID, e.Data.Status)
		}
	}
	moved := end != nil && int64(*end) > f.table.Seq
	if moved {
		f.table.Seq = int64(*end)
	}
	if !moved && len(events) == 0 {
		return nil
	}
	if err := f.table.save(); err != nil {
		return fmt.Errorf("%w: %w", errFinal, err)
	}
	return nil
}
