package webhook

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// Bounds of one round.
const (
	pageSize   = 100             // events taken up at once
	fresh      = time.Second     // how old what was shaped may be when it is sent
	slow       = time.Second     // an answer that takes longer keeps its endpoint to few requests at once
	widest     = 32              // requests under way to one endpoint
	narrowest  = 1               //
	firstWidth = 8               //
	saveAfter  = 5 * time.Second // how long a place may lie unsaved behind what was none of a webhook's business
	saveBehind = 1000            // likewise, in events
)

// item is an event on its way to one webhook.
type item struct {
	aside

	again  bool // sent once more because people want it: a try of its own, which holds back nothing
	shaped Shaped
	made   time.Time // when it was shaped
	done   bool      // nothing more is to be done: it was taken, given up or withheld
}

// lane is what this node remembers of a webhook between rounds.
type lane struct {
	busy  sync.Mutex
	width int          // requests under way at once: more for who answers fast, one for who fails
	seen  int64        // looked at, and nothing there; not saved yet
	saved time.Time    // when the progress was last saved
	lag   atomic.Int64 // events between the last place and the newest
}

// outcome is what a round has come to.
type outcome struct {
	live bool      // whether the webhook is one to be sent to
	more bool      // whether there is more to be done at once
	next time.Time // when to look again; zero where nothing waits
}

// round is one round of sending to one webhook: what is due of what was set aside, and what is new.
type round struct {
	s       *Service
	w       *Webhook
	lane    *lane
	p       *progress
	began   time.Time
	chains  [][]*item // each of one subject, in its order
	from    int64     // place behind which the journal was looked at
	reached int64     // and up to which
	replay  *replay   // what of a replay is left
	probing bool      // whether the circuit is open, and this is the one attempt

	mu      sync.Mutex
	st      standing
	opened  bool          // the endpoint is to be left alone
	wait    time.Duration // for at least so long, as it asks
	gone    bool
	stopped bool // nothing more is begun
	tried   int
	slow    bool
	records []record // what came of it, to be kept before the place moves on
	err     error
}

func (s *Service) lane(of id.Webhook) *lane {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lanes[of]
	if l == nil {
		l = &lane{width: firstWidth}
		s.lanes[of] = l
	}
	return l
}

// step does one round for a webhook, if there is anything to be done and this node may do it.
func (s *Service) step(ctx context.Context, of id.Webhook) (outcome, error) {
	l := s.lane(of)
	if !l.busy.TryLock() {
		return outcome{live: true}, nil
	}
	defer l.busy.Unlock()
	system := authz.AsSystem(ctx)
	w, err := s.webhooks.Get(system, string(of))
	if fault.Is(err, fault.CodeNotFound) || err == nil && w.State != Active {
		return outcome{}, nil
	}
	if err != nil {
		return outcome{live: true}, err
	}
	p, err := s.progress.Get(system, string(of))
	if err != nil {
		return outcome{live: true}, err
	}
	r := &round{s: s, w: w, lane: l, p: p, began: s.now(), st: p.Endpoint, probing: p.Endpoint.RestsUntil != nil, replay: p.Replay}
	from, out, err := r.look(system)
	if err != nil || !out.more {
		return out, err
	}
	actor, err := s.Acting(system, w.ServiceAccount)
	if refused(err) { // everything waits until it may act again
		return outcome{live: true}, nil
	}
	if err != nil {
		return outcome{live: true}, err
	}
	if r.p, err = s.claim(system, p, r.began); errors.Is(err, errLost) {
		return outcome{live: true}, nil
	}
	if err != nil {
		return outcome{live: true}, err
	}
	as := authz.With(ctx, actor)
	if err := r.plan(as, from); err != nil {
		return outcome{live: true}, err
	}
	if err := r.shape(as); err != nil {
		return outcome{live: true}, err
	}
	r.run(as)
	return r.save(system)
}

