package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// speaker speaks to a server over GraphQL, as any client does.
type speaker struct {
	at    *url.URL
	token string
	lang  string
	http  *http.Client
}

var errServer = errors.New("an address with http or https is needed")

// speakTo makes a speaker. The token is sent to that server alone.
func speakTo(server, token, lang string) (*speaker, error) {
	at, err := url.Parse(server)
	if err != nil || at.Host == "" || at.Scheme != "https" && at.Scheme != "http" || at.User != nil {
		return nil, errServer
	}
	refuse := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &speaker{at: at, token: token, lang: lang, http: &http.Client{CheckRedirect: refuse}}, nil
}

// fresh is a name for a mutation that no other one has.
func fresh() string { return "cobuild " + rand.Text() }

// said is a server's answer.
type said struct {
	Data   json.RawMessage
	Errors []struct{ Message string }
}

// mostTries bounds how often an answer is asked for that the server had no place or no budget for.
const mostTries = 120

// ask sends an operation and waits where the server says that it is to come again.
func (s *speaker) ask(ctx context.Context, query string, variables map[string]any, into any) error {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return err
	}
	for try := 0; ; try++ {
		answer, wait, err := s.once(ctx, body)
		if err != nil {
			return err
		}
		if wait > 0 && try < mostTries {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(wait):
			}
			continue
		}
		if len(answer.Errors) > 0 {
			return errors.New(answer.Errors[0].Message)
		}
		return json.Unmarshal(answer.Data, into)
	}
}

func (s *speaker) once(ctx context.Context, body []byte) (answer said, wait time.Duration, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.at.JoinPath("graphql").String(), bytes.NewReader(body))
	if err != nil {
		return answer, 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Authorization", "Bearer "+s.token)
	resp, err := s.send(req)
	if err != nil {
		return answer, 0, err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable {
		n, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
		wait = time.Duration(max(n, 1)) * time.Second
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return answer, 0, fmt.Errorf("%s: %s: %w", s.at, resp.Status, err)
	}
	return answer, wait, nil
}

func (s *speaker) send(req *http.Request) (*http.Response, error) {
	req.Header.Set("Accept-Language", s.lang)
	return s.http.Do(req)
}

// change does a mutation about a job.
func (s *speaker) change(ctx context.Context, mutation, input string, in map[string]any) (*job, error) {
	var got struct {
		It struct {
			Job    *job
			Errors []struct {
				Message string
				Path    []string
			}
		}
	}
	query := "mutation($in: " + input + "!) { it: " + mutation + "(input: $in) { job {" + jobFields + "} errors { message path } } }"
	if err := s.ask(ctx, query, map[string]any{"in": in}, &got); err != nil {
		return nil, err
	}
	var all []error
	for _, e := range got.It.Errors {
		all = append(all, errors.New(strings.TrimPrefix(strings.Join(e.Path, ".")+": ", ": ")+e.Message))
	}
	return got.It.Job, errors.Join(all...)
}

func (s *speaker) cancel(ctx context.Context, job string) error {
	_, err := s.change(ctx, "cancelBulkJob", "CancelBulkJobInput", map[string]any{"id": job, "clientMutationId": fresh()})
	return err
}

// address is one of the server's own that it has given.
func (s *speaker) address(given string) (string, error) {
	at, err := s.at.Parse(given)
	if err != nil || at.Host != s.at.Host {
		return "", errServer
	}
	return at.String(), nil
}

// upload brings a file to an address.
func (s *speaker) upload(ctx context.Context, given, path string) error {
	at, err := s.address(given)
	if err != nil {
		return err
	}
	f, err := os.Open(path) //nolint:gosec // the operator names it
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, at, f)
	if err != nil {
		return err
	}
	req.ContentLength = info.Size()
	resp, err := s.send(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return accepted(resp)
}

// download writes what lies at an address.
func (s *speaker) download(ctx context.Context, given string, to io.Writer) error {
	at, err := s.address(given)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := s.send(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if err := accepted(resp); err != nil {
		return err
	}
	n, err := io.Copy(to, resp.Body)
	if err == nil && resp.ContentLength >= 0 && n != resp.ContentLength {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// accepted is what a server says where it has not done as it was asked.
func accepted(resp *http.Response) error {
	if resp.StatusCode < http.StatusMultipleChoices {
		return nil
	}
	var answer said
	if err := json.NewDecoder(resp.Body).Decode(&answer); err == nil && len(answer.Errors) > 0 {
		return errors.New(answer.Errors[0].Message)
	}
	return errors.New(resp.Status)
}

// hashOf is the SHA-256 of a file.
func hashOf(path string) (string, error) {
	f, err := os.Open(path) //nolint:gosec // the operator names it
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
