package bind

import (
	"github.com/cobuild/cobuild/graph/payload" //nolint:depguard // this is a part of the GraphQL face, not a room
	"github.com/cobuild/cobuild/internal/playbook"
)

// ApplyPlaybookPayload is what applyPlaybook answers.
type ApplyPlaybookPayload payload.Of[*playbook.Applied]

// Application is what the community has taken; nil where there are errors, or where nothing was ever taken.
func (p *ApplyPlaybookPayload) Application() *playbook.Application {
	return part(p.Object, func(a *playbook.Applied) *playbook.Application { return a.Application })
}

// Playbook is the one that was applied; nil where there are errors.
func (p *ApplyPlaybookPayload) Playbook() *playbook.Playbook {
	return part(p.Object, func(a *playbook.Applied) *playbook.Playbook { return a.Playbook })
}

// Outcomes say what became of each part; nil where there are errors.
func (p *ApplyPlaybookPayload) Outcomes() []*playbook.Outcome {
	if p.Object == nil {
		return nil
	}
	return p.Object.Outcomes
}
