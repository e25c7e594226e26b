package fulfilment_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/fulfilment"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/journal"
)

const photograph id.File = "fil1_01k9x3c7m2h0v5t8w4qg6znbyd"

// shoots is evidence that is a file.
func shoots(f id.File) *fulfilment.EvidenceInput {
	return &fulfilment.EvidenceInput{Kind: fulfilment.Photo, Description: "the readers", File: &f}
}

// filed is a world with one fulfilment due, and files that hash to what they are called.
func filed(t *testing.T) (w *world, settled *[]id.File, refuse *error) {
	t.Helper()
	w, settled, refuse = open(t), new([]id.File), new(error)
	w.Files = fulfilment.Files{
		Claim: func(_ context.Context, _ id.Fulfilment, of id.Organisation, files []id.File) ([]string, error) {
			if of != school() {
				t.Errorf("claimed for %s", of)
			}
			out := make([]string, len(files))
			for i := range files {
				out[i] = strings.Repeat(string(rune('a'+i)), 64)
			}
			return out, *refuse
		},
		Settle: func(_ context.Context, _ id.Fulfilment, files []id.File) error {
			*settled = append(*settled, files...)
			return nil
		},
	}
	w.hear(t, told(contract.Active, promise("p", due(dawn))))
	w.tick(t)
	return w, settled, refuse
}

func TestAReportTakesTheHashesOfTheFilesThatItNames(t *testing.T) {
	w, settled, _ := filed(t)
	elsewhere := &fulfilment.EvidenceInput{Kind: fulfilment.Link, Description: "a page", URL: new("https://example.org/")}
	f, err := w.report(as(liaison), w.one(t), elsewhere, shoots(photograph))
	if err != nil {
		t.Fatal(err)
	}
	e := f.Report.Evidence
	if e[0].File != "" || e[0].Sha256 != nil || e[1].File != photograph || *e[1].Sha256 != strings.Repeat("a", 64) {
		t.Errorf("evidence %+v, %+v", e[0], e[1])
	}
	if !slices.Equal(*settled, []id.File{photograph}) {
		t.Errorf("attached %v", *settled)
	}
	entry := journal.Entry{}
	entry.Subject = string(f.ID)
	if err := w.FollowReported(t.Context(), entry); err != nil || len(*settled) != 2 {
		t.Errorf("followed: %v, %v", *settled, err)
	}
	entry.Subject = "ful1_none"
	if err := w.FollowReported(t.Context(), entry); err != nil {
		t.Errorf("of what is not there: %v", err)
	}
	for named, want := range map[id.File]bool{photograph: true, "fil1_other": false} {
		if got, err := w.NamesFile(t.Context(), f.ID, named); err != nil || got != want {
			t.Errorf("%s: %v, %v", named, got, err)
		}
	}
	if got, err := w.NamesFile(t.Context(), "ful1_none", photograph); err != nil || got {
		t.Errorf("what is not there names it: %v, %v", got, err)
	}
}

func TestWhatIsWrongWithAFileIsToldAtItsPlaceInTheEvidence(t *testing.T) {
	w, settled, refuse := filed(t)
	*refuse = fault.List{fault.New(fault.Refused, "FILE_NOT_READY").At("1")}
	elsewhere := &fulfilment.EvidenceInput{Kind: fulfilment.OtherEvidence, Description: "words"}
	_, err := w.report(as(liaison), w.one(t), shoots(photograph), elsewhere, shoots("fil1_other"))
	if f := fault.Of(err); f.Code != "FILE_NOT_READY" || strings.Join(f.Path, ".") != "evidence.2.file" {
		t.Errorf("got %v", err)
	}
	*refuse = errors.New("the disk is gone")
	if _, err := w.report(as(liaison), w.one(t), shoots(photograph)); fault.Of(err).Kind != fault.Internal {
		t.Errorf("got %v", err)
	}
	*refuse = nil
	twice, wrong := shoots(photograph), shoots(photograph)
	twice.URL, wrong.Sha256 = new("https://example.org/"), new(strings.Repeat("0", 64))
	_, err = w.report(as(liaison), w.one(t), twice)
	if f := fault.Of(err); f.Code != fulfilment.CodeEvidenceTwice || strings.Join(f.Path, ".") != "evidence.0.url" {
		t.Errorf("a file and an address: %v", err)
	}
	_, err = w.report(as(liaison), w.one(t), wrong)
	if f := fault.Of(err); f.Code != fulfilment.CodeEvidenceHash || strings.Join(f.Path, ".") != "evidence.0.sha256" {
		t.Errorf("another hash: %v", err)
	}
	if _, err := w.report(as(nobody), w.one(t), shoots(photograph)); err == nil {
		t.Error("nobody reports")
	}
	if len(*settled) > 0 || w.one(t).Report != nil {
		t.Errorf("attached %v", *settled)
	}
}
