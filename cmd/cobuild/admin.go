package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/platform/control"
)

// account is what the two commands on accounts are asked.
type account struct {
	Login    string `json:"login"`
	Name     string `json:"name,omitempty"`
	Password string `json:"password"`
}

func (p *program) admin() *cli.Command {
	flags := func(more ...cli.Flag) []cli.Flag {
		return append(append([]cli.Flag{p.stringFlag("login", "")}, more...), append(p.storeFlags(), p.boolFlag("password-stdin"))...)
	}
	return &cli.Command{
		Name: "admin", Usage: p.text("admin.usage"),
		Commands: []*cli.Command{
			{
				Name: "create", Usage: p.text("admin.create.usage"), Description: p.text("admin.create.description"),
				Flags: flags(p.stringFlag("name", "")),
				Action: func(ctx context.Context, c *cli.Command) error {
					return p.account(ctx, c, "admin-create", "admin.created")
				},
			},
			{
				Name: "reset-password", Usage: p.text("admin.reset.usage"), Description: p.text("admin.reset.description"),
				Flags: flags(),
				Action: func(ctx context.Context, c *cli.Command) error {
					return p.account(ctx, c, "admin-reset-password", "admin.reset")
				},
			},
		},
	}
}

// account asks for one of the commands on accounts, with a password given or made here.
func (p *program) account(ctx context.Context, c *cli.Command, name, done string) error {
	in := account{Login: c.String("login"), Name: c.String("name")}
	if in.Login == "" {
		return p.usage("error.required", "flag", "login")
	}
	if in.Name == "" {
		in.Name = in.Login
	}
	made := !c.Bool("password-stdin")
	if made {
		in.Password = strings.ToLower(rand.Text())
	} else {
		line, err := bufio.NewReader(p.in).ReadString('\n')
		if err != nil && line == "" {
			return fmt.Errorf("--password-stdin: %w", err)
		}
		in.Password = strings.TrimRight(line, "\r\n")
	}
	if err := p.ask(ctx, c, name, in, nil, func(control.Progress) {}); err != nil {
		return err
	}
	fmt.Fprintln(p.out, p.text(done, "login", in.Login))
	if made {
		fmt.Fprintln(p.out, p.text("admin.password", "password", in.Password))
	}
	return nil
}

// commandsOn are the commands that a server runs for operators, and that run here where no server does.
func commandsOn(a *app.App) map[string]control.Command {
	return map[string]control.Command{
		"admin-create": func(ctx context.Context, raw json.RawMessage, _ func(control.Progress)) (any, error) {
			var in account
			if err := json.Unmarshal(raw, &in); err != nil {
				return nil, err
			}
			_, err := a.People.CreateAdministrator(ctx, in.Login, in.Name, in.Password)
			return true, err
		},
		"admin-reset-password": func(ctx context.Context, raw json.RawMessage, _ func(control.Progress)) (any, error) {
			var in account
			if err := json.Unmarshal(raw, &in); err != nil {
				return nil, err
			}
			_, err := a.People.ResetPassword(ctx, in.Login, in.Password)
			return true, err
		},
		"seed":   importFile(a),
		"report": printReport(a),

		"personal-rotate": rotatePersonal(a),
		"personal-status": personalStatus(a),
		"audit-export":    exportAudit(a),

		"backup":       writeBackup(a),
		"store-status": storeStatus(a),
	}
}

// ask runs a command through the server on the data folder or, where none runs, here.
func (p *program) ask(ctx context.Context, c *cli.Command, name string, params, result any, progress func(control.Progress)) error {
	if c.String("mongodb") == "" {
		err := control.Ask(ctx, c.String("data"), name, params, result, progress)
		if !errors.Is(err, control.ErrNobody) {
			return err
		}
	}
	a, err := p.open(ctx, c, app.Config{})
	if err != nil {
		return err
	}
	raw, err := json.Marshal(params)
	if err == nil {
		err = p.here(ctx, a, name, raw, result, progress)
	}
	return errors.Join(err, a.Close(ctx))
}

func (p *program) here(ctx context.Context, a *app.App, name string, raw json.RawMessage, result any, progress func(control.Progress)) error {
	got, err := commandsOn(a)[name](ctx, raw, progress)
	if err != nil {
		return err
	}
	if err := a.Settle(ctx); err != nil {
		return err
	}
	if result == nil {
		return nil
	}
	raw, err = json.Marshal(got)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, result)
}
