package app_test

import (
	"fmt"
	"testing"

	"github.com/cobuild/cobuild/internal/person"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// Half of them come to another node.
func TestOfManyWhoBringOneRefreshTokenAtMostOneIsServedAndTheSessionEnds(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			s := at(t)
			h := open(t, s.node())
			nodes := []*house{h, h.another(s.node())}
			for round := range 10 {
				in := h.signedIn(fmt.Sprintf("li.wei.%d", round))
				errs := make([]error, 8)
				must(t, together(len(errs), func(i int) error {
					_, errs[i] = nodes[i%2].People.Refresh(t.Context(), person.RefreshInput{RefreshToken: in.RefreshToken})
					return nil
				}))
				served, caught := 0, 0
				for _, err := range errs {
					switch {
					case err == nil:
						served++
					case fault.Is(err, person.CodeReused):
						caught++
					case !fault.Is(err, person.CodeRefresh): // the session had ended before it came
						t.Fatal(err)
					}
				}
				equal(t, "served", served, 1)
				equal(t, "that ended the session", caught, 1)
				for _, n := range nodes {
					if _, err := n.People.Actor(t.Context(), in.Person.ID, in.Session); !fault.Is(err, fault.CodeUnauthenticated) {
						t.Fatalf("the session goes on: %v", err)
					}
				}
			}
		})
	}
}

// signedIn is somebody new, who has just signed in.
func (h *house) signedIn(login string) *person.SignedIn {
	h.t.Helper()
	_, err := h.People.Enrol(h.t.Context(), person.Enrolment{LoginName: login, Name: login})
	must(h.t, err)
	_, err = h.People.ResetPassword(h.t.Context(), login, password)
	must(h.t, err)
	in, err := h.People.SignIn(h.t.Context(), person.SignInInput{Login: login, Password: password})
	must(h.t, err)
	return in
}
