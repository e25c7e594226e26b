package main

import (
	"fmt"
	"strings"
	"testing"
)

func TestATenthOfTheOpenFilesIsLeftForEverythingElse(t *testing.T) {
	for files, want := range map[int]int{20_000: 18_000, 1_024: 922, 512: 412, 100: 50, 3: 2} {
		if got := connectionsWithin(files); got != want {
			t.Errorf("of %d files %d are for connections, not %d", files, got, want)
		}
	}
}

func TestTheServerTakesAllTheFilesThatItMayHaveAndSaysSo(t *testing.T) {
	n, err := openFiles()
	if again, err2 := openFiles(); err != nil || err2 != nil || n < 10 || again != n {
		t.Fatalf("%d, then %d: %v %v", n, again, err, err2)
	}
	s := serving(t, "--data", t.TempDir())
	if want := fmt.Sprintf("at most %d open at once: up to %d ", n, connectionsWithin(n)); !strings.Contains(s.out.String(), want) {
		t.Errorf("it does not say %q: %s", want, s.out)
	}
}
