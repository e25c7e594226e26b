package contract

import (
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// StepOpenFor is how long a step waits for everybody's consent.
const StepOpenFor = 30 * 24 * time.Hour

// MaxPauses bounds how often a contract may rest.
const MaxPauses = 100

// PendingStep is a step that every host and partner has to consent to, and not all have yet. There is one at a time.
type PendingStep struct {
	Verb       Verb            `bson:"verb"`
	ProposedBy id.Organisation `bson:"proposedBy"`
	Reason     string          `bson:"reason"` // in the words of who proposed it
	Consents   []*Consent      `bson:"consents"`
	LapsesAt   time.Time       `bson:"lapsesAt"` // by then all have consented, or it is as if it had never been proposed
}

// Consent is one party's yes to a step.
type Consent struct {
	Organisation id.Organisation `bson:"organisation"`
	At           time.Time       `bson:"at"`
	Person       id.Person       `bson:"person,omitempty"`
}

// Pause is a time in which the contract rests: nothing falls due from the first day to the one before the last.
type Pause struct {
	From  scalar.Date  `bson:"from"`
	Until *scalar.Date `bson:"until,omitempty"` // the day on which it is in force again; absent while it rests
}

func (s *PendingStep) consent(of func(*Consent) bool) *Consent {
	if i := slices.IndexFunc(s.Consents, of); i >= 0 {
		return s.Consents[i]
	}
	return nil
}

func (s *PendingStep) consentOf(o id.Organisation) *Consent {
	return s.consent(func(c *Consent) bool { return c.Organisation == o })
}

// Together is a step that all hosts and partners take together: the first proposes it with a reason, the others
// consent, and with the last it takes effect. Nobody consents for two parties.
func (c *Contract) Together(v Verb, by By, reason string) error {
	if err := c.ready(v, by.Party); err != nil {
		return err
	}
	if c.Step == nil {
		if reason == "" {
			return fault.New(fault.Invalid, fault.CodeRequired).At("reason")
		}
		c.Step = &PendingStep{Verb: v, ProposedBy: by.Party, Reason: reason, LapsesAt: by.At.Add(StepOpenFor)}
	}
	two := func(k *Consent) bool { return by.Person != "" && k.Person == by.Person }
	if k := c.Step.consent(two); k != nil {
		return fault.New(fault.Refused, CodeConsentsForTwo, "names", c.namesOf([]id.Organisation{k.Organisation}))
	}
	c.Step.Consents = append(c.Step.Consents, &Consent{Organisation: by.Party, At: by.At, Person: by.Person})
	waits := func(p *Party) bool { return p.Required() && c.Step.consentOf(p.Organisation) == nil }
	if !slices.ContainsFunc(c.Parties, waits) {
		return c.takes(v, by, c.Step.Reason)
	}
	if err := c.move(v, c.Status); err != nil {
		return err
	}
	c.settle()
	return c.tell(ToldStepProposed, by.Party)
}

// Order is the same step, taken at once by a body that supervises the host. It gives its reason.
func (c *Contract) Order(v Verb, by By, reason string) error {
	if err := c.can(v); err != nil {
		return err
	}
	if reason == "" {
		return fault.New(fault.Invalid, fault.CodeRequired).At("reason")
	}
	if v == VerbSuspend && len(c.Pauses) >= MaxPauses {
		return fault.New(fault.Refused, fault.CodeTooMany, "max", MaxPauses)
	}
	return c.takes(v, by, reason)
}

// takes lets a step take effect.
func (c *Contract) takes(v Verb, by By, reason string) error {
	to, what := Suspended, ToldSuspended
	switch v {
	case VerbResume:
		to, what = Active, ToldResumed
	case VerbTerminate:
		to, what = Terminated, ToldTerminated
	}
	if err := c.move(v, to); err != nil {
		return err
	}
	today := scalar.DateOf(by.At, c.zone())
	switch v {
	case VerbSuspend:
		c.Pauses = append(c.Pauses, Pause{From: today})
	case VerbResume:
		c.rested(today)
	default:
		c.ends(by.At, today, reason)
	}
	c.Step, c.Completion = nil, nil
	c.settle()
	return c.tell(what, by.Party)
}

// rested ends the pause that the contract is in, if it is in one.
func (c *Contract) rested(until scalar.Date) {
	if n := len(c.Pauses); n > 0 && c.Pauses[n-1].Until == nil {
		c.Pauses[n-1].Until = &until
	}
}

// ends notes the contract's end: what is due on the day on, or later, is due no more.
func (c *Contract) ends(at time.Time, on scalar.Date, reason string) {
	c.rested(on)
	c.EndedAt, c.EndedOn, c.EndReason = &at, &on, reason
	c.Step, c.Completion = nil, nil
}

// WithdrawStep takes a party's consent to the pending step back. Where the party had proposed it, the step is off.
func (c *Contract) WithdrawStep(by By) error {
	if err := c.ready(VerbWithdraw, by.Party); err != nil {
		return err
	}
	if err := c.move(VerbWithdraw, c.Status); err != nil {
		return err
	}
	if c.Step.ProposedBy == by.Party {
		c.Step = nil
	} else {
		c.Step.Consents = slices.DeleteFunc(c.Step.Consents, func(k *Consent) bool { return k.Organisation == by.Party })
	}
	c.settle()
	return c.tell(ToldStepWithdrawn, by.Party)
}

// readyToConsent says whether a party's word is what a step waits for.
func (c *Contract) readyToConsent(v Verb, p *Party) error {
	switch {
	case p.Part == Witness:
		return noSay(p.Organisation)
	case c.Step != nil && c.Step.Verb != v:
		return fault.New(fault.Refused, CodeStepPending, "verb", c.Step.Verb)
	case c.Step != nil && c.Step.consentOf(p.Organisation) != nil:
		return fault.New(fault.Refused, CodeAlreadyConsented, "organisation", p.Organisation)
	case v == VerbSuspend && len(c.Pauses) >= MaxPauses:
		return fault.New(fault.Refused, fault.CodeTooMany, "max", MaxPauses)
	}
	return nil
}

func (c *Contract) readyToWithdraw(p *Party) error {
	switch {
	case c.Step == nil:
		return fault.New(fault.Refused, CodeNoStep)
	case c.Step.consentOf(p.Organisation) == nil:
		return fault.New(fault.Refused, CodeNotConsented, "organisation", p.Organisation)
	}
	return nil
}

// noSay refuses a witness where hosts and partners decide.
func noSay(o id.Organisation) error {
	return fault.New(fault.Refused, CodeWitnessHasNoSay, "organisation", o)
}
