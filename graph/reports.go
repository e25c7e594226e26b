package graph

import (
	"context"

	"github.com/cobuild/cobuild/internal/fulfilment"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/report"
)

// report finds a report; null where there is none or it is hidden.
func (r Rooms) report(ctx context.Context, of report.Scope, p report.Period) (*report.Report, error) {
	found, err := r.Reports.Report(ctx, of, p)
	var none *report.Report
	if fault.Is(err, fault.CodeNotFound) {
		return none, nil
	}
	return found, err
}

// counted lists the fulfilments behind a figure; null behind one that counts none.
func (r Rooms) counted(ctx context.Context, f *report.Figure, a page.Args) (*fulfilment.Connection, error) {
	var none *fulfilment.Connection
	if f.Choice == nil {
		return none, nil
	}
	return r.Fulfilments.Counted(ctx, choice(*f.Choice), a)
}

// choice says in the fulfilments' room's words what a figure counts.
func choice(c report.Choice) fulfilment.Counted {
	out := fulfilment.Counted{
		Contract: c.Contract, Party: c.Party, Above: c.Above, Provider: c.Provider, Hosts: c.Hosts, From: c.From, To: c.To,
		Late: c.Late, Silent: c.Silent, InRate: c.InRate, Upheld: c.Upheld, Unit: c.Unit,
	}
	for _, s := range c.Statuses {
		out.Statuses = append(out.Statuses, fulfilment.Status(s))
	}
	for _, o := range c.Outcomes {
		out.Outcomes = append(out.Outcomes, fulfilment.Outcome(o))
	}
	if c.Evidence != nil {
		out.Evidence = new(fulfilment.EvidenceKind(*c.Evidence))
	}
	return out
}
