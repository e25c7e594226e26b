package graph_test

import (
	"slices"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/cobuild/cobuild/graph/graphtest"
)

// Out of a hash a telephone number is found by trying, since all else that was said lies beside it. So what is personal is no
// part of it: who sends another number under the same name has sent the same.
func TestNoHashOfAnInputTellsWhatIsPersonalInIt(t *testing.T) {
	w := graphtest.NewTown(t)
	wish := func(more m) m {
		in := with(m{"kind": "MICRO_WISH", "title": "想要一台收音机", "quantity": "1", "unit": "台", "contact": "13812345678"}, more)
		return m{"clientMutationId": "wish", "need": lacking(w.House, in)}
	}
	first := w.Do(t, "secretary", "publishNeed", wish(nil), needFields).Fine()
	again := w.Do(t, "secretary", "publishNeed", wish(m{"contact": "13912345678"}), needFields+" replayed").Fine()
	if again.Str("it.need.id") != first.Str("it.need.id") || again.Get("it.replayed") != true || again.Str("it.need.contact") != "13812345678" {
		t.Errorf("got %s", again.Text)
	}
	w.Do(t, "secretary", "publishNeed", wish(m{"title": "想要一部电话"}), needFields).Is("IDEMPOTENCY_MISMATCH")

	invite := m{"clientMutationId": "invitation", "role": "MEMBER", "organisation": w.Unit, "name": "Zhao"}
	w.Do(t, "admin", "invitePerson", invite, "code").Fine()
	w.Do(t, "admin", "invitePerson", with(invite, m{"name": "Qian"}), "code").Is("ALREADY_DONE")
	w.Do(t, "admin", "invitePerson", with(invite, m{"role": "LIAISON"}), "code").Is("IDEMPOTENCY_MISMATCH")
}

// TestInputsThatFillWhatIsPersonalAreMarkedLikeIt names them: a new one is to be marked, or it leaves a hash.
func TestInputsThatFillWhatIsPersonalAreMarkedLikeIt(t *testing.T) {
	always := []string{"contact", "resident", "login", "loginName", "email"}
	named := []string{"AcceptInvitationInput", "InvitePersonInput", "StartUploadInput"} // of a person, and of a person's file
	for _, d := range own(published(t)) {
		if d.Kind != ast.InputObject {
			continue
		}
		for _, f := range d.Fields {
			want := slices.Contains(always, f.Name) || f.Name == "name" && slices.Contains(named, d.Name)
			if is := f.Directives.ForName("personal") != nil; is != want {
				t.Errorf("%s.%s: marked %v", d.Name, f.Name, is)
			}
		}
	}
}
