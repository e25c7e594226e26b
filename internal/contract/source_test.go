package contract

import (
	"bytes"
	"testing"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
)

// matched is a draft whose first commitment came of a match.
func matched(in *DraftInput) {
	in.Sources = []Source{{Need: lack(), Resource: offer(), Millions: 812_500, Weights: "v1"}}
}

func lack() id.Need      { return id.Derived[id.Need](id.KindNeed, "n") }
func offer() id.Resource { return id.Derived[id.Resource](id.KindResource, "r") }

func TestACommitmentKeepsTheMatchFromWhichItCameWhateverIsRevised(t *testing.T) {
	h := newHouse(t)
	in := draft()
	matched(&in)
	c := h.drafted(in, secretary)
	found, err := h.SourcesOf(h.as(secretary), c.Commitments)
	if err != nil || found[0] == nil || found[0].Need != lack() || found[0].Score() != 0.8125 || found[1] != nil {
		t.Fatalf("%v %v", found, err)
	}
	all := c.input().Commitments
	all[0].Action = "两次讲座"
	c, err = h.Revise(h.as(secretary), ReviseInput{Change: step(c).Change, ID: c.ID, Commitments: all})
	if err != nil {
		t.Fatal(err)
	}
	if found, _ = h.SourcesOf(h.as(secretary), c.Commitments); found[0] == nil {
		t.Error("a revision lost where a commitment came from")
	}
	if found, _ = h.SourcesOf(h.as(authz.Actor{Person: "x"}), c.Commitments); found[0] != nil {
		t.Error("an outsider reads where it came from")
	}
	again := all[0]
	c, err = h.Revise(h.as(secretary), ReviseInput{Change: step(c).Change, ID: c.ID, Commitments: all[1:]})
	if err != nil {
		t.Fatal(err)
	}
	c, err = h.Revise(h.as(secretary), ReviseInput{Change: step(c).Change, ID: c.ID, Commitments: append([]CommitmentInput{again}, all[1:]...)})
	if err != nil || len(c.Sources) != 0 {
		t.Errorf("a key given by hand brings back a match: %v, %v", c.Sources, err)
	}
}

func TestContractsAreFoundFromTheNeedAndTheResourceByWhoReadsThem(t *testing.T) {
	h := newHouse(t)
	in := draft()
	matched(&in)
	c := h.drafted(in, secretary)
	h.drafted(draft(), secretary)
	a := page.Args{First: new(5)}
	for name, find := range map[string]func() (*Connection, error){
		"need":     func() (*Connection, error) { return h.FromNeed(h.as(secretary), lack(), a) },
		"resource": func() (*Connection, error) { return h.FromResource(h.as(secretary), offer(), a) },
	} {
		if got, err := find(); err != nil || len(got.Nodes()) != 1 || got.Nodes()[0].ID != c.ID {
			t.Errorf("from the %s: %v, %v", name, got, err)
		}
	}
	if got, err := h.FromNeed(h.as(authz.Actor{Person: "x"}), lack(), a); err != nil || len(got.Nodes()) != 0 {
		t.Errorf("an outsider finds %v, %v", got, err)
	}
	if _, err := h.FromNeed(h.as(secretary), lack(), page.Args{}); !fault.Is(err, fault.CodeBadPage) {
		t.Errorf("without bounds: %v", err)
	}
}

func TestARenewalInheritsItsSourcesAndASignedTextDoesNotHoldThem(t *testing.T) {
	h := newHouse(t)
	c := h.inForce(matched)
	if bytes.Contains(c.Frozen.Bytes, []byte(lack())) {
		t.Error("what is signed names the need")
	}
	next := h.must(c, VerbRenew, secretary)
	if len(next.Sources) != 1 || next.Sources[0].Need != lack() || next.Sources[0].Key != c.Sources[0].Key {
		t.Errorf("inherited %v", next.Sources)
	}
}