// refused says whether a service account cannot act now.
func refused(err error) bool {
	k := fault.Of(err).Kind
	return err != nil && (k == fault.Unauthenticated || k == fault.NotFound || k == fault.Forbidden)
}

// look says whether there is anything to be done, and behind which place to begin.
func (r *round) look(ctx context.Context) (from int64, out outcome, err error) {
	out.live = true
	if rests := r.p.Endpoint.RestsUntil; rests != nil && r.began.Before(*rests) {
		out.next = *rests
		return 0, out, nil
	}
	last, err := r.s.Last(ctx)
	if err != nil {
		return 0, out, err
	}
	from = r.p.Seq
	if r.p.Node == r.s.Node && r.p.Until.After(r.began) {
		from = max(from, r.lane.seen)
	}
	r.lane.lag.Store(last - from)
	due := r.p.due()
	unsaved := from > r.p.Seq && r.began.Sub(r.lane.saved) >= saveAfter
	out.more = last > from && len(r.p.Aside) < mostAside || !due.IsZero() && !due.After(r.began) || unsaved
	out.next = due
	return from, out, nil
}

// plan gathers what there is to do: what was set aside and what is new, by subjects; and what people want once more.
func (r *round) plan(ctx context.Context, from int64) error {
	by := map[string]int{}
	push := func(i *item) {
		n, known := by[i.Subject]
		if !known {
			n = len(r.chains)
			by[i.Subject] = n
			r.chains = append(r.chains, nil)
		}
		r.chains[n] = append(r.chains[n], i)
	}
	for _, a := range r.p.Aside {
		if slices.Contains(r.p.Again, a.Seq) {
			a.Due = time.Time{}
		}
		push(&item{aside: a})
	}
	r.from, r.reached = from, from
	most := min(pageSize, mostAside-len(r.p.Aside))
	if r.probing {
		most = min(most, 1)
	}
	if most > 0 {
		found, reached, err := r.s.Offered(ctx, r.wanted(), from, most)
		if err != nil {
			return err
		}
		for _, e := range found {
			push(&item{aside: aside{Seq: e.Seq, Type: e.Type, Subject: e.Subject, At: e.At}})
		}
		r.reached = reached
	}
	if r.probing {
		return nil
	}
	return r.planAgain(authz.AsSystem(ctx))
}

// wanted are the types that the webhook is to hear of; nil for all.
func (r *round) wanted() []string {
	if len(r.w.Events) == 0 {
		return nil
	}
	return r.w.Events
}

// due are the chains that can be begun now; of an endpoint whose circuit is open the one attempt that finds out: with what
// was tried least, so that an event that nobody can take does not stand for the endpoint.
func (r *round) due() [][]*item {
	if r.probing {
		var first []*item
		for _, c := range r.chains {
			if first == nil || cmp.Or(cmp.Compare(c[0].Tries, first[0].Tries), cmp.Compare(c[0].Seq, first[0].Seq)) < 0 {
				first = c
			}
		}
		if first == nil {
			return nil
		}
		first[0].Due = time.Time{}
		return [][]*item{first[:1]}
	}
	return slices.DeleteFunc(slices.Clone(r.chains), func(c []*item) bool { return c[0].Due.After(r.began) })
}

// shape makes what is sent of the events that can be sent now, all at once.
func (r *round) shape(ctx context.Context) error {
	all := slices.Concat(r.due()...)
	for part := range slices.Chunk(all, pageSize) {
		ids := make([]id.Event, len(part))
		for i, one := range part {
			ids[i] = id.Placed(one.Seq)
		}
		made, err := r.s.Shape(ctx, r.w.Selection, ids)
		if err != nil {
			return err
		}
		for i, one := range part {
			one.shaped, one.made = made[i], r.began
		}
	}
	return nil
}

