package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAServerDoesNotStartWithoutAPlaceForFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"another scheme":  {[]string{"--files", "ftp://files"}, "s3://bucket"},
		"a secret":        {[]string{"--files", "s3://me:hush@bucket?region=x"}, "environment"},
		"a secret option": {[]string{"--files", "s3://bucket?region=x&secret_access_key=hush"}, "environment"},
		"a file":          {[]string{"--files", file}, file},
		"nothing":         {[]string{"--max-file", "0"}, "max-file"},
		"too much":        {[]string{"--max-file", "2048"}, "2047"},
	} {
		_, errs, code := cobuild(t, "", append([]string{"serve", "--addr", "127.0.0.1:0", "--data", filepath.Join(t.TempDir(), "data")}, tt.args...)...)
		if code == 0 || !strings.Contains(errs, tt.want) || strings.Contains(errs, "hush") {
			t.Errorf("%s: %d %s", name, code, errs)
		}
	}
}
