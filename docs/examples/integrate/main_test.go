package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/Khan/genqlient/graphql"

	"github.com/cobuild/cobuild/graph/graphtest"
)

// draft makes contracts of the town's community and its unit.
func draft(t *testing.T, w *graphtest.Town, title string) (id string, version int) {
	t.Helper()
	a := w.Do(t, "secretary", "draftContract", graphtest.M{
		"title": title, "effectiveOn": "2026-04-01", "endsOn": "2027-03-31",
		"parties": []graphtest.M{{"organisation": w.Community, "part": "HOST"}, {"organisation": w.Unit, "part": "PARTNER"}},
	}, "contract { id version }").Fine()
	return a.Str("it.contract.id"), a.Int("it.contract.version")
}

func serving(t *testing.T) (*graphtest.Town, string) {
	t.Helper()
	w := graphtest.NewTown(t)
	live := httptest.NewServer(w.Handler)
	t.Cleanup(live.Close)
	return w, live.URL + "/graphql"
}

func TestAGeneratedClientReadsEveryPageOfAList(t *testing.T) {
	w, url := serving(t)
	for n := range strings.SplitSeq("abcdefghijkl", "") { // three pages
		draft(t, w, "Contract "+n)
	}
	var out strings.Builder
	if err := list(t.Context(), connect(url, w.Token(t, "secretary")), ContractStatusDraft, &out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 12 || !strings.HasPrefix(lines[0], "until 2027-03-31  Contract ") || !strings.Contains(lines[0], "(长安社区, 恒远机械有限公司)") {
		t.Errorf("%d lines: %s", len(lines), out.String())
	}
}

func TestAGeneratedClientTellsARefusalFromSuccess(t *testing.T) {
	w, url := serving(t)
	id, version := draft(t, w, "A contract")
	c := connect(url, w.Token(t, "secretary"))
	stale, err := Cancel(t.Context(), c, &CancelContractInput{Id: id, ExpectedVersion: version + 1})
	if err != nil || len(stale.CancelContract.Errors) != 1 || stale.CancelContract.Errors[0].Code != "CONFLICT" || stale.CancelContract.Contract != nil {
		t.Fatalf("%+v %v", stale, err)
	}
	once := "cancelled-once"
	for again := range 2 {
		done, err := Cancel(t.Context(), c, &CancelContractInput{Id: id, ExpectedVersion: version, ClientMutationId: &once})
		if err != nil || len(done.CancelContract.Errors) > 0 || done.CancelContract.Contract.Status != ContractStatusCancelled {
			t.Fatalf("%+v %v", done, err)
		}
		if done.CancelContract.Replayed != (again == 1) {
			t.Errorf("time %d: replayed is %t", again, done.CancelContract.Replayed)
		}
	}
}

func TestAGeneratedClientIsToldWhyItsTokenDoesNotHold(t *testing.T) {
	_, url := serving(t)
	_, err := Contracts(t.Context(), connect(url, "nonsense"), ContractStatusActive, nil)
	refused, ok := errors.AsType[*graphql.HTTPError](err)
	if !ok || refused.StatusCode != http.StatusUnauthorized || refused.Response.Errors[0].Extensions["code"] != "UNAUTHENTICATED" {
		t.Errorf("%T: %v", err, err)
	}
}
