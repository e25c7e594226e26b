package match

import (
	"context"
	"slices"
	"strings"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
)

// Bounds of what a draft says by itself: whatever is longer is for people to write.
const (
	mostTitle   = 200  // characters, as contracts have them
	mostPurpose = 4000 // likewise
	mostNamed   = 3    // partners in a title
)

func (f *Filled) chinese() bool { return !strings.HasPrefix(strings.ToLower(f.Language), "en") }

// action says what is promised, in the words of both sides.
func (f *Filled) action(resource, need string) string {
	if f.chinese() {
		return "提供“" + resource + "”，满足需求“" + need + "”"
	}
	return "Provide “" + resource + "” for the need “" + need + "”"
}

// entitle gives the draft its words: the title and the purpose that the input gives, or those that follow from what was
// chosen, and what is promised.
func (s *Service) entitle(ctx context.Context, j *judge, in DraftInput, pairs []*pair, f *Filled) error {
	parties, err := s.Organisations(ctx, append([]id.Organisation{f.Host}, f.Partners...))
	if err != nil {
		return err
	}
	names := make([]string, len(parties))
	for i, o := range parties {
		names[i] = f.name(o)
	}
	f.Title = or(in.Title, clip(f.title(names[0], names[1:]), mostTitle))
	var needs []string
	for i, p := range pairs {
		need := f.called(s, j, parties, p.need)
		needs = append(needs, need)
		f.Commitments[i].Action = f.action(f.called(s, j, parties, p.resource), need)
	}
	f.Purpose = or(in.Purpose, clip(f.purpose(needs), mostPurpose))
	return nil
}

// called is what a draft calls an item: by its title where every party may read it, else by its category. A text that all
// sign tells nobody of what is hidden from them.
func (f *Filled) called(s *Service, j *judge, parties []organisation.Facts, i *Item) string {
	for _, o := range parties {
		if keys := s.ReadBy(o); !slices.ContainsFunc(i.Audience, func(k string) bool { return slices.Contains(keys, k) }) {
			name := j.tree.name(i.Category)
			if f.chinese() {
				return name.zh
			}
			return name.en
		}
	}
	return i.Title
}

func (f *Filled) name(o organisation.Facts) string {
	if !f.chinese() && o.NameEn != "" {
		return o.NameEn
	}
	return o.Name
}

func (f *Filled) title(host string, partners []string) string {
	some := partners[:min(len(partners), mostNamed)]
	if f.chinese() {
		more := ""
		if len(partners) > len(some) {
			more = "等"
		}
		return host + "与" + strings.Join(some, "、") + more + "共建契约"
	}
	more := ""
	if len(partners) > len(some) {
		more = " and others"
	}
	return "Co-building contract of " + host + " with " + strings.Join(some, ", ") + more
}

func (f *Filled) purpose(needs []string) string {
	if f.chinese() {
		return "各方合力满足以下需求：" + strings.Join(needs, "；") + "。"
	}
	return "The parties meet these needs: " + strings.Join(needs, "; ") + "."
}

// clip keeps a text within most characters.
func clip(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

func or[V any](v *V, absent V) V {
	if v == nil {
		return absent
	}
	return *v
}
