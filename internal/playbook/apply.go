package playbook

import (
	"context"
	"slices"
	"strconv"

	"golang.org/x/text/language"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// MaxChosen bounds the parts that are named at once.
const MaxChosen = 200

// ApplyInput is the input of applyPlaybook. Where neither parts nor kinds are named, everything that can be made is meant.
type ApplyInput struct {
	command.Once
	Community       id.Organisation
	Type            CommunityType
	PlaybookVersion *int // the newest where absent
	Parts           []string
	Kinds           []PartKind
	Language        *string // of what is made in one language, zh-CN where absent
	DryRun          bool
}

// State is what became of a part.
type State string

// The states of parts.
const (
	WasMade   State = "MADE"
	MadeEarly State = "MADE_BEFORE"
	WouldMake State = "WOULD_BE_MADE"
	NotMade   State = "NOT_MADE"
)

// Outcome is what became of one part.
type Outcome struct {
	Part   *Part
	State  State
	Object string // what was made of it, now or before; empty where nothing was
	Err    error  // why not
}

// Applied is what one applying has come to.
type Applied struct {
	Application *Application // nil for a dry run where nothing was ever taken
	Playbook    *Playbook
	Outcomes    []*Outcome
}

// Apply makes in a community what is chosen of a playbook: each part once, however often and by whomever it is asked
// for. Parts are made one by one, each by its own room's rules; what is wrong with one holds up no other, and is told at
// it. A dry run does everything but the writing.
func (s *Service) Apply(ctx context.Context, in ApplyInput) (*Applied, error) {
	p, parts, lang, err := s.asked(in)
	if err != nil {
		return nil, err
	}
	at, err := s.applicant(ctx, in)
	if err != nil {
		return nil, err
	}
	if in.DryRun {
		ctx = store.WithTrial(ctx, store.NewTrial())
	}
	a, err := s.open(ctx, at, p.Type)
	if err != nil {
		return nil, err
	}
	out := &Applied{Application: a, Playbook: p}
	var made []*Made
	for _, part := range parts {
		o, err := s.make(ctx, at.ID, p, part, lang, a)
		if err != nil {
			_, _ = s.note(ctx, a, p, made, 0) // what was made can be found again without it
			return nil, err
		}
		out.Outcomes = append(out.Outcomes, o)
		if o.Object != "" && a.made(part.Key) == nil {
			made = append(made, &Made{Key: part.Key, Kind: part.Kind, Object: o.Object, Version: p.Version, Print: part.print, At: s.now()})
		}
	}
	if store.Trying(ctx) {
		return s.tried(ctx, out)
	}
	out.Application, err = s.note(ctx, a, p, made, out.failed())
	return out, err
}

// asked reads the input by itself: which playbook, which parts of it, in which language.
func (s *Service) asked(in ApplyInput) (p *Playbook, parts []*Part, lang string, err error) {
	var f fault.List
	if p = s.Shelf.of(in.Type, in.PlaybookVersion); p == nil {
		latest := 0
		if newest := s.Shelf.of(in.Type, nil); newest != nil {
			latest = newest.Version
		}
		return nil, nil, "", fault.New(fault.Invalid, CodeUnknownVersion, "version", or(in.PlaybookVersion, 0), "type", in.Type, "latest", latest).At("playbookVersion")
	}
	if lang, err = languageOf(or(in.Language, "zh-CN")); err != nil {
		f.Add(err, "language")
	}
	for i, k := range in.Kinds {
		if !k.Made() {
			f.Add(fault.New(fault.Invalid, CodeOnlyRead, "part", k), "kinds", strconv.Itoa(i))
		}
	}
	if len(in.Parts) > MaxChosen {
		f.Add(fault.New(fault.Invalid, fault.CodeTooMany, "max", MaxChosen), "parts")
	} else {
		f.Add(p.names(in.Parts), "parts")
	}
	all := in.Parts == nil && in.Kinds == nil
	for _, part := range p.parts {
		if part.Kind.Made() && (all || slices.Contains(in.Kinds, part.Kind) || slices.Contains(in.Parts, part.Key)) {
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 && len(f) == 0 {
		f.Add(fault.New(fault.Invalid, fault.CodeTooFew, "min", 1), "parts")
	}
	return p, parts, lang, f.Err()
}

// names says which of the keys name no part, one that is only to be read, or the same again.
func (p *Playbook) names(keys []string) error {
	var f fault.List
	for i, key := range keys {
		part := p.Part(key)
		switch {
		case part == nil:
			f.Add(fault.New(fault.Invalid, CodeUnknownPart, "part", clipped(key)), strconv.Itoa(i))
		case !part.Kind.Made():
			f.Add(fault.New(fault.Invalid, CodeOnlyRead, "part", key), strconv.Itoa(i))
		case slices.Contains(keys[:i], key):
			f.Add(fault.New(fault.Invalid, fault.CodeDuplicate, "value", key), strconv.Itoa(i))
		}
	}
	return f.Err()
}

// applicant finds the community, whether the caller may apply playbooks to it, and whether this one is for it.
func (s *Service) applicant(ctx context.Context, in ApplyInput) (organisation.Facts, error) {
	found, err := s.Organisations(ctx, []id.Organisation{in.Community})
	if err != nil {
		return organisation.Facts{}, err
	}
	at := found[0]
	switch {
	case !at.Exists():
		return at, fault.New(fault.NotFound, fault.CodeNotFound, "id", in.Community).At("community")
	case !at.CanHost():
		return at, fault.New(fault.Invalid, CodeNotCommunity).At("community")
	}
	who := authz.From(ctx)
	if !s.table.Allows(who, access.PlaybookApply, applicationOf(at, in.Type)) {
		return at, s.table.Refusal(who, access.PlaybookApply)
	}
	if at.CommunityType != string(in.Type) {
		return at, fault.New(fault.Refused, CodeOtherType, "type", in.Type, "given", at.CommunityType).At("type")
	}
	return at, nil
}

func applicationOf(at organisation.Facts, t CommunityType) *Application {
	a := &Application{Community: at.ID, Above: at.Above, Type: t, Made: []*Made{}, Rounds: []*Round{}}
	a.ID = id.Derived[id.PlaybookApplication](id.KindPlaybookApplication, string(at.ID), string(t))
	return a
}

// open finds the community's application, or begins it; a mutation that the client has named is remembered by it, so that
// the same name with another input is refused before anything is made.
func (s *Service) open(ctx context.Context, at organisation.Facts, t CommunityType) (*Application, error) {
	a := applicationOf(at, t)
	found, err := s.applications.GetMany(authz.AsSystem(ctx), []string{string(a.ID)})
	if err != nil {
		return nil, err
	}
	was := found[0]
	switch {
	case was == nil:
		began, err := s.applications.Add(ctx, access.PlaybookApply, a)
		if fault.Is(err, fault.CodeTaken) { // begun by somebody else at the same moment
			return s.open(ctx, at, t)
		}
		return began, err
	case store.OnceFrom(ctx) == nil:
		return was, nil
	}
	return s.applications.Change(ctx, access.PlaybookApply, string(a.ID), func(a *Application) error {
		a.Above = at.Above
		return nil
	})
}

// make makes one part, under a name made of the community, the type and the part: whoever asks for it again finds what
// was made. What only we can mend ends the whole.
func (s *Service) make(ctx context.Context, of id.Organisation, p *Playbook, part *Part, lang string, a *Application) (*Outcome, error) {
	if was := a.made(part.Key); was != nil {
		return &Outcome{Part: part, State: MadeEarly, Object: was.Object}, nil
	}
	name := string(p.Type) + "/" + part.Key
	once := store.NewOnce("playbook\x00"+string(of), name, []byte(name))
	ctx = store.WithOnce(ctx, once)
	var made string
	var err error
	switch what := part.of.(type) {
	case *Need:
		made, err = s.Make.Need(ctx, of, lang, what)
	case *ContractTemplate:
		made, err = s.Make.ContractTemplate(ctx, of, what, p.Type)
	case *ProjectTemplate:
		made, err = s.Make.ProjectTemplate(ctx, of, what, p.Type)
	}
	switch {
	case err != nil && !mendable(err):
		return nil, err
	case err != nil:
		return &Outcome{Part: part, State: NotMade, Err: err}, nil
	case once.Replayed:
		return &Outcome{Part: part, State: MadeEarly, Object: made}, nil
	case store.Trying(ctx):
		return &Outcome{Part: part, State: WouldMake}, nil
	}
	return &Outcome{Part: part, State: WasMade, Object: made}, nil
}

// note keeps what was made, once the parts are done. A round that found everything made already leaves no trace.
func (s *Service) note(ctx context.Context, a *Application, p *Playbook, made []*Made, failed int) (*Application, error) {
	if len(made) == 0 && failed == 0 || store.Trying(ctx) {
		return a, nil
	}
	r := Round{Version: p.Version, At: s.now(), Role: office(ctx, a.Community), Failed: failed}
	return s.applications.Change(store.WithoutOnce(ctx), access.PlaybookApply, string(a.ID), func(a *Application) error {
		return a.note(r, made)
	})
}

// tried is what a dry run answers: the application as it is, nil where there is none.
func (s *Service) tried(ctx context.Context, out *Applied) (*Applied, error) {
	found, err := s.ManyApplications(ctx, []id.PlaybookApplication{out.Application.ID})
	if err != nil {
		return nil, err
	}
	out.Application = found[0]
	return out, nil
}

func (a *Applied) failed() int {
	n := 0
	for _, o := range a.Outcomes {
		if o.State == NotMade {
			n++
		}
	}
	return n
}

// office is the one by which the caller applies playbooks to a community.
func office(ctx context.Context, of id.Organisation) authz.Role {
	if authz.From(ctx).Holds(authz.Secretary, of) {
		return authz.Secretary
	}
	return ""
}

// mendable says whether the caller can do something about an error.
func mendable(err error) bool {
	return !slices.ContainsFunc(fault.All(err), func(f *fault.Fault) bool {
		return f.Kind == fault.Internal || f.Kind == fault.Unauthenticated || f.Kind == fault.Unavailable
	})
}

// languageOf is the language of the house that a tag means.
func languageOf(tag string) (string, error) {
	t, err := language.Parse(tag)
	if err == nil {
		switch base, _ := t.Base(); base.String() {
		case "zh":
			return "zh-CN", nil
		case "en":
			return "en", nil
		}
	}
	return "", fault.New(fault.Invalid, CodeLanguage, "language", clipped(tag))
}

// clipped keeps what a caller sent short where a sentence repeats it.
func clipped(s string) string {
	const most = 80
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

func or[V any](v *V, absent V) V {
	if v == nil {
		return absent
	}
	return *v
}
