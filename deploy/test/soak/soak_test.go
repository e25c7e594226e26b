package main

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/cobuild/cobuild/internal/platform/store/mongostore/mongotest"
)

// The long version is make soak.
func TestNothingAcknowledgedIsLostWhereTheServerIsKilled(t *testing.T) {
	bin := t.TempDir()
	for _, pkg := range []string{"cmd/cobuild", "docs/examples/follow"} {
		if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", bin, "github.com/cobuild/cobuild/"+pkg).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	for _, kind := range []string{"bolt", "mongodb"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			o := options{program: filepath.Join(bin, "cobuild"), follow: filepath.Join(bin, "follow"), rounds: 3, seed: 3, workers: 6, out: t.Output()}
			if kind == "mongodb" {
				o.mongodb = mongotest.URI(t)
			}
			if err := soak(t.Context(), kind, t.TempDir(), o); err != nil {
				t.Fatal(err)
			}
		})
	}
}
