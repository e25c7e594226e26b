package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// What becomes of a question beside an answer.
var (
	// errUnheard says that nobody knows whether it was done: the server was away, or went away in the middle.
	errUnheard = errors.New("no answer")
	// errSignIn says that the token does not hold.
	errSignIn = errors.New("not signed in")
)

// refusal is a definite no: nothing was done.
type refusal struct{ Code, Message string }

func (r *refusal) Error() string { return r.Code + ": " + r.Message }

var client = &http.Client{Timeout: time.Minute}

// ask sends an operation and reads its data into out.
func ask(ctx context.Context, url, token, query string, variables map[string]any, out any) error {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/graphql", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("%w: %w", errUnheard, err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("%w: %w", errUnheard, err)
	}
	var answer struct {
		Data   json.RawMessage
		Errors []struct {
			Message    string
			Extensions struct{ Code string }
		}
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return fmt.Errorf("%w: %s %s", errUnheard, resp.Status, raw)
	}
	if len(answer.Errors) == 0 {
		return json.Unmarshal(answer.Data, out)
	}
	switch e := answer.Errors[0]; e.Extensions.Code {
	case "UNAUTHENTICATED", "TOKEN_INVALID", "TOKEN_EXPIRED", "SESSION_ENDED":
		return fmt.Errorf("%w: %s", errSignIn, e.Message)
	case "UNAVAILABLE", "SERVER_STOPPING", "TIMEOUT", "INTERNAL", "OVERLOADED":
		return fmt.Errorf("%w: %s", errUnheard, e.Message)
	default:
		return &refusal{e.Extensions.Code, e.Message}
	}
}
