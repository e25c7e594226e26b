package main

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// post sends a body to /graphql and gives back the status and the whole answer.
func (s *server) post(t *testing.T, body string) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/graphql", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var b bytes.Buffer
	if _, err := b.ReadFrom(resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, b.String()
}

func TestAServerKeepsTheBudgetItWasGiven(t *testing.T) {
	s := serving(t, "--data", t.TempDir(), "--rate-address", "100")
	const q = `{"query":"{ communities(first: 40) { nodes { id } } }"}`
	code, header, answer := s.post(t, q) // takes the whole bucket, whatever it costs
	if code != 200 || !strings.Contains(header.Get("RateLimit-Policy"), "q=100;") || !strings.Contains(answer, `"cost"`) {
		t.Fatalf("%d %v %s", code, header, answer)
	}
	for range 20 { // a machine may be so slow that the bucket fills meanwhile
		if code, header, answer = s.post(t, q); code != 200 {
			break
		}
	}
	if code != 429 || header.Get("Retry-After") == "" || !strings.Contains(answer, "RATE_LIMITED") {
		t.Errorf("%d %v %s", code, header, answer)
	}
}

func TestTrustedDocumentsAreReadAgainAtTheSignal(t *testing.T) {
	outlive(syscall.SIGHUP)
	file := filepath.Join(t.TempDir(), "documents.json")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"who": "{ viewer { nothing } }"}`)
	if _, errs, code := cobuild(t, "", "serve", "--addr", "127.0.0.1:0", "--data", t.TempDir(), "--trusted-documents", file); code != 1 || !strings.Contains(errs, `"who"`) {
		t.Errorf("a document that does not fit: %d %s", code, errs)
	}
	write(`{"who": "{ viewer { name } }"}`)
	s := serving(t, "--data", t.TempDir(), "--trusted-documents", file, "--trusted-only")
	if code, _, answer := s.post(t, `{"documentId":"who"}`); code != 200 || !strings.Contains(answer, `"viewer":null`) {
		t.Fatalf("%d %s", code, answer)
	}
	if _, _, answer := s.post(t, `{"query":"{ viewer { id } }"}`); !strings.Contains(answer, "DOCUMENT_NOT_TRUSTED") {
		t.Errorf("got %s", answer)
	}
	write(`{"id": "{ viewer { id } }"}`)
	for began := time.Now(); time.Since(began) < 5*time.Minute; time.Sleep(50 * time.Millisecond) {
		if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		if _, _, answer := s.post(t, `{"documentId":"id"}`); strings.Contains(answer, `"viewer":null`) {
			return
		}
	}
	t.Error("the new document is not run")
}
