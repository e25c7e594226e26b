package main

import (
	"runtime"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/platform/limit"
)

// What callers may ask for in a minute, where nobody says otherwise, in points. A page of twenty contracts with all that
// a list shows costs about 700.
const (
	rateOrganisation = 600_000
	ratePerson       = 120_000
	rateAddress      = 200_000 // many may sit behind one
)

// boundsFlags say how much is answered to whom, and what.
func (p *program) boundsFlags() []cli.Flag {
	return []cli.Flag{
		p.numberFlag("rate-organisation", rateOrganisation), p.numberFlag("rate-person", ratePerson), p.numberFlag("rate-address", rateAddress),
		p.numberFlag("max-running", 0), p.durationFlag("operation-timeout", 20*time.Second),
		p.stringFlag("trusted-documents", ""), p.boolFlag("trusted-only"),
	}
}

// bounds are what the flags say. What runs at once is by default what keeps this machine busy and no more: most of an
// operation is computing.
func (p *program) bounds(c *cli.Command) (app.Bounds, error) {
	b := app.Bounds{
		Rates: limit.Rates{}, Deadline: c.Duration("operation-timeout"),
		Documents: c.String("trusted-documents"), TrustedOnly: c.Bool("trusted-only"),
	}
	for flag, kind := range map[string]limit.Kind{"rate-organisation": limit.Organisation, "rate-person": limit.Person, "rate-address": limit.Address} {
		n := c.Int(flag)
		if n < 0 || n > limit.MostBurst {
			return app.Bounds{}, p.usage("error.number", "flag", flag, "min", 0, "max", limit.MostBurst)
		}
		if n > 0 {
			b.Rates[kind] = limit.Rate{Burst: n, Refill: time.Minute}
		}
	}
	if n := c.Int("max-running"); n < 0 || n > 100_000 {
		return app.Bounds{}, p.usage("error.number", "flag", "max-running", "min", 0, "max", 100_000)
	}
	if b.Deadline < 100*time.Millisecond || b.Deadline > time.Minute {
		return app.Bounds{}, p.usage("error.number", "flag", "operation-timeout", "min", "100ms", "max", "1m")
	}
	if b.TrustedOnly && b.Documents == "" {
		return app.Bounds{}, p.usage("error.required", "flag", "trusted-documents")
	}
	b.Gate = limit.NewGate(running(c.Int("max-running")), time.Now)
	return b, nil
}

// running is how many operations run at once.
func running(asked int) int {
	if asked > 0 {
		return asked
	}
	return max(8*runtime.GOMAXPROCS(0), 32)
}
