package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/cobuild/cobuild/internal/platform/signing"
)

func (p *program) verify() *cli.Command {
	return &cli.Command{
		Name: "verify", Usage: p.text("verify.usage"), Description: p.text("verify.description"), ArgsUsage: p.text("verify.args"),
		Flags: []cli.Flag{&cli.StringSliceFlag{Name: "trust", Usage: p.text("flag.trust"), Sources: cli.EnvVars(variable("trust"))}},
		Action: func(_ context.Context, c *cli.Command) error {
			if c.Args().Len() != 1 {
				return p.usage("error.onefile")
			}
			file, err := os.ReadFile(c.Args().First())
			if err != nil {
				return err
			}
			report, err := signing.VerifyFile(file, c.StringSlice("trust"))
			if err != nil {
				return err
			}
			p.printReport(report)
			return nil
		},
	}
}

func (p *program) printReport(r *signing.Report) {
	line := func(key string, pairs ...any) { fmt.Fprintln(p.out, p.text(key, pairs...)) }
	line("verify.good", "issuer", r.Issuer, "at", r.ExportedAt.Format(time.RFC3339))
	line("verify.contract", "contract", r.Contract, "version", r.Version)
	line("verify.text", "hash", r.TextHash)
	p.printSharing(r.Sharing)
	p.printSignatures(r.Signatures, r.Unsigned)
	for _, a := range r.Amendments {
		line("verify.amendment", "amendment", a.Amendment, "version", a.Number, "on", a.AppliesOn)
		line("verify.text", "hash", a.TextHash)
		p.printSharing(a.Sharing)
		p.printSignatures(a.Signatures, a.Unsigned)
	}
	line("verify.seal", "fingerprint", r.Seal.Fingerprint)
	line(map[signing.Voucher]string{signing.Trusted: "verify.trusted", signing.ServersWord: "verify.word"}[r.Seal.Voucher])
	line(map[bool]string{true: "verify.complete", false: "verify.incomplete"}[r.Complete])
}

// printSharing says what a text lets parties read of each other.
func (p *program) printSharing(all []signing.Sharing) {
	for _, s := range all {
		fields := make([]string, len(s.Fields))
		for i, f := range s.Fields {
			fields[i] = p.field(f)
		}
		with := strings.Join(s.With, ", ")
		if with == "" {
			with = p.text("verify.everyparty")
		}
		fmt.Fprintln(p.out, p.text("verify.shares", "name", s.Subject, "fields", strings.Join(fields, ", "), "with", with, "until", s.Until, "purpose", s.Purpose))
	}
}

// field says which fact of an organisation is shared; a name that this program does not know stays as it is.
func (p *program) field(name string) string {
	if said, known := p.faults.Word(name); known {
		return said
	}
	return name
}

func (p *program) printSignatures(signed []signing.SignatureReport, unsigned []signing.Party) {
	line := func(key string, pairs ...any) { fmt.Fprintln(p.out, p.text(key, pairs...)) }
	for _, s := range signed {
		line("verify.signed", "name", s.Name, "part", s.Part, "by", s.By, "at", s.SignedAt.Format(time.RFC3339))
		line("verify.key", "fingerprint", s.Fingerprint, "held", p.text(map[bool]string{true: "verify.held", false: "verify.own"}[s.Held]))
		line(map[signing.Voucher]string{signing.Trusted: "verify.trusted", signing.ServersWord: "verify.word"}[s.Voucher])
		if !s.InForce {
			line("verify.notinforce")
		}
		if s.RevokedAt != nil {
			line("verify.revoked", "at", s.RevokedAt.Format(time.RFC3339))
		}
	}
	for _, u := range unsigned {
		line(map[bool]string{true: "verify.left", false: "verify.unsigned"}[u.Left], "name", u.Name, "part", u.Part)
	}
}
