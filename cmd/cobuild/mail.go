package main

import (
	"errors"
	"net/url"

	"github.com/urfave/cli/v3"

	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/platform/mail"
)

// mailFlags say how mail is sent.
func (p *program) mailFlags() []cli.Flag {
	return []cli.Flag{p.stringFlag("smtp-url", ""), p.stringFlag("smtp-from", ""), p.stringFlag("public-url", "")}
}

// mail is how the flags want mail to be sent; nil where they name no server. What is wrong is said without the server's
// address, in which its password stands.
func (p *program) mail(c *cli.Command) (*app.Mail, error) {
	var none *app.Mail
	if c.String("smtp-url") == "" {
		return none, nil
	}
	for _, flag := range []string{"smtp-from", "public-url"} {
		if c.String(flag) == "" {
			return nil, p.usage("error.required", "flag", flag)
		}
	}
	u, err := url.Parse(c.String("public-url"))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, p.usage("error.publicurl")
	}
	sender, err := mail.Open(mail.Config{URL: c.String("smtp-url"), From: c.String("smtp-from")})
	switch {
	case errors.Is(err, mail.ErrFrom):
		return nil, p.usage("error.smtpfrom")
	case err != nil:
		return nil, p.usage("error.smtpurl")
	}
	return &app.Mail{Sender: sender, PublicURL: c.String("public-url")}, nil
}