// run sends, the events of one subject one after the other, those of several side by side.
func (r *round) run(ctx context.Context) {
	var g errgroup.Group
	g.SetLimit(r.lane.width)
	for _, c := range r.due() {
		g.Go(func() error {
			r.chain(ctx, c)
			return nil
		})
	}
	_ = g.Wait() // every failure is in the round
}

// chain sends the events of one subject until one of them fails: that one holds back what comes behind it.
func (r *round) chain(ctx context.Context, c []*item) {
	for _, i := range c {
		if !r.goesOn(ctx) || i.Due.After(r.began) {
			return
		}
		if err := r.one(ctx, i); err != nil {
			r.fails(err)
			return
		}
		if !i.done {
			return
		}
	}
}

// goesOn says whether another attempt may be begun.
func (r *round) goesOn(ctx context.Context) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.stopped && ctx.Err() == nil && r.s.now().Sub(r.began) < working
}

// fails ends the round for something that is no endpoint's fault.
func (r *round) fails(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopped, r.err = true, errors.Join(r.err, err)
}

// one makes one attempt, and keeps what came of it.
func (r *round) one(ctx context.Context, i *item) error {
	w, ok, err := r.renew(ctx, i)
	if err != nil || !ok {
		return err
	}
	if i.shaped.Err == nil && i.shaped.Data == nil {
		i.done = true
		r.keep(record{*i, nil, Withheld, nil})
		return nil
	}
	var out sent
	if i.shaped.Err != nil {
		r.s.Log.WarnContext(ctx, "webhook: no payload", "webhook", w.ID, "seq", i.Seq, "error", i.shaped.Err)
		out = sent{Attempt: &Attempt{At: r.s.now(), Error: new(ErrorShape)}}
	} else {
		out = r.s.send(ctx, w, string(id.Placed(i.Seq)), letter{i.Type, i.At, i.shaped.Data})
	}
	r.s.noted(out, i.Tries == 0 && !i.again, i.At)
	before := *i
	state, next := r.judge(i, out)
	r.keep(record{before, out.Attempt, state, next})
	return nil
}

func (r *round) keep(one record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.records = append(r.records, one)
}

