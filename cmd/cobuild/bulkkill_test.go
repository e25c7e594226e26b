package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// killable starts a demonstration as a process of its own, waits until it answers, and gives back what kills it.
func killable(t *testing.T, dir, addr string) (kill func()) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childVar+"="+strings.Join([]string{"cobuild", "serve", "--demo", "--data", dir, "--addr", addr, "--log-level", "warn"}, "\n"))
	var said screen
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	kill = func() {
		_ = cmd.Process.Kill()
		<-ended
	}
	t.Cleanup(kill)
	for began := time.Now(); !strings.Contains(said.String(), "Try"); {
		select {
		case <-ended:
			t.Fatalf("the server ended: %s", said.String())
		case <-time.After(20 * time.Millisecond):
		}
		if time.Since(began) > 15*time.Minute {
			t.Fatalf("the server is not ready: %s", said.String())
		}
	}
	return kill
}

// free is an address at which nobody listens, so that a server that was killed can come back to it.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestAnImportGoesOnAfterItsServerWasKilledAndWhoWaitsForItHearsTheEnd(t *testing.T) {
	const many = 3000
	dir, addr := demonstration(t), free(t)
	kill, s := killable(t, dir, addr), &server{url: "http://" + addr}
	admin := tokensIn(t, dir)["administrator"]
	ask := func(query string) map[string]any {
		t.Helper()
		data, errs := s.ask(t, admin, query, nil)
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		return data
	}
	units := func() float64 {
		data := ask(`{ residentUnits(filter: {kind: {eq: MILITARY}}) { totalCount } }`)
		return data["residentUnits"].(map[string]any)["totalCount"].(float64)
	}
	first := ask(`{ communities(first: 1) { nodes { id } } }`)["communities"].(map[string]any)["nodes"].([]any)[0]
	var file bytes.Buffer
	file.WriteString("name,kind,registrations.0.community\n")
	for i := range many {
		fmt.Fprintf(&file, "第%d连,MILITARY,%s\n", i, first.(map[string]any)["id"])
	}
	path, token := filepath.Join(t.TempDir(), "units.csv"), filepath.Join(t.TempDir(), "token")
	for name, what := range map[string][]byte{path: file.Bytes(), token: []byte(admin + "\n")} {
		if err := os.WriteFile(name, what, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	before := units()

	said := make(chan string, 1)
	go func() {
		out, errs, code := cobuild(t, "", "import", "--server", s.url, "--token-file", token, "--mutation", "registerResidentUnit", path)
		said <- fmt.Sprint(code, " ", out, errs)
	}()
	for began := time.Now(); units() == before && time.Since(began) < 10*time.Minute; {
		time.Sleep(time.Millisecond)
	}
	kill()
	killable(t, dir, addr)

	if told, want := <-said, fmt.Sprintf("0 %d lines: %d done, 0 wrong.", many, many); !strings.HasPrefix(told, want) {
		t.Errorf("whoever waits is told %s", told)
	}
	if after := units(); after != before+many {
		t.Errorf("%v units were made of %d lines", after-before, many)
	}
}
