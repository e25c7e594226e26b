package app

import (
	"context"

	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/id"
)

// undone tells the contracts' room what the fulfilments' room knows of a contract that is not done yet.
func (a *App) undone(ctx context.Context, c *contract.Contract) (contract.Undone, error) {
	promised := make([]id.Commitment, len(c.Commitments))
	for i, m := range c.Commitments {
		promised[i] = m.ID
	}
	n, examples, err := a.Fulfilments.Undone(ctx, c.ID, c.TextVersion, promised)
	return contract.Undone{Count: n, Examples: examples}, err
}
