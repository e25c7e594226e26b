package main

import (
	"context"
	"fmt"
	"time"
)

// terms are the parties' promises. What the property manager and the social organisation promise was promised in real
// agreements of such communities; how often, and how much it counts, is the story's choice.
func (s *story) terms() []map[string]any {
	return []map[string]any{
		{
			"key": "exchange", "provider": s.society.ID, "receivers": []string{s.community.ID, s.manager.ID},
			"action": "组织学习交流,破解物业难点", "quantity": "1", "unit": "次", "recurrence": "FREQ=MONTHLY;BYMONTHDAY=10",
		},
		{
			"key": "council", "provider": s.manager.ID, "receivers": []string{s.community.ID},
			"action": "召开物业议事会,答复居民诉求", "quantity": "1", "unit": "场", "recurrence": "FREQ=MONTHLY;BYMONTHDAY=15",
			"evidenceRequired": []string{"ATTENDANCE_LIST"}, "weight": 2,
		},
		{
			"key": "room", "provider": s.community.ID, "receivers": []string{s.society.ID, s.manager.ID},
			"action": "提供议事活动场地", "standing": true,
		},
	}
}

func (s *story) meet(ctx context.Context) error {
	if err := s.gather(ctx); err != nil {
		return err
	}
	s.said("%s, %s, %s", s.community.Name, s.society.Name, s.manager.Name)
	return nil
}

func (s *story) negotiate(ctx context.Context) error {
	from := time.Date(s.today.Year(), s.today.Month()+1, 1, 0, 0, 0, 0, s.today.Location())
	if err := s.as(s.secretary).Change(ctx, "draftContract", "Contract", map[string]any{
		"title": s.community.Name + "三方联建契约", "purpose": "社区、物业与社会组织联手,破解物业服务难点。",
		"parties": []map[string]any{
			{"organisation": s.community.ID, "part": "HOST"},
			{"organisation": s.society.ID, "part": "PARTNER"},
			{"organisation": s.manager.ID, "part": "PARTNER"},
		},
		"clauses":     []map[string]any{{"heading": "合作方式", "body": "三方按承诺事项逐项履约,由受益方确认;有争议的先行协商。"}},
		"commitments": s.terms(), "noticeDays": 30,
		"effectiveOn": from.Format(time.DateOnly), "endsOn": from.AddDate(0, 4, -1).Format(time.DateOnly),
	}, facts, &s.contract); err != nil {
		return err
	}
	s.said("drafted by the community, from %s to %s", s.contract.EffectiveOn, s.contract.EndsOn)
	if err := s.change(ctx, s.secretary, "proposeContract", nil); err != nil {
		return err
	}
	if err := s.change(ctx, s.keeper, "requestContractChanges", map[string]any{
		"remarks": []map[string]any{{"commitmentKey": "council", "body": "每月一场人手不足,请改为每月二十日。"}},
	}); err != nil {
		return err
	}
	revised := s.terms()
	revised[1]["recurrence"] = "FREQ=MONTHLY;BYMONTHDAY=20"
	if err := s.change(ctx, s.secretary, "reviseContract", map[string]any{"commitments": revised, "summary": "议事会改为每月二十日"}); err != nil {
		return err
	}
	s.said("the property manager asks for another day; version %d has it", s.contract.TextVersion)
	for _, p := range []*player{s.organiser, s.keeper} {
		if err := s.change(ctx, p, "agreeToContract", nil); err != nil {
			return err
		}
	}
	s.said("all three agree")
	return nil
}

func (s *story) sign(ctx context.Context) error {
	if err := s.change(ctx, s.secretary, "openContractForSigning", nil); err != nil {
		return err
	}
	s.said("frozen as %s", s.contract.TextHash)
	for _, p := range []*player{s.secretary, s.organiser, s.keeper} {
		if err := s.as(p).Change(ctx, "signContract", "Contract", map[string]any{
			"id": s.contract.ID, "textHash": s.contract.TextHash,
		}, facts, &s.contract); err != nil {
			return err
		}
		s.said("%s signs: %s", p.login, s.contract.Status)
	}
	if err := s.goTo(ctx, s.contract.EffectiveOn); err != nil {
		return err
	}
	err := s.wait(ctx, "the first day", func(c contract) bool { return c.Status == "ACTIVE" })
	s.said("%s: %s", s.contract.EffectiveOn, s.contract.Status)
	return err
}

// dispute lets the property manager claim a council meeting that the community does not take for one; they settle on half
// of it. The social organisation keeps its promise.
func (s *story) dispute(ctx context.Context) error {
	if err := s.goTo(ctx, s.in(20)); err != nil {
		return err
	}
	exchange, err := s.first(ctx, "exchange")
	if err != nil {
		return err
	}
	if err := answer(ctx, s.as(s.organiser), "reportFulfilment", exchange, map[string]any{"note": "组织交流一次,三方到场。"}); err != nil {
		return err
	}
	for _, p := range []*player{s.secretary, s.keeper} {
		if err := answer(ctx, s.as(p), "acceptFulfilment", exchange, nil); err != nil {
			return err
		}
	}
	s.said("the exchange of %s is reported late and %s", exchange.DueOn, exchange.Status)
	council, err := s.first(ctx, "council")
	if err != nil {
		return err
	}
	if err := answer(ctx, s.as(s.keeper), "reportFulfilment", council, map[string]any{
		"note": "议事会如期召开。", "evidence": []map[string]any{{"kind": "ATTENDANCE_LIST", "description": "签到表"}},
	}); err != nil {
		return err
	}
	if err := answer(ctx, s.as(s.secretary), "disputeFulfilment", council, map[string]any{"reason": "会议召开,但未答复居民诉求。"}); err != nil {
		return err
	}
	s.said("the council of %s is %s", council.DueOn, council.Status)
	for _, p := range []*player{s.keeper, s.secretary} {
		if err := answer(ctx, s.as(p), "resolveFulfilment", council, map[string]any{"outcome": "PARTLY", "reason": "双方认定部分履约,诉求下月答复。"}); err != nil {
			return err
		}
	}
	s.said("both sides hold it kept in part: %s", council.Status)
	return nil
}

// first is the earliest fulfilment of a commitment, once it is there.
func (s *story) first(ctx context.Context, key string) (*fulfilment, error) {
	for {
		all, err := s.due(ctx, key)
		if err != nil {
			return nil, err
		}
		if len(all) > 0 {
			return &all[0], nil
		}
		if err := pause(ctx); err != nil {
			return nil, fmt.Errorf("nothing is due of %s: %w", key, err)
		}
	}
}
