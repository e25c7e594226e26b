package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/cobuild/cobuild/docs/examples/ask"
)

// The real agreement: in the demo's input it is the three-party one between a commercial community, a social
// organisation and a property manager. Names are invented, there as here.
const (
	communityName = "棠汀花园社区"
	password      = "an example's long password"
)

// town is the server, its clock and the people of the story.
type town struct {
	url, tokens, clock string
	today              time.Time

	community, society, manager  organisation
	secretary, organiser, keeper *player // of the community, the social organisation and the property manager
}

// player is somebody who signs in with a password.
type player struct {
	login string
	ask.Client
}

func (w *town) as(p *player) ask.Client { return p.Client }

// administrator is the demo's own.
func (w *town) administrator() (ask.Client, error) {
	raw, err := os.ReadFile(w.tokens)
	if err != nil {
		return ask.Client{}, err
	}
	var all struct{ Administrator string }
	err = json.Unmarshal(raw, &all)
	return ask.Client{URL: w.url, Token: all.Administrator}, err
}

// gather finds the three organisations and invites somebody for each, with its signing right.
func (w *town) gather(ctx context.Context) error {
	w.today = time.Now().In(time.FixedZone("Asia/Shanghai", 8*60*60))
	admin, err := w.administrator()
	if err != nil {
		return err
	}
	var found struct {
		Communities struct{ Nodes []organisation }
	}
	if err := admin.Ask(ctx, `query($name: String!) { communities(filter: {name: {eq: $name}}, first: 1) { nodes { id name } } }`,
		map[string]any{"name": communityName}, &found); err != nil {
		return err
	}
	if len(found.Communities.Nodes) == 0 {
		return errors.New("the demo has no community " + communityName)
	}
	w.community = found.Communities.Nodes[0]
	for kind, into := range map[string]*organisation{"SOCIAL_ORGANISATION": &w.society, "PROPERTY_MANAGER": &w.manager} {
		var units struct {
			ResidentUnits struct{ Nodes []organisation }
		}
		if err := admin.Ask(ctx, `query($of: ID!, $kind: UnitKind!) { residentUnits(filter: {community: {eq: $of}, kind: {eq: $kind}}, first: 1) { nodes { id name } } }`,
			map[string]any{"of": w.community.ID, "kind": kind}, &units); err != nil {
			return err
		}
		if len(units.ResidentUnits.Nodes) == 0 {
			return fmt.Errorf("%s has no %s", w.community.Name, kind)
		}
		*into = units.ResidentUnits.Nodes[0]
	}
	for _, p := range []struct {
		role, login string
		of          organisation
		into        **player
	}{
		{"SECRETARY", "story.secretary", w.community, &w.secretary},
		{"LIAISON", "story.organiser", w.society, &w.organiser},
		{"LIAISON", "story.keeper", w.manager, &w.keeper},
	} {
		if *p.into, err = w.invite(ctx, admin, p.role, p.login, p.of); err != nil {
			return err
		}
	}
	return nil
}

func (w *town) invite(ctx context.Context, admin ask.Client, role, login string, of organisation) (*player, error) {
	var code string
	if err := admin.Secret(ctx, "invitePerson", map[string]any{"role": role, "organisation": of.ID, "signing": true}, "code", &code); err != nil {
		return nil, err
	}
	p := &player{login: login, Client: ask.Client{URL: w.url}}
	var person struct{ ID string }
	if err := p.Change(ctx, "acceptInvitation", "Person", map[string]any{
		"code": code, "loginName": login, "password": password, "name": login,
	}, "id", &person); err != nil {
		return nil, err
	}
	if err := p.signIn(ctx); err != nil {
		return nil, err
	}
	var key struct{ ID string }
	err := p.Change(ctx, "registerSigningKey", "SigningKey", map[string]any{"organisation": of.ID}, "id", &key)
	if r, ok := errors.AsType[*ask.RefusedError](err); ok && r.Code == "KEY_HELD_ALREADY" {
		err = nil
	}
	return p, err
}

func (p *player) signIn(ctx context.Context) error {
	return ask.Client{URL: p.URL}.Secret(ctx, "signIn", map[string]any{"login": p.login, "password": password}, "token", &p.Token)
}

// goTo sets the server's clock to a day; tokens of the past end, so everybody signs in again.
func (w *town) goTo(ctx context.Context, day string) error {
	words := append(strings.Fields(w.clock), day)
	if out, err := exec.CommandContext(ctx, words[0], words[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(words, " "), err, out)
	}
	at, err := time.ParseInLocation(time.DateOnly, day, w.today.Location())
	if err != nil {
		return err
	}
	w.today = at
	for _, p := range []*player{w.secretary, w.organiser, w.keeper} {
		if err := p.signIn(ctx); err != nil {
			return err
		}
	}
	return nil
}

// in is the day so many days from today.
func (w *town) in(days int) string { return w.today.AddDate(0, 0, days).Format(time.DateOnly) }
