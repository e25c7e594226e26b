// Package ask is all that the examples need to speak GraphQL: the standard library, and two functions.
package ask

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Client speaks GraphQL for one person, or for nobody where it has no token.
type Client struct {
	URL   string
	Token string
}

// RefusedError is what is wrong with a mutation and can be mended by its caller.
type RefusedError struct {
	Code, Message string
	Path          []string
}

// Error tells code, place and sentence.
func (r *RefusedError) Error() string {
	return fmt.Sprintf("%s %s: %s", r.Code, strings.Join(r.Path, "."), r.Message)
}

// Ask sends an operation and reads its data into out. Errors at the top and in payloads alike become Go errors.
func (c Client) Ask(ctx context.Context, query string, variables map[string]any, out any) error {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL+"/graphql", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/graphql-response+json")
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
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

// Change sends a mutation of one input and reads its payload's object into out.
func (c Client) Change(ctx context.Context, verb, kind string, input map[string]any, fields string, out any) error {
	object := strings.ToLower(kind[:1]) + kind[1:]
	return c.mutate(ctx, verb, input, object+" { "+fields+" }", object, out)
}

// Secret sends a mutation that answers a secret, such as a token, and reads it into out.
func (c Client) Secret(ctx context.Context, verb string, input map[string]any, field string, out *string) error {
	return c.mutate(ctx, verb, input, field, field, out)
}

// mutate sends a mutation under an identifier of its own. A payload's errors come first: they say what the caller can
// mend.
func (c Client) mutate(ctx context.Context, verb string, input map[string]any, fields, object string, out any) error {
	input["clientMutationId"] = rand.Text()
	query := fmt.Sprintf(`mutation($input: %s%sInput!) { answer: %s(input: $input) {
		%s errors { code path message } } }`, strings.ToUpper(verb[:1]), verb[1:], verb, fields)
	var data struct{ Answer map[string]json.RawMessage }
	if err := c.Ask(ctx, query, map[string]any{"input": input}, &data); err != nil {
		return fmt.Errorf("%s: %w", verb, err)
	}
	var refused []*RefusedError
	if err := json.Unmarshal(data.Answer["errors"], &refused); err != nil {
		return err
	}
	if len(refused) > 0 {
		return fmt.Errorf("%s: %w", verb, refused[0])
	}
	return json.Unmarshal(data.Answer[object], out)
}
