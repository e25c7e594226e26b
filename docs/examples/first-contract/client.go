package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// client speaks GraphQL for one person.
type client struct {
	url   string
	token string
}

// ask sends an operation and reads its data into out. Errors at the top and in payloads alike become Go errors.
func (c client) ask(ctx context.Context, query string, variables map[string]any, out any) error {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+"/graphql", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/graphql-response+json")
	req.Header.Set("Authorization", "Bearer "+c.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var answer struct {
		Data   json.RawMessage
		Errors []struct{ Message string }
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return fmt.Errorf("%s: %w", resp.Status, err)
	}
	if len(answer.Errors) > 0 {
		return errors.New(answer.Errors[0].Message)
	}
	return json.Unmarshal(answer.Data, out)
}

// change sends a mutation of one input and reads its payload's object into out. A payload's own errors come first: they
// say what the caller can mend.
func (c client) change(ctx context.Context, verb, kind string, input map[string]any, fields string, out any) error {
	object := strings.ToLower(kind[:1]) + kind[1:]
	input["clientMutationId"] = fresh()
	query := fmt.Sprintf(`mutation($input: %s%sInput!) { answer: %s(input: $input) {
		%s { %s } errors { code path message } } }`, strings.ToUpper(verb[:1]), verb[1:], verb, object, fields)
	var data struct{ Answer map[string]json.RawMessage }
	if err := c.ask(ctx, query, map[string]any{"input": input}, &data); err != nil {
		return fmt.Errorf("%s: %w", verb, err)
	}
	var refused []struct {
		Code, Message string
		Path          []string
	}
	if err := json.Unmarshal(data.Answer["errors"], &refused); err != nil {
		return err
	}
	if len(refused) > 0 {
		return fmt.Errorf("%s: %s %s: %s", verb, refused[0].Code, strings.Join(refused[0].Path, "."), refused[0].Message)
	}
	return json.Unmarshal(data.Answer[object], out)
}
