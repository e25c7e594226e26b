// Command need-to-result goes the whole way over GraphQL: a community writes down what it lacks, a resident unit what it
// offers, a match says why both go together, a contract is drafted from it, signed and takes effect, the unit reports what
// it did with its evidence, the community accepts and confirms that the need is met; and the trace tells all of it, from
// either end. It needs a server that runs with --demo:
//
//	go run ./docs/examples/need-to-result --tokens data/demo-tokens.json
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/cobuild/cobuild/docs/examples/ask"
)

func main() {
	url := flag.String("url", "http://127.0.0.1:8080", "where the server is")
	tokens := flag.String("tokens", "data/demo-tokens.json", "the demo's tokens")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	err := tell(ctx, *url, *tokens, os.Stdout)
	cancel()
	if err != nil {
		fmt.Fprintln(os.Stderr, "need-to-result:", err)
		os.Exit(1)
	}
}

// story is one run.
type story struct {
	out                          io.Writer
	secretary, liaison, outsider ask.Client
	community, unit              string
	today                        time.Time

	need, resource listing
	claim          claim
	contract       contract
	done           fulfilment
}

func tell(ctx context.Context, url, tokens string, out io.Writer) error {
	raw, err := os.ReadFile(tokens)
	if err != nil {
		return err
	}
	var who struct{ Secretary, Liaison, Outsider string }
	if err := json.Unmarshal(raw, &who); err != nil {
		return err
	}
	as := func(token string) ask.Client { return ask.Client{URL: url, Token: token} }
	s := &story{
		out: out, secretary: as(who.Secretary), liaison: as(who.Liaison), outsider: as(who.Outsider),
		today: time.Now().In(time.FixedZone("Asia/Shanghai", 8*60*60)),
	}
	for _, step := range []func(context.Context) error{
		s.introduce, s.lack, s.offer, s.match, s.draft, s.promise, s.sign, s.waitUntilActive, s.fulfil, s.confirm, s.undertake, s.find, s.trace,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// introduce asks whom the secretary and the liaison act for.
func (s *story) introduce(ctx context.Context) (err error) {
	if s.community, err = own(ctx, s.secretary, "SECRETARY"); err != nil {
		return err
	}
	s.unit, err = own(ctx, s.liaison, "LIAISON")
	return err
}

// own is the organisation in which somebody has a role.
func own(ctx context.Context, who ask.Client, role string) (string, error) {
	var me struct {
		Viewer struct {
			Roles []struct {
				Role         string
				Organisation struct{ ID string }
			}
		}
	}
	if err := who.Ask(ctx, `{ viewer { roles { role organisation { id } } } }`, nil, &me); err != nil {
		return "", err
	}
	for _, r := range me.Viewer.Roles {
		if r.Role == role {
			return r.Organisation.ID, nil
		}
	}
	return "", errors.New("nobody is " + role)
}

// until asks again, for as long as there is time, until what the server does by itself is done.
func until(ctx context.Context, done func() (bool, error)) error {
	for {
		if is, err := done(); is || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// said prints what was done, where it was.
func (s *story) said(err error, what ...string) error {
	if err == nil {
		_, err = fmt.Fprintln(s.out, strings.Join(what, " "))
	}
	return err
}
