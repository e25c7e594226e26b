package graph_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/graph/graphtest"
)

// What subscribers ask: the second depends on who asks, the others are the same for all who have the same rights.
const (
	askAlike = `subscription { it: contractChanged { seq type at contract {
		id version status title purpose effectiveOn endsOn allowedActions coDrafted remarks { body } pauses { from } textHash
		host { __typename id name } turn { id name } draftedBy { id } signingOrder { id } subDistrict { id name } district { nameEn }
		parties { part state name fulfilmentRate organisation { __typename id name organisationKind } signature { key } notice { reason } }
		clauses { key heading body } commitments { id action weight provider { id name } receivers { id } contract { id } }
		pendingStep { verb } predecessor { id } successor { id } renewalChain { id }
	} } }`
	askOwn = `subscription { it: contractChanged { seq contract {
		id parties { liaison responsibleHead } versions(first: 2) { nodes { number personName } pageInfo { endCursor } }
		fulfilments(first: 1) { totalCount nodes { id allowedActions } } amendments(first: 1) { totalCount } signingStatement(party: "nobody")
	} } }`
	askEvents = `subscription { it: eventsPublished(filter: {types: ["contract.*"]}) { id seq type subjectId subjectVersion at data } }`
)

// pair is a subscriber who listens twice: where answers are shared and where they are not.
type pair struct {
	who             string
	together, apart *graphtest.Hearing
}

// square is a town in which people come, go and act at random, watched by pairs.
type square struct {
	*graphtest.Town
	t     *testing.T
	dice  *rand.Rand
	pairs []pair
	seats map[string]m // the roles that can be taken from somebody and given back, by login
	held  map[string]bool
	made  []*graphtest.Answer // contracts

	measures http.Handler // of the handler in which answers are shared
}

// TestSubscribersAreToldTheSameInGroupsAndApart compares, byte for byte, what subscribers of every kind hear while rights
// begin and end at random.
func TestSubscribersAreToldTheSameInGroupsAndApart(t *testing.T) {
	s := newSquare(t, rand.New(rand.NewPCG(2026, 3)))
	acts := []func(){s.drafts, s.proposes, s.proposes, s.takes, s.gives, s.cancels}
	for range 24 {
		acts[s.dice.IntN(len(acts))]()
	}
	s.gives()
	s.drafts()
	made, told := s.counted("cobuild_live_answers_total"), s.counted("cobuild_live_events_total")
	if made == 0 || made >= told {
		t.Errorf("%d answers were made for %d events", made, told)
	}
}

func newSquare(t *testing.T, dice *rand.Rand) *square {
	t.Helper()
	w := graphtest.NewTown(t)
	s := &square{Town: w, t: t, dice: dice, seats: map[string]m{}, held: map[string]bool{}}
	for login, seat := range map[string]m{
		"second liaison": {"role": "LIAISON", "organisation": w.Unit, "signing": true}, "third liaison": {"role": "LIAISON", "organisation": w.Unit, "signing": false},
		"second supervisor": {"role": "SUPERVISOR", "organisation": w.SubDistrict}, "second auditor": {"role": "AUDITOR", "organisation": w.District},
	} {
		login = strings.ReplaceAll(login, " ", "-")
		sent := w.Do(t, "admin", "invitePerson", with(seat, m{"name": "Name of " + login}), "code").Fine()
		who := w.Do(t, "", "acceptInvitation", m{"code": sent.Str("it.code"), "loginName": login, "password": graphtest.Password, "name": "Name of " + login}, "person { id }").Fine()
		s.seats[login], s.held[login] = with(seat, m{"person": who.Str("it.person.id")}), true
	}
	account(t, w, "erp", "CONTRACTS_READ")
	account(t, w, "crm", "CONTRACTS_READ")
	on := w.Serve(t)
	s.measures = w.App.Measures()
	alone := w.App.Live
	w.App.Live.Apart = true
	h, err := w.App.Handler()
	if err != nil {
		t.Fatal(err)
	}
	w.App.Live = alone
	other := httptest.NewServer(h)
	t.Cleanup(other.Close)
	everybody := slices.Concat([]string{"secretary", "steward", "liaison", "supervisor", "auditor", "outsider", "erp", "crm"}, slices.Sorted(maps.Keys(s.seats)))
	for _, who := range everybody {
		for _, ask := range []string{askAlike, askOwn, askEvents} {
			s.pairs = append(s.pairs, pair{who, w.Hear(t, on, who, ask), w.Hear(t, other, who, ask)})
		}
	}
	return s
}

// happens has each pair hear what has happened to a contract, if they may.
func (s *square) happens(c *graphtest.Answer) {
	s.t.Helper()
	requests := regexp.MustCompile(`"requestId":"[^"]*"`)
	for _, p := range s.pairs {
		sees := s.Ask(s.t, p.who, `query($id: ID!) { contract(id: $id) { id } }`, "id", c.Str("it.contract.id"))
		if sees.Get("contract") == nil {
			continue
		}
		a, b := p.together.Next(), p.apart.Next()
		if a == nil || b == nil {
			s.t.Fatalf("%s hears no more: %v, %v", p.who, a, b)
		}
		one, other := requests.ReplaceAllString(a.Text, ""), requests.ReplaceAllString(b.Text, "")
		if one != other || !strings.Contains(one, c.Str("it.contract.id")) {
			s.t.Fatalf("%s heard in a group\n%s\nand apart\n%s", p.who, one, other)
		}
	}
}

func (s *square) drafts() {
	c := s.Do(s.t, "secretary", "draftContract", draft(s.Town), contractFields).Fine()
	s.made = append(s.made, c)
	s.happens(c)
}

// next takes one of the contracts on, where it can be.
func (s *square) next(mutation string) {
	if len(s.made) == 0 {
		s.drafts()
		return
	}
	i := s.dice.IntN(len(s.made))
	if c := step(s.t, s.Town, "secretary", mutation, s.made[i], nil); c.Get("it.contract") != nil {
		s.made[i] = c
		s.happens(c)
	}
}

func (s *square) proposes() { s.next("proposeContract") }
func (s *square) cancels()  { s.next("cancelContract") }

// takes ends somebody's right, and gives begins all that were ended.
func (s *square) takes() {
	login := slices.Sorted(maps.Keys(s.seats))[s.dice.IntN(len(s.seats))]
	if !s.held[login] {
		return
	}
	s.held[login] = false
	role := s.Ask(s.t, login, `{ viewer { roles { id } } }`).Fine()
	s.Do(s.t, "admin", "revokeRole", m{"role": role.Str(fmt.Sprintf("viewer.roles.%d.id", role.Len("viewer.roles")-1))}, "person { id }").Fine()
}

func (s *square) gives() {
	for _, login := range slices.Sorted(maps.Keys(s.seats)) {
		if !s.held[login] {
			s.held[login] = true
			s.Do(s.t, "admin", "grantRole", s.seats[login], "person { id }").Fine()
		}
	}
}

// counted reads a counter of the handler in which answers are shared.
func (s *square) counted(name string) int {
	s.t.Helper()
	w := httptest.NewRecorder()
	s.measures.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	found := regexp.MustCompile(name + `\{[^}]*\} (\d+)`).FindStringSubmatch(w.Body.String())
	if found == nil {
		s.t.Fatalf("%s is not measured", name)
	}
	n, err := strconv.Atoi(found[1])
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}
