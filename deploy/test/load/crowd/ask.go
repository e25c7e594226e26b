package crowd

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// m is an input, or variables.
type m = map[string]any

// ask runs an operation as whoever has the key, and reads the value of its field "it".
func (s *Server) ask(ctx context.Context, key, query string, vars m, into any) error {
	raw, err := json.Marshal(m{"query": query, "variables": vars})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+"/graphql", bytes.NewReader(raw))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	var got struct {
		Data   struct{ It json.RawMessage }
		Errors json.RawMessage
	}
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil {
		return fmt.Errorf("%s: %w", resp.Status, err)
	}
	if len(got.Errors) > 0 {
		return fmt.Errorf("%s: %s", resp.Status, got.Errors)
	}
	var refused struct{ Errors json.RawMessage }
	if json.Unmarshal(got.Data.It, &refused) == nil && len(refused.Errors) > 0 && string(refused.Errors) != "[]" {
		return &refusal{string(refused.Errors)}
	}
	return json.Unmarshal(got.Data.It, into)
}

// refusal is what a mutation says that was not done.
type refusal struct{ errors string }

func (r *refusal) Error() string { return "refused: " + r.errors }

// do runs a mutation; ask is what is read of its payload beside the errors.
func (s *Server) do(ctx context.Context, key, mutation, input string, in m, ask string, into any) error {
	err := s.ask(ctx, key, "mutation($in: "+input+"!) { it: "+mutation+"(input: $in) { "+ask+" errors { code path message } } }", m{"in": in}, into)
	if err != nil {
		return fmt.Errorf("%s: %w", mutation, err)
	}
	return nil
}
