package main

import (
	"github.com/urfave/cli/v3"

	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/platform/oidc"
)

// issuerFlags say who besides this server may say who somebody is.
func (p *program) issuerFlags() []cli.Flag {
	return []cli.Flag{p.stringFlag("issuers", "")}
}

// issuing is which issuers the flags name. People come back from one to this server's own address, so that has to be known.
func (p *program) issuing(c *cli.Command) (app.Issuing, error) {
	out := app.Issuing{File: c.String("issuers"), PublicURL: c.String("public-url")}
	switch {
	case out.File == "":
		return app.Issuing{}, nil
	case out.PublicURL == "":
		return out, p.usage("error.required", "flag", "public-url")
	case oidc.CheckPublicURL(out.PublicURL) != nil:
		return out, p.usage("error.issuersurl")
	}
	return out, nil
}
