package main

import (
	"context"
	"path/filepath"

	"github.com/urfave/cli/v3"

	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/file"
	"github.com/cobuild/cobuild/internal/platform/blob"
)

// fileFlags say where the bytes of files are kept, and how large a file may be.
func (p *program) fileFlags() []cli.Flag {
	return []cli.Flag{p.stringFlag("files", ""), p.numberFlag("max-file", file.DefaultMost>>20)}
}

// files opens the place for files: a folder beside the data where nothing else is said. Who the server is to a bucket
// comes from the environment, so that no secret stands in a command line.
func (p *program) files(ctx context.Context, c *cli.Command) (app.Files, error) {
	most := c.Int("max-file")
	if most < 1 || most > file.HighestMost>>20 {
		return app.Files{}, p.usage("error.number", "flag", "max-file", "min", 1, "max", file.HighestMost>>20)
	}
	at := c.String("files")
	if at == "" {
		at = filepath.Join(c.String("data"), "files")
	}
	bucket, err := blob.Open(ctx, at)
	if err != nil {
		return app.Files{}, p.usage("error.files", "error", err)
	}
	return app.Files{Bucket: bucket, Most: most << 20}, nil
}
