package main

import (
	"github.com/urfave/cli/v3"

	"github.com/cobuild/cobuild/internal/match"
)

// matchFlags say by what needs and resources are matched.
func (p *program) matchFlags() []cli.Flag { return []cli.Flag{p.stringFlag("match-weights", "")} }

// matchWeights are those of the file that the flags name; nil for the program's own.
func (p *program) matchWeights(c *cli.Command) (*match.Weights, error) {
	name := c.String("match-weights")
	if name == "" {
		return nil, nil //nolint:nilnil // none named
	}
	w, err := match.LoadWeightsFile(name)
	if err != nil {
		return nil, p.usage("error.matchweights", "reason", err)
	}
	return w, nil
}
