package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/internal/platform/blob/blobtest"
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

func TestAServerKeepsFilesInABucket(t *testing.T) {
	dir := demonstration(t)
	s := serving(t, "--demo", "--data", dir, "--files", blobtest.S3(t))
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(tokensIn(t, dir)["administrator"]+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	units := filepath.Join(t.TempDir(), "units.csv")
	out, errs, code := cobuild(t, "", "export", "--server", s.url, "--token-file", token, "--output", units, `{ communities { nodes { id name } } }`)
	raw, err := os.ReadFile(units)
	if code != 0 || err != nil || !strings.Contains(string(raw), "com1_") {
		t.Fatalf("what the bucket gave: %d %s%s %q %v", code, out, errs, raw, err)
	}
	community, _, _ := strings.Cut(strings.Split(string(raw), "\n")[1], ",")
	file := "name,kind,registrations.0.community\n一连,MILITARY," + community + "\n二连,MILITARY," + community + "\n"
	if err := os.WriteFile(units, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	out, errs, code = cobuild(t, "", "import", "--server", s.url, "--token-file", token, "--mutation", "registerResidentUnit", units)
	if code != 0 || !strings.HasPrefix(out, "2 lines: 2 done") {
		t.Errorf("what the bucket took: %d %s%s", code, out, errs)
	}
	if kept, err := os.ReadDir(filepath.Join(dir, "files")); err == nil && len(kept) > 0 {
		t.Errorf("files lie beside the data too: %v", kept)
	}
}
