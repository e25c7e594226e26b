package demo

import (
	"context"

	"github.com/cobuild/cobuild/internal/fulfilment"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// foresee draws what becomes of a fulfilment, once, and notes who does what on which day. Most providers are reliable,
// some less so, and some hardly at all, so that their rates differ.
func (l *life) foresee(f *fulfilment.Fulfilment) {
	if l.seen[f.ID] {
		return
	}
	l.seen[f.ID] = true
	if l.scripted(f) {
		return
	}
	key := string(f.ID)
	inTime, late := 88, 6
	switch r := lot("reliable", string(f.Provider), 10); {
	case r == 9:
		inTime, late = 35, 25
	case r >= 6:
		inTime, late = 65, 20
	}
	draw := lot("kept", key, 100)
	switch {
	case draw < inTime:
		l.reported(f, f.DueOn.AddDays(-lot("day", key, 4)))
	case draw < inTime+late:
		l.reported(f, f.DueOn.AddDays(2+lot("day", key, 8)))
	}
}

// scripted says what becomes of the last days of the cast's daily patrols, so that on any day there is something to
// accept, something in dispute and something overdue.
func (l *life) scripted(f *fulfilment.Fulfilment) bool {
	if f.Contract != l.file.Contract(patrolKey) {
		return false
	}
	switch f.DueOn {
	case l.today.AddDays(-1):
		l.report(f, f.DueOn)
	case l.today.AddDays(-3):
		l.report(f, f.DueOn)
		l.dispute(f, f.Receivers[0], f.DueOn.AddDays(1))
	case l.today.AddDays(-5): // forgotten
	default:
		return false
	}
	return true
}

// reported has the provider report on a day, and the receivers answer on later ones: most accept, some are silent, few
// dispute.
func (l *life) reported(f *fulfilment.Fulfilment, day scalar.Date) {
	key := string(f.ID)
	day = max(day, l.now)
	l.report(f, day)
	switch draw := lot("answer", key, 100); {
	case draw < 82:
		for _, r := range f.Receivers {
			l.accept(f, r, day.AddDays(1+lot("accept", key+string(r), 6)))
		}
	case draw >= 92:
		l.disputed(f, f.Receivers[0], day.AddDays(2+lot("dispute", key, 4)))
	}
}

// disputed has a receiver dispute the report. Of the disputes most are settled by both sides, or by the body above
// where it has an officer, and some stay open.
func (l *life) disputed(f *fulfilment.Fulfilment, by id.Organisation, day scalar.Date) {
	key := string(f.ID)
	l.dispute(f, by, day)
	if lot("settled", key, 4) == 0 {
		return
	}
	outcome := fulfilment.Outcomes()[lot("outcome", key, len(fulfilment.Outcomes()))]
	day = day.AddDays(5 + lot("settle", key, 5))
	for _, above := range f.Above {
		if officer, has := l.bodies[above]; has && lot("decided", key, 2) == 0 {
			l.resolve(f, above, officer, outcome, day)
			return
		}
	}
	l.resolve(f, f.Provider, l.actors[f.Provider], outcome, day)
	l.resolve(f, by, l.actors[by], outcome, day.AddDays(1))
}

func (l *life) report(f *fulfilment.Fulfilment, day scalar.Date) {
	note := reports()[lot("note", string(f.ID), len(reports()))]
	l.on(day, f, func(ctx context.Context, f *fulfilment.Fulfilment) error {
		_, err := l.Fulfilments.Report(l.as(ctx, f.Provider), fulfilment.ReportInput{Change: version(f), ID: f.ID, Note: note})
		return err
	})
}

func (l *life) accept(f *fulfilment.Fulfilment, by id.Organisation, day scalar.Date) {
	l.on(day, f, func(ctx context.Context, f *fulfilment.Fulfilment) error {
		_, err := l.Fulfilments.Accept(l.as(ctx, by), fulfilment.AcceptInput{Change: version(f), ID: f.ID, Party: &by})
		return err
	})
}

func (l *life) dispute(f *fulfilment.Fulfilment, by id.Organisation, day scalar.Date) {
	reason := doubts()[lot("doubt", string(f.ID), len(doubts()))]
	l.on(day, f, func(ctx context.Context, f *fulfilment.Fulfilment) error {
		_, err := l.Fulfilments.Dispute(l.as(ctx, by), fulfilment.DisputeInput{Change: version(f), ID: f.ID, Party: &by, Reason: reason})
		return err
	})
}

func (l *life) resolve(f *fulfilment.Fulfilment, party id.Organisation, who authz.Actor, outcome fulfilment.Outcome, day scalar.Date) {
	l.on(day, f, func(ctx context.Context, f *fulfilment.Fulfilment) error {
		_, err := l.Fulfilments.Resolve(authz.With(ctx, who), fulfilment.ResolveInput{
			Change: version(f), ID: f.ID, Party: &party, Outcome: outcome, Reason: new(findings()[outcome]),
		})
		return err
	})
}

// on notes a task for a day, or for the day that is being lived where that one is over; what would be done after today
// is left to the demo's people.
func (l *life) on(day scalar.Date, f *fulfilment.Fulfilment, do func(context.Context, *fulfilment.Fulfilment) error) {
	if day = max(day, l.now); day <= l.today {
		l.todo[day] = append(l.todo[day], task{f.ID, do})
	}
}

func (l *life) as(ctx context.Context, o id.Organisation) context.Context {
	return authz.With(ctx, l.actors[o])
}

func version(f *fulfilment.Fulfilment) command.Change {
	return command.Change{ExpectedVersion: f.Version}
}

// What people say in the demo.

func reports() []string {
	return []string{
		"已按约定完成,现场情况良好。", "本期工作已完成,参与居民反响良好。", "已完成,详见社区工作台账。",
		"按计划开展,志愿者全程参与。", "已落实到位,后续将持续跟进。",
	}
}

func doubts() []string {
	return []string{"实际次数少于约定,请补充说明。", "部分楼栋尚未覆盖。", "社区未收到相关记录,请核实。", "完成时间与约定不符。"}
}

func findings() map[fulfilment.Outcome]string {
	return map[fulfilment.Outcome]string{
		fulfilment.Kept:     "经核实,已按约定完成。",
		fulfilment.KeptLate: "经核实,已完成,但晚于约定时间。",
		fulfilment.Partly:   "经核实,已完成一部分。",
		fulfilment.NotKept:  "经核实,未按约定完成。",
	}
}
