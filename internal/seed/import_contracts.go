package seed

import (
	"context"
	"slices"

	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

func (im *importer) contracts(context.Context) ([]job, error) {
	jobs := make([]job, len(im.file.Contracts))
	for i := range im.file.Contracts {
		k := &im.file.Contracts[i]
		jobs[i] = job{key: k.Key, line: k.Line, needs: []string{k.Host}, do: func(ctx context.Context) (bool, error) {
			return im.contract(ctx, k)
		}}
		for _, p := range k.Parties {
			jobs[i].needs = append(jobs[i].needs, p.Organisation)
		}
	}
	return jobs, nil
}

// contract drafts a contract, or finds the one that an earlier import drafted, and takes it as far as its stage says.
func (im *importer) contract(ctx context.Context, k *Contract) (made bool, err error) {
	c, err := im.services.Contracts.Contract(ctx, im.file.Contract(k.Key))
	if fault.Is(err, fault.CodeNotFound) {
		made = true
		c, err = im.draft(ctx, k)
	}
	for err == nil {
		step := im.next(c, k)
		if step == nil {
			return made, nil
		}
		made = true
		c, err = step(ctx)
	}
	return made, err
}

func (im *importer) draft(ctx context.Context, k *Contract) (*contract.Contract, error) {
	in, err := textOf(*k, words{
		organisation: im.id, source: im.sources[k.Source], host: im.hosts[k.Host], file: im.file.Name,
		actor: func(key string) string {
			if p := im.acting[key]; p != nil {
				return p.Name
			}
			return ""
		},
	})
	if err != nil {
		return nil, err
	}
	host := im.id(k.Host)
	ctx = im.named(im.as(ctx, k.Host), InContracts, k.Key)
	return im.services.Contracts.Draft(ctx, contract.DraftInput{Party: &host, TextInput: in})
}

// as is a context in which the person acts who acts for an organisation.
func (im *importer) as(ctx context.Context, organisation string) context.Context {
	p := im.acting[organisation]
	if p == nil {
		return ctx
	}
	im.mu.Lock()
	who := im.result.People[p.Key]
	im.mu.Unlock()
	return authz.With(ctx, p.Actor(who, im.id(organisation)))
}

type step func(context.Context) (*contract.Contract, error)

// next is what the import still has to do to a contract; nil where it is as far as it is to be, or where people have
// taken it into their own hands.
func (im *importer) next(c *contract.Contract, k *Contract) step {
	untouched := c.TextVersion == 1 && len(c.Remarks) == 0 && len(c.Void) == 0 && len(c.Current) == len(c.Parties)
	if !untouched || rank(Stage(c.Status)) < 0 || rank(Stage(c.Status)) > rank(k.Stage) {
		return nil
	}
	host := im.id(k.Host)
	by := func(party id.Organisation) contract.StepInput {
		return contract.StepInput{ID: c.ID, Party: &party, Change: command.Change{ExpectedVersion: c.Version}}
	}
	switch Stage(c.Status) {
	case Draft:
		if k.Stage == Draft {
			return nil
		}
		return func(ctx context.Context) (*contract.Contract, error) {
			return im.services.Contracts.Propose(im.as(ctx, k.Host), contract.ProposeInput{StepInput: by(host)})
		}
	case Negotiating:
		if k.Stage == Negotiating {
			return nil
		}
		return im.negotiated(c, k, by)
	case Signing:
		return im.signed(c, k)
	case Signed:
	}
	return nil
}

// negotiated has the next silent party agree, and the host open the contract when none is left.
func (im *importer) negotiated(c *contract.Contract, k *Contract, by func(id.Organisation) contract.StepInput) step {
	for _, key := range im.required(k) {
		party := im.id(key)
		if p := c.Party(party); p != nil && p.AgreedTo != c.TextVersion {
			return func(ctx context.Context) (*contract.Contract, error) {
				return im.services.Contracts.Agree(im.as(ctx, key), contract.AgreeInput{StepInput: by(party)})
			}
		}
	}
	return func(ctx context.Context) (*contract.Contract, error) {
		return im.services.Contracts.OpenForSigning(im.as(ctx, k.Host), contract.OpenInput{StepInput: by(im.id(k.Host))})
	}
}

// signed has the next party sign: the host alone where the contract is to stay open.
func (im *importer) signed(c *contract.Contract, k *Contract) step {
	for _, key := range im.required(k) {
		party := im.id(key)
		if p := c.Party(party); p == nil || p.Signature != nil || k.Stage == Signing && key != k.Host {
			continue
		}
		return func(ctx context.Context) (*contract.Contract, error) {
			in := contract.SignInput{ID: c.ID, Party: &party}
			if hash := c.TextHash(); hash != nil {
				in.TextHash = *hash
			}
			return im.services.Contracts.Sign(im.as(ctx, key), in)
		}
	}
	return nil
}

// required are the keys of the parties that agree and sign: the host first, and every partner.
func (im *importer) required(k *Contract) []string {
	all := []string{k.Host}
	for _, p := range k.Parties {
		if p.Part == string(contract.Partner) {
			all = append(all, p.Organisation)
		}
	}
	return all
}

// rank is how far a stage is in a contract's life; -1 for a state that no import leads to.
func rank(s Stage) int { return slices.Index(Stages(), s) }
