package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// event is what we ask of one.
type event struct {
	Seq             cursor
	Type, SubjectID string
	SubjectVersion  int
	Data            struct{ Status string }
}

// cursor is a place in the order of events. It comes as a string: it may be larger than what JSON's readers take exactly.
type cursor int64

// UnmarshalJSON reads the string.
func (c *cursor) UnmarshalJSON(raw []byte) error {
	n, err := strconv.ParseInt(strings.Trim(string(raw), `"`), 10, 64)
	*c = cursor(n)
	return err
}

type page struct {
	Nodes    []event
	PageInfo struct {
		HasNextPage bool
		EndCursor   *cursor
	}
}

const (
	fields  = `seq type subjectId subjectVersion data`
	pages   = `query ($after: String) { events(first: 100, after: $after, filter: {types: ["contract.*"]}) { nodes { ` + fields + ` } pageInfo { hasNextPage endCursor } } }`
	hearing = `subscription ($after: Long) { eventsPublished(after: $after, filter: {types: ["contract.*"]}) { ` + fields + ` } }`
	silence = time.Minute // the server gives a sign of life every 20 seconds
)

// answer is what comes back, whole or as one of many.
type answer struct {
	Data struct {
		Events          page
		EventsPublished event
	}
	Errors []struct {
		Message    string
		Extensions struct{ Code string }
	}
}

// wrong is the first error of an answer. A place that the server has not reached is of another server, or of this one before
// it lost its data: to go on as if nothing had happened would be wrong.
func (a *answer) wrong() error {
	if len(a.Errors) == 0 {
		return nil
	}
	e := a.Errors[0]
	err := fmt.Errorf("%s: %s", e.Extensions.Code, e.Message)
	if e.Extensions.Code == "SEQ_NOT_REACHED" || strings.HasPrefix(e.Extensions.Code, "GRAPHQL_") {
		err = fmt.Errorf("%w: %w", errFinal, err)
	}
	return err
}

// read reads the next page behind what the table has.
func (f *follower) read(ctx context.Context) (page, error) {
	ctx, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	resp, err := f.post(ctx, pages, "application/graphql-response+json")
	if err != nil {
		return page{}, err
	}
	defer resp.Body.Close()
	var a answer
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
		return page{}, fmt.Errorf("%s: %w", resp.Status, err)
	}
	return a.Data.Events, a.wrong()
}

// listen hears of events behind what the table has, over server-sent events, until the connection breaks or is silent for
// too long.
func (f *follower) listen(ctx context.Context, take func(event) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	quiet := time.AfterFunc(silence, func() { cancel(errors.New("nothing was heard for too long")) })
	defer quiet.Stop()
	resp, err := f.post(ctx, hearing, "text/event-stream")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if kind := resp.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/event-stream") {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, 1000))
		return fmt.Errorf("%s: %s", resp.Status, body)
	}
	what := ""
	for lines := bufio.NewReader(resp.Body); ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			return errors.Join(context.Cause(ctx), err)
		}
		quiet.Reset(silence)
		switch name, value, _ := strings.Cut(strings.TrimSpace(line), ":"); name {
		case "event":
			what = strings.TrimSpace(value)
		case "data":
			if what == "complete" {
				return errors.New("the server has ended the subscription")
			}
			if err := f.heard([]byte(value), take); err != nil {
				return err
			}
		}
	}
}

func (f *follower) heard(raw []byte, take func(event) error) error {
	var a answer
	if err := json.Unmarshal(raw, &a); err != nil {
		return err
	}
	if err := a.wrong(); err != nil {
		return err
	}
	return take(a.Data.EventsPublished)
}

// post sends an operation whose only variable is the place behind which to go on.
func (f *follower) post(ctx context.Context, query, accept string) (*http.Response, error) {
	token, err := os.ReadFile(f.tokenFile)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(map[string]any{"query": query, "variables": map[string]any{"after": strconv.FormatInt(f.table.Seq, 10)}})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.url+"/graphql", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", accept)
	req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	return http.DefaultClient.Do(req)
}
