package playbook

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cobuild/cobuild/internal/platform/recurrence"
)

// MaxVersion is the highest version of a playbook.
const MaxVersion = 9999

// check looks for what the form of the file (playbook.schema.json) cannot say: that keys are told apart, that rules can
// be read, that commitments name parties of their contract.
func (p *Playbook) check() error {
	if !slices.Contains(CommunityTypes(), p.Type) || p.Version < 1 || p.Version > MaxVersion {
		return fmt.Errorf("no type %q, or no version %d", p.Type, p.Version)
	}
	seen := map[string]bool{}
	for _, part := range p.parts {
		if part.Key == "" || seen[part.Key] {
			return fmt.Errorf("the key %q is empty or there twice", part.Key)
		}
		seen[part.Key] = true
	}
	for _, t := range p.ContractTemplates {
		if err := t.check(); err != nil {
			return fmt.Errorf("%s: %w", t.Key, err)
		}
	}
	for _, e := range p.Calendar {
		if err := readable(e.Recurrence); err != nil {
			return fmt.Errorf("%s: %w", e.Key, err)
		}
	}
	return nil
}

func (t *ContractTemplate) check() error {
	parties := []string{"host"}
	for _, p := range t.Partners {
		parties = append(parties, p.Key)
	}
	for i, c := range t.Commitments {
		for _, who := range append([]string{c.Provider}, c.Receivers...) {
			if !slices.Contains(parties, who) {
				return fmt.Errorf("commitment %d: no party %q among %s", i, who, strings.Join(parties, ", "))
			}
		}
		if err := readable(c.Recurrence); err != nil {
			return fmt.Errorf("commitment %d: %w", i, err)
		}
	}
	return nil
}

func readable(rule *string) error {
	if rule == nil {
		return nil
	}
	_, err := recurrence.Parse(*rule)
	return err
}
