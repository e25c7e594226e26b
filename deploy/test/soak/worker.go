package main

import (
	"context"
	crypto "crypto/rand"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"time"
)

// worker is one thread of people's work: contract after contract, from its draft to what was promised in it.
type worker struct {
	n    int
	town *town
	book *book
	dice *rand.Rand

	contract contract
}

type contract struct {
	ID, Status, TextHash string
	Version              int
	Fulfilments          struct {
		Nodes []struct {
			ID, Status string
			Version    int
		}
	}
}

const contractFields = `id status version textHash`

// errNext says that this contract is given up for another.
var errNext = errors.New("the next one")

func (k *worker) work(ctx context.Context) {
	for n := 0; ctx.Err() == nil; n++ {
		err := k.one(ctx, fmt.Sprintf("共建协议 %d-%d", k.n, n))
		if err != nil && !errors.Is(err, errNext) && ctx.Err() == nil {
			k.book.strange(fmt.Errorf("worker %d: %w", k.n, err))
			if pause(ctx, time.Second) != nil {
				return
			}
		}
	}
}

// one takes one contract through its life, or a part of it.
func (k *worker) one(ctx context.Context, title string) error {
	w, today := k.town, time.Now().In(time.FixedZone("Asia/Shanghai", 8*60*60))
	day := func(n int) string { return today.AddDate(0, 0, n).Format(time.DateOnly) }
	k.contract = contract{}
	if err := k.change(ctx, w.secretary, "draftContract", "contract.drafted", map[string]any{
		"party": w.community, "title": title,
		"parties":     []any{map[string]any{"organisation": w.community, "part": "HOST"}, map[string]any{"organisation": w.unit, "part": "PARTNER"}},
		"clauses":     []any{map[string]any{"heading": "目的", "body": "双方就近共建，互通需求与资源。"}},
		"commitments": []any{map[string]any{"provider": w.unit, "receivers": []string{w.community}, "action": "开放会议室", "dueOn": day(0)}},
		"effectiveOn": day(0), "endsOn": day(365),
	}); err != nil {
		return err
	}
	for n := range k.dice.IntN(3) {
		if err := k.step(ctx, w.secretary, "reviseContract", "contract.revised", map[string]any{"title": fmt.Sprint(title, " ", n)}); err != nil {
			return err
		}
	}
	if k.dice.IntN(5) == 0 {
		return k.step(ctx, w.secretary, "cancelContract", "contract.cancelled", nil)
	}
	for _, s := range []struct {
		who        *person
		verb, tell string
	}{
		{w.secretary, "proposeContract", "contract.proposed"},
		{w.liaison, "agreeToContract", "contract.agreed"},
		{w.secretary, "openContractForSigning", "contract.opened"},
	} {
		if err := k.step(ctx, s.who, s.verb, s.tell, nil); err != nil {
			return err
		}
	}
	for _, who := range []*person{w.secretary, w.liaison} {
		if err := k.change(ctx, who, "signContract", "contract.signed", map[string]any{"id": k.contract.ID, "textHash": k.contract.TextHash}); err != nil {
			return err
		}
	}
	return k.fulfil(ctx)
}

// fulfil waits until what is due has been planned, and reports it; the community accepts.
func (k *worker) fulfil(ctx context.Context) error {
	for try := 0; len(k.contract.Fulfilments.Nodes) == 0; try++ {
		if try > 40 {
			return nil // another time
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return err
		}
		var out struct{ Contract contract }
		if err := k.town.liaison.ask(ctx, `query($id: ID!) { contract(id: $id) { `+contractFields+` fulfilments(first: 1) { nodes { id status version } } } }`,
			map[string]any{"id": k.contract.ID}, &out); err != nil {
			return err
		}
		k.contract = out.Contract
	}
	f := k.contract.Fulfilments.Nodes[0]
	k.contract = contract{ID: f.ID, Status: f.Status, Version: f.Version}
	if err := k.step(ctx, k.town.liaison, "reportFulfilment", "fulfilment.reported", map[string]any{"note": "已按约完成。"}); err != nil {
		return err
	}
	return k.step(ctx, k.town.secretary, "acceptFulfilment", "fulfilment.accepted", nil)
}

// step is a change of what was read last.
func (k *worker) step(ctx context.Context, who *person, verb, tell string, more map[string]any) error {
	input := map[string]any{"id": k.contract.ID, "expectedVersion": k.contract.Version}
	maps.Copy(input, more)
	return k.change(ctx, who, verb, tell, input)
}

// change does a mutation and notes what became of it: acknowledged, refused, or never heard of. Who hears nothing asks
// again under the same identifier, or now and then gives up.
func (k *worker) change(ctx context.Context, who *person, verb, tell string, input map[string]any) error {
	object, fields := "contract", contractFields
	if tell == "fulfilment.reported" || tell == "fulfilment.accepted" {
		object, fields = "fulfilment", "id status version"
	}
	input["clientMutationId"] = crypto.Text()
	query := "mutation($in: " + string(verb[0]-'a'+'A') + verb[1:] + "Input!) { it: " + verb + "(input: $in) { it: " + object + " { " + fields + " } replayed errors { code message } } }"
	stays := k.dice.IntN(8) > 0
	for {
		var out struct {
			It struct {
				It       *contract
				Replayed bool
				Errors   []refusal
			}
		}
		err := who.once(context.WithoutCancel(ctx), query, map[string]any{"in": input}, &out)
		switch {
		case errors.Is(err, errUnheard):
			if !stays || pause(ctx, 30*time.Millisecond) != nil {
				k.book.maybe(change{k.contract.ID, tell, k.contract.Version + 1})
				return errNext
			}
			continue
		case err != nil:
			return fmt.Errorf("%s: %w", verb, err)
		case len(out.It.Errors) > 0 && out.It.Errors[0].Code == "CONFLICT": // time has changed it meanwhile
			return errNext
		case len(out.It.Errors) > 0:
			return fmt.Errorf("%s of %+v: %w", verb, k.contract, &out.It.Errors[0])
		}
		did := change{out.It.It.ID, tell, out.It.It.Version}
		if out.It.Replayed { // the answer is as the thing is now; time may have changed it once more meanwhile
			did.version = k.contract.Version + 1
		}
		k.contract = *out.It.It
		k.book.acknowledged(did, out.It.Replayed)
		return nil
	}
}
