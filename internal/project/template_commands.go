package project

import (
	"context"
	"slices"
	"strconv"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/record"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// VersionInput is what a version of a template says.
type VersionInput struct {
	Schema  record.JSON
	Fields  []record.Field
	Form    []*FormSection
	Steps   []StepInput
	Summary *string
}

// StepInput is a step of a migration.
type StepInput struct {
	Do     record.Do
	Path   record.Pointer
	To     *record.Pointer
	Key    *string
	Value  *record.Literal
	Type   *record.Type
	Values []MappingInput
}

// MappingInput says what a value becomes.
type MappingInput struct {
	From record.Literal
	To   record.Literal
}

// CreateTemplateInput is the input of createProjectTemplate.
type CreateTemplateInput struct {
	command.Once
	Owner          *id.Organisation
	Name           Words
	Description    *Words
	CommunityTypes []CommunityType
	Version        VersionInput
}

// ReviseTemplateInput is the input of reviseProjectTemplate. What is absent stays.
type ReviseTemplateInput struct {
	command.Change
	ID             id.ProjectTemplate
	Name           *Words
	Description    *Words
	CommunityTypes []CommunityType
	Version        *VersionInput
}

// PublishInput is the input of publishProjectTemplateVersion.
type PublishInput struct {
	command.Change
	ID id.ProjectTemplate
}

// RetireInput is the input of retireProjectTemplate.
type RetireInput struct {
	command.Change
	ID id.ProjectTemplate
}

// CreateTemplate makes a template with its first version as a draft.
func (s *Service) CreateTemplate(ctx context.Context, in CreateTemplateInput) (*Template, error) {
	owner, err := s.owner(ctx, in.Owner)
	if err != nil {
		return nil, err
	}
	t := &Template{Owner: owner, Status: Draft}
	var f fault.List
	t.describe(&f, &in.Name, in.Description, in.CommunityTypes)
	body, err := in.Version.body(nil)
	f.Add(err, "version")
	if err := f.Err(); err != nil {
		return nil, err
	}
	t.Draft = body
	t.ID = store.NewID[id.ProjectTemplate](ctx, id.KindProjectTemplate, s.now(), s.Random)
	if err := t.tell(ToldTemplateCreated); err != nil {
		return nil, err
	}
	return s.templates.Add(ctx, access.ProjectTemplateCreate, t)
}

// ReviseTemplate changes what a template is called and for whom it is made, and writes the draft of its next version.
func (s *Service) ReviseTemplate(ctx context.Context, in ReviseTemplateInput) (*Template, error) {
	return s.templates.Change(ctx, access.ProjectTemplateRevise, string(in.ID), func(t *Template) error {
		if err := in.Expect(t.Version); err != nil {
			return err
		}
		if t.Status == Retired {
			return fault.New(fault.Refused, CodeTemplateRetired)
		}
		var f fault.List
		t.describe(&f, in.Name, in.Description, in.CommunityTypes)
		if in.Version != nil {
			before, err := s.schemaOf(ctx, t)
			if err != nil {
				return err
			}
			t.Draft, err = in.Version.body(before)
			f.Add(err, "version")
		}
		if err := f.Err(); err != nil {
			return err
		}
		return t.tell(ToldTemplateRevised)
	})
}

// PublishVersion makes the draft the version from which projects begin. From then on it never changes.
func (s *Service) PublishVersion(ctx context.Context, in PublishInput) (*Template, error) {
	return s.templates.Change(ctx, access.ProjectTemplatePublish, string(in.ID), func(t *Template) error {
		if err := in.Expect(t.Version); err != nil {
			return err
		}
		switch {
		case t.Status == Retired:
			return fault.New(fault.Refused, CodeTemplateRetired)
		case t.Draft == nil:
			return fault.New(fault.Refused, CodeNothingDrafted)
		case len(t.Versions) >= MaxVersions:
			return fault.New(fault.Refused, fault.CodeTooMany, "max", MaxVersions)
		}
		slots, err := s.slots(ctx, t, t.Draft.Fields)
		if err != nil {
			return err
		}
		ref, err := s.shelve(ctx, t.ID, t.Latest()+1, *t.Draft)
		if err != nil {
			return err
		}
		t.Status, t.Slots, t.Draft = Published, slots, nil
		t.Versions = append(slices.Clone(t.Versions), ref)
		return t.tell(ToldTemplatePublished)
	})
}

// RetireTemplate ends a template: it stays to be read and its projects go on, but none begins from it.
func (s *Service) RetireTemplate(ctx context.Context, in RetireInput) (*Template, error) {
	return s.templates.Change(ctx, access.ProjectTemplateRetire, string(in.ID), func(t *Template) error {
		if err := in.Expect(t.Version); err != nil {
			return err
		}
		if t.Status == Retired {
			return fault.New(fault.Refused, CodeTemplateRetired)
		}
		t.Status = Retired
		return t.tell(ToldTemplateRetired)
	})
}

// owner is for whom the caller keeps templates: the organisation that is named; none for an administrator who names none;
// else the only one for which the caller could.
func (s *Service) owner(ctx context.Context, named *id.Organisation) (id.Organisation, error) {
	a := authz.From(ctx)
	if !a.Known() {
		return "", fault.New(fault.Unauthenticated, fault.CodeUnauthenticated)
	}
	if named != nil {
		found, err := s.Organisations(ctx, []id.Organisation{*named})
		if err == nil && !found[0].Exists() {
			err = fault.New(fault.NotFound, fault.CodeNotFound, "id", *named).At("owner")
		}
		return *named, err
	}
	if a.IsSystem() || a.Holds(authz.Administrator, "") {
		return "", nil
	}
	var in []id.Organisation
	for _, r := range []authz.Role{authz.Secretary, authz.Liaison, authz.Supervisor} {
		for _, o := range a.In(r) {
			if !slices.Contains(in, o) {
				in = append(in, o)
			}
		}
	}
	switch len(in) {
	case 0:
		return "", nil // who may not will be told by the table
	case 1:
		return in[0], nil
	}
	return "", fault.New(fault.Invalid, fault.CodeRequired).At("owner")
}

func (t *Template) describe(f *fault.List, name, description *Words, types []CommunityType) {
	if name != nil {
		t.Name = text.BothLines(f, "name", *name, 1, MaxTitle)
	}
	if description != nil {
		t.Description = text.BothBlocks(f, "description", *description, 0, MaxSummary)
	}
	if types != nil || t.CommunityTypes == nil {
		t.CommunityTypes = []CommunityType{}
		if len(types) == 0 {
			types = CommunityTypes()
		}
		for _, c := range types {
			if !slices.Contains(t.CommunityTypes, c) {
				t.CommunityTypes = append(t.CommunityTypes, c)
			}
		}
	}
}

// schemaOf is the schema of the latest version; nil where none is published.
func (s *Service) schemaOf(ctx context.Context, t *Template) (*record.Schema, error) {
	if t.Latest() == 0 {
		return nil, nil //nolint:nilnil // no version, no schema
	}
	v, err := s.version(ctx, t, t.Latest())
	if err != nil {
		return nil, err
	}
	return s.compiled(v)
}

// body checks a version: its schema, and that fields, form and steps speak of what the schema describes. before is the
// schema of the version before; nil where there is none.
func (in VersionInput) body(before *record.Schema) (*Body, error) {
	var f fault.List
	b := &Body{Steps: []record.Step{}, Fields: []record.Field{}}
	if in.Summary != nil {
		b.Summary = text.Block(&f, "summary", *in.Summary, 0, MaxNote)
	}
	sound := b.steps(&f, in.Steps, before != nil)
	schema, err := record.Compile(in.Schema)
	f.Add(err, "schema")
	if err == nil {
		b.Schema = schema.JSON()
		b.declare(&f, in.Fields, schema)
		b.Form = form(&f, in.Form, schema)
	}
	if err == nil && sound {
		f.Add(record.Reach(b.Steps, before, schema), "steps")
	}
	return b, f.Err()
}

func (b *Body) declare(f *fault.List, fields []record.Field, s *record.Schema) {
	if len(fields) > record.MaxFields {
		f.Add(fault.New(fault.Invalid, fault.CodeTooMany, "max", record.MaxFields), "fields")
		return
	}
	for i, one := range fields {
		f.Add(s.Describes(one), "fields", strconv.Itoa(i))
		if slices.ContainsFunc(b.Fields, func(had record.Field) bool { return had.Path == one.Path }) {
			f.Add(fault.New(fault.Invalid, fault.CodeDuplicate, "value", one.Path), "fields", strconv.Itoa(i), "path")
		}
		b.Fields = append(b.Fields, one)
	}
}

// steps takes up the steps from the version before, and says whether each is sound in itself.
func (b *Body) steps(f *fault.List, in []StepInput, after bool) (sound bool) {
	switch {
	case len(in) > record.MaxSteps:
		f.Add(fault.New(fault.Invalid, fault.CodeTooMany, "max", record.MaxSteps), "steps")
		return false
	case len(in) > 0 && !after:
		f.Add(fault.New(fault.Invalid, CodeFirstSteps), "steps")
		return false
	}
	sound = true
	for i, one := range in {
		s := one.step()
		if err := s.Check(); err != nil {
			f.Add(err, "steps", strconv.Itoa(i))
			sound = false
		}
		b.Steps = append(b.Steps, s)
	}
	return sound
}

func (in StepInput) step() record.Step {
	s := record.Step{Do: in.Do, Path: in.Path, Type: in.Type}
	if in.To != nil {
		s.To = *in.To
	}
	if in.Key != nil {
		s.Key = *in.Key
	}
	if in.Value != nil {
		s.Value = record.JSON(*in.Value)
	}
	for _, m := range in.Values {
		s.Map = append(s.Map, record.Mapping{From: record.JSON(m.From), To: record.JSON(m.To)})
	}
	return s
}

// slots gives every declared field its slot: the one it had, else a free one. A slot is free when no version names its
// field that is the latest or still has projects.
func (s *Service) slots(ctx context.Context, t *Template, fields []record.Field) ([]Slot, error) {
	var add []record.Field
	for _, f := range fields {
		if !slices.ContainsFunc(t.Slots, func(had Slot) bool { return had.Field == f }) {
			add = append(add, f)
		}
	}
	kept := slices.Clone(t.Slots)
	if len(kept)+len(add) > Slots {
		used, err := s.usedFields(ctx, t)
		if err != nil {
			return nil, err
		}
		used = append(used, fields...)
		kept = slices.DeleteFunc(kept, func(had Slot) bool { return !slices.Contains(used, had.Field) })
	}
	for _, f := range add {
		n := 0
		for slices.ContainsFunc(kept, func(had Slot) bool { return had.Number == n }) {
			n++
		}
		if n >= Slots {
			return nil, fault.New(fault.Refused, CodeTooManyFields, "max", Slots)
		}
		kept = append(kept, Slot{Field: f, Number: n})
	}
	return kept, nil
}

// usedFields are those of the latest version, from which projects may be beginning, and of every one that has projects.
func (s *Service) usedFields(ctx context.Context, t *Template) ([]record.Field, error) {
	var out []record.Field
	for _, ref := range t.Versions {
		if ref.Number != t.Latest() {
			n, _, err := s.projects.Count(authz.AsSystem(ctx), store.And(byTemplate.Is(t.ID), byTemplateVersion.Is(ref.Number)), 1)
			if err != nil {
				return nil, err
			}
			if n == 0 {
				continue
			}
		}
		v, err := s.version(ctx, t, ref.Number)
		if err != nil {
			return nil, err
		}
		out = append(out, v.Fields...)
	}
	return out, nil
}
