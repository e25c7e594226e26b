package main

import (
	"strings"
	"testing"
)

func TestANodesNameIsRefusedWhereItIsNone(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--node", "one", "--data", t.TempDir()}, "--mongodb"},
		{[]string{"--node", "a b", "--mongodb", "mongodb://127.0.0.1:1"}, "a b"},
		{[]string{"--node", "a+b", "--mongodb", "mongodb://127.0.0.1:1"}, "a+b"},
	} {
		if _, errs, code := cobuild(t, "", append([]string{"serve"}, c.args...)...); code != 2 || !strings.Contains(errs, c.want) {
			t.Errorf("%v: %d %s", c.args, code, errs)
		}
	}
}
