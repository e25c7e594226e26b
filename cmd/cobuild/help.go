package main

import (
	"context"
	"strings"
	"time"

	"github.com/urfave/cli/v3"
)

// translate gives a command and those below it help pages in the reader's language, and errors that teach.
func (p *program) translate(c *cli.Command) {
	c.CustomRootCommandHelpTemplate = p.headings(cli.RootCommandHelpTemplate)
	c.CustomHelpTemplate = p.headings(cli.CommandHelpTemplate)
	if len(c.Commands) > 0 {
		c.CustomHelpTemplate = p.headings(cli.SubcommandHelpTemplate)
	}
	c.HideHelpCommand = true
	c.OnUsageError = func(_ context.Context, _ *cli.Command, err error, _ bool) error { return usageError{err} }
	for _, sub := range c.Commands {
		p.translate(sub)
	}
}

func (p *program) headings(template string) string {
	if p.lang != "zh-CN" {
		return template
	}
	return strings.NewReplacer(
		"NAME:", "名称：", "USAGE:", "用法：", "VERSION:", "版本：", "DESCRIPTION:", "说明：", "CATEGORY:", "类别：",
		"COMMANDS:", "命令：", "GLOBAL OPTIONS:", "全局选项：", "OPTIONS:", "选项：", "[options]", "[选项]",
		"[global options]", "[全局选项]", "[arguments...]", "[参数...]", "[command [command options]]", "[命令 [命令选项]]",
	).Replace(template)
}

// text flags and others, each with the environment variable of its own name.

func (p *program) stringFlag(name, value string) *cli.StringFlag {
	return &cli.StringFlag{Name: name, Value: value, Usage: p.flagText(name), Sources: cli.EnvVars(variable(name))}
}

func (p *program) boolFlag(name string) *cli.BoolFlag {
	return &cli.BoolFlag{Name: name, Usage: p.flagText(name), Sources: cli.EnvVars(variable(name))}
}

func (p *program) intFlag(name string) *cli.IntFlag {
	return &cli.IntFlag{Name: name, Usage: p.flagText(name), Sources: cli.EnvVars(variable(name))}
}

// listFlag may be repeated; its variable holds several separated by commas.
func (p *program) listFlag(name string) *cli.StringSliceFlag {
	return &cli.StringSliceFlag{Name: name, Usage: p.flagText(name), Sources: cli.EnvVars(variable(name))}
}

func (p *program) numberFlag(name string, value int) *cli.IntFlag {
	f := p.intFlag(name)
	f.Value = value
	return f
}

func (p *program) durationFlag(name string, value time.Duration) *cli.DurationFlag {
	return &cli.DurationFlag{Name: name, Value: value, Usage: p.flagText(name), Sources: cli.EnvVars(variable(name))}
}

func (p *program) flagText(name string) string {
	return p.text("flag." + strings.ReplaceAll(name, "-", ""))
}

func variable(flag string) string {
	return "COBUILD_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// storeFlags say where the data is.
func (p *program) storeFlags() []cli.Flag {
	return []cli.Flag{p.stringFlag("data", "./data"), p.stringFlag("mongodb", ""), p.stringFlag("database", "cobuild"), p.stringFlag("keyring", "")}
}