// renew makes an event anew that has waited too long for its turn: the webhook may have been paused since, its account
// disabled, or the subject hidden from it.
func (r *round) renew(ctx context.Context, i *item) (w *Webhook, ok bool, err error) {
	if r.s.now().Sub(i.made) < fresh {
		return r.w, true, nil
	}
	system := authz.AsSystem(ctx)
	if w, err = r.s.webhooks.Get(system, string(r.w.ID)); err != nil {
		return nil, false, err
	}
	actor, err := r.s.Acting(system, w.ServiceAccount)
	if refused(err) || w.State != Active {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.stopped = true
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	made, err := r.s.Shape(authz.With(ctx, actor), w.Selection, []id.Event{id.Placed(i.Seq)})
	if err != nil {
		return nil, false, err
	}
	i.shaped, i.made = made[0], r.s.now()
	return w, true, nil
}

// judge says what an attempt means for its event and for the endpoint.
func (r *round) judge(i *item, out sent) (DeliveryState, *time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.s.now()
	r.tried++
	r.st.LastAttemptAt = &now
	r.slow = r.slow || time.Duration(out.Duration)*time.Millisecond > slow
	if out.fine() {
		r.st = standing{LastSuccessAt: &now, LastAttemptAt: &now}
		i.done = true
		return Delivered, nil
	}
	if i.Since.IsZero() {
		i.Since = now
	}
	i.Tries++
	i.Due = now.Add(max(pause(i.Tries), out.wait)).Truncate(time.Millisecond)
	if *out.Error != ErrorShape {
		r.st.Failures++
		if r.st.FailingSince == nil {
			r.st.FailingSince = &now
		}
	}
	if out.gone {
		r.gone, r.stopped = true, true
	}
	if r.probing || out.wait > 0 || r.st.Failures >= opensAfter {
		r.opened, r.stopped, r.wait = true, true, max(r.wait, out.wait)
	}
	if i.again || !r.opened && !r.gone && now.Sub(i.Since) >= GiveUp {
		i.done = true
		return Failed, nil
	}
	return Pending, new(i.Due)
}

// save keeps how far the webhook has come, and stops it where its endpoint is gone or has failed for days.
func (r *round) save(ctx context.Context) (outcome, error) {
	ctx = context.WithoutCancel(ctx)
	now := r.s.now()
	out := outcome{live: true, more: r.tried > 0 || r.reached > r.from}
	if err := errors.Join(r.s.recordAll(ctx, r.w.ID, r.records), r.err); err != nil {
		return out, err
	}
	r.widen()
	if r.tried == 0 && r.idle(now) {
		r.lane.seen = r.reached
		return out, nil
	}
	if r.opened {
		r.st.Rests++
		r.st.RestsUntil = new(now.Add(max(nth(r.st.Rests, firstPause, longestRest), r.wait)).Truncate(time.Millisecond))
	}
	if err := r.halt(ctx, now); err != nil {
		return out, err
	}
	p, err := r.s.progress.Touch(ctx, access.WebhookKeep, string(r.w.ID), func(p *progress) error { return r.into(p, now) })
	if err != nil {
		return out, err
	}
	r.lane.seen, r.lane.saved = p.Seq, now
	out.next = p.due()
	if p.Endpoint.RestsUntil != nil {
		out.more, out.next = false, *p.Endpoint.RestsUntil
	}
	return out, nil
}

// idle says whether nothing has changed but a place that need not be saved yet.
func (r *round) idle(now time.Time) bool {
	waiting := 0
	for _, c := range r.chains {
		waiting += len(c)
	}
	return waiting == len(r.p.Aside) && r.p.Replay == nil && r.reached-r.p.Seq < saveBehind && now.Sub(r.lane.saved) < saveAfter
}

// widen lets more requests be under way to an endpoint that answers fast, and fewer to one that is slow or fails.
func (r *round) widen() {
	switch l := r.lane; {
	case r.tried == 0:
	case r.st.Failures > 0 || r.slow:
		l.width = max(l.width/2, narrowest)
	default:
		l.width = min(l.width*2, widest)
	}
}

// halt stops a webhook whose endpoint is gone, or has taken nothing for days.
func (r *round) halt(ctx context.Context, now time.Time) error {
	verb, cause, what := VerbVanish, CauseGone, ToldGone
	if since := r.st.FailingSince; !r.gone {
		if !r.opened || since == nil || now.Sub(*since) < GiveUp {
			return nil
		}
		verb, cause, what = VerbSuspend, CauseFailing, ToldSuspended
	}
	_, err := r.s.webhooks.Change(ctx, access.WebhookKeep, string(r.w.ID), func(w *Webhook) error {
		if w.State != Active { // somebody was faster
			return errNothing
		}
		return w.move(verb, cause, what)
	})
	if errors.Is(err, errNothing) {
		return nil
	}
	return err
}

// into writes what the round has come to into the progress, if this node still has the webhook.
func (r *round) into(p *progress, now time.Time) error {
	if p.Node != r.s.Node {
		return errLost
	}
	p.Seq, p.Endpoint, p.Until = r.reached, r.st, now.Add(lease)
	p.Aside = nil
	for _, c := range r.chains {
		for _, i := range c {
			if !i.done && !i.again {
				p.Aside = append(p.Aside, i.aside)
			}
		}
	}
	slices.SortFunc(p.Aside, func(a, b aside) int { return cmp.Compare(a.Seq, b.Seq) })
	if !r.probing {
		p.Again = slices.DeleteFunc(p.Again, r.answered)
		if p.Replay != nil && r.p.Replay != nil && *p.Replay == *r.p.Replay { // not a new one, asked for meanwhile
			p.Replay = r.left()
		}
	}
	return nil
}
