package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// town is a small one, and its people.
type town struct {
	s *server

	community, unit                    string
	admin, secretary, liaison, auditor *person
}

// person signs in with a password, again where the token holds no more. Who has no login is nobody.
type person struct {
	s     *server
	login string

	mu    sync.Mutex
	token string
}

// ask asks until there is an answer, or the caller has had enough.
func (p *person) ask(ctx context.Context, query string, variables map[string]any, out any) error {
	for {
		err := p.once(ctx, query, variables, out)
		if !errors.Is(err, errUnheard) {
			return err
		}
		if err := pause(ctx, 30*time.Millisecond); err != nil {
			return err
		}
	}
}

// once asks once; where the token does not hold, it signs in first.
func (p *person) once(ctx context.Context, query string, variables map[string]any, out any) error {
	for try := 0; ; try++ {
		token, err := p.signedIn(ctx)
		if err != nil {
			return err
		}
		err = ask(ctx, p.s.url(), token, query, variables, out)
		if !errors.Is(err, errSignIn) || try > 3 {
			return err
		}
		p.forget(token)
	}
}

func (p *person) signedIn(ctx context.Context) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.token != "" || p.login == "" {
		return p.token, nil
	}
	var out struct {
		SignIn struct {
			Token  string
			Errors []refusal
		}
	}
	err := ask(ctx, p.s.url(), "", `mutation($l: String!, $p: String!) { signIn(input: {login: $l, password: $p}) { token errors { code message } } }`,
		map[string]any{"l": p.login, "p": password}, &out)
	if err == nil && len(out.SignIn.Errors) > 0 {
		err = &out.SignIn.Errors[0]
	}
	p.token = out.SignIn.Token
	return p.token, err
}

func (p *person) forget(token string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.token == token {
		p.token = ""
	}
}

// make does a mutation of the town's building, and gives one member of its payload's object.
func (p *person) make(ctx context.Context, verb string, input map[string]any, object, member string) (string, error) {
	fields := object + " { " + member + " }"
	if member == "" {
		fields = object
	}
	var out struct{ It map[string]any }
	kind := string(verb[0]-'a'+'A') + verb[1:] + "Input"
	if err := p.ask(ctx, "mutation($in: "+kind+"!) { it: "+verb+"(input: $in) { "+fields+" errors { code message } } }", map[string]any{"in": input}, &out); err != nil {
		return "", fmt.Errorf("%s: %w", verb, err)
	}
	if errs, _ := out.It["errors"].([]any); len(errs) > 0 {
		return "", fmt.Errorf("%s: %v", verb, errs[0])
	}
	v := out.It[object]
	if m, ok := v.(map[string]any); ok {
		v = m[member]
	}
	s, _ := v.(string)
	return s, nil
}

// found builds the town.
func found(ctx context.Context, s *server) (*town, error) {
	w := &town{s: s, admin: &person{s: s, login: "admin"}}
	var err error
	make := func(verb string, input map[string]any, object string) string {
		var made string
		if err == nil {
			made, err = w.admin.make(ctx, verb, input, object, "id")
		}
		return made
	}
	district := make("registerDistrict", map[string]any{"name": "惠山区", "nameEn": "Huishan", "code": "320206"}, "district")
	street := make("registerSubDistrict", map[string]any{"district": district, "kind": "STREET", "name": "堰桥街道"}, "subDistrict")
	w.community = make("registerCommunity", map[string]any{"type": "COMMERCIAL", "name": "长安社区", "subDistrict": street}, "community")
	w.unit = make("registerResidentUnit", map[string]any{
		"kind": "ENTERPRISE", "name": "恒远机械有限公司", "creditCode": "91000000000000019G", "registrations": []any{map[string]any{"community": w.community}},
	}, "residentUnit")
	for _, p := range []struct {
		login, role, of string
		into            **person
	}{{"secretary", "SECRETARY", w.community, &w.secretary}, {"liaison", "LIAISON", w.unit, &w.liaison}, {"auditor", "AUDITOR", district, &w.auditor}} {
		if err == nil {
			*p.into, err = w.invite(ctx, p.login, p.role, p.of)
		}
	}
	return w, err
}

// invite brings somebody in; who signs for an organisation has a key made for it.
func (w *town) invite(ctx context.Context, login, role, of string) (*person, error) {
	code, err := w.admin.make(ctx, "invitePerson", map[string]any{"role": role, "organisation": of, "signing": role != "AUDITOR"}, "code", "")
	if err != nil {
		return nil, err
	}
	nobody, p := &person{s: w.s}, &person{s: w.s, login: login}
	if _, err := nobody.make(ctx, "acceptInvitation", map[string]any{"code": code, "loginName": login, "password": password, "name": login}, "person", "id"); err != nil {
		return nil, err
	}
	if role == "AUDITOR" {
		return p, nil
	}
	_, err = p.make(ctx, "registerSigningKey", map[string]any{"organisation": of}, "signingKey", "id")
	return p, err
}

// event is what the feed says of one.
type event struct {
	Seq                       int64 `json:",string"`
	ID, Type, SubjectID, Hash string
	PreviousHash              *string
	SubjectVersion            int
	Actor                     *struct{ ID string }
	Data                      struct{ Status string }
}

const eventFields = `nodes { id seq type subjectId subjectVersion hash previousHash actor { id } data } pageInfo { hasNextPage endCursor }`

// page is a page of the feed, as somebody is shown it.
func (w *town) page(ctx context.Context, as *person, after *string) (nodes []event, more bool, end *string, err error) {
	var out struct {
		Events struct {
			Nodes    []event
			PageInfo struct {
				HasNextPage bool
				EndCursor   *string
			}
		}
	}
	err = as.ask(ctx, `query($after: String) { events(first: 100, after: $after, filter: {types: ["contract.*", "fulfilment.*"]}) { `+eventFields+` } }`,
		map[string]any{"after": after}, &out)
	if end = out.Events.PageInfo.EndCursor; end == nil {
		end = after
	}
	return out.Events.Nodes, out.Events.PageInfo.HasNextPage, end, err
}

// feed is all of it.
func (w *town) feed(ctx context.Context, as *person) (all []event, err error) {
	var after *string
	for more := true; more; {
		var page []event
		if page, more, after, err = w.page(ctx, as, after); err != nil {
			return nil, err
		}
		all = append(all, page...)
	}
	return all, nil
}

// settled is the feed when it has all that was acknowledged and nothing has been added to it for a while.
func (w *town) settled(ctx context.Context, b *book) ([]event, error) {
	var last []event
	quiet := 0
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		now, err := w.feed(ctx, w.secretary)
		if err != nil {
			return nil, err
		}
		if quiet++; len(now) != len(last) {
			quiet = 0
		}
		if last = now; quiet >= 6 && b.missing(now) == 0 {
			return last, nil
		}
		if err := pause(ctx, 400*time.Millisecond); err != nil {
			return nil, err
		}
	}
	return last, nil // what is wrong with it, the check says
}
