package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/urfave/cli/v3"

	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/backup"
	"github.com/cobuild/cobuild/internal/platform/keyring"
	"github.com/cobuild/cobuild/internal/platform/ledger"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
	"github.com/cobuild/cobuild/internal/platform/store/mongostore"
)

func (p *program) restore() *cli.Command {
	return &cli.Command{
		Name: "restore", Usage: p.text("restore.usage"), Description: p.text("restore.description"), ArgsUsage: p.text("verify.args"),
		Flags:  append(p.storeFlags(), p.boolFlag("check"), p.boolFlag("again")),
		Action: p.bringBack,
	}
}

// bringBack reads a backup to its end before anything is written.
func (p *program) bringBack(ctx context.Context, c *cli.Command) error {
	if c.Args().Len() != 1 {
		return p.usage("error.onefile")
	}
	if c.String("mongodb") != "" && c.IsSet("data") {
		return p.usage("error.bothstores")
	}
	in, err := os.Open(c.Args().First())
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return backup.ErrForeign
	}
	began := time.Now()
	bar := p.bar(1, p.text("restore.reading"))
	progress := func(done, total int64) { show(bar, done, total) }
	file, err := backup.Open(ctx, in, info.Size(), progress)
	if err == nil {
		err = file.Check(ctx, progress)
	}
	var known []store.Schema
	if err == nil {
		known, err = app.Collections(ctx)
	}
	if err == nil {
		err = file.Fits(known)
	}
	if err == nil && !c.Bool("check") {
		err = p.into(ctx, c, file, known, bar)
	}
	_ = bar.Finish()
	if err != nil {
		return err
	}
	if c.Bool("check") {
		p.printContents(file.Contents())
		return nil
	}
	is := file.Contents()
	fmt.Fprintln(p.out, p.text("restore.done", "file", c.Args().First(), "seq", is.Seq, "documents", is.Documents, "seconds", seconds(began)))
	p.checkKeys(c, is)
	return nil
}

// into writes the file into the store that the flags name.
func (p *program) into(ctx context.Context, c *cli.Command, file *backup.File, known []store.Schema, bar *progressbar.ProgressBar) error {
	bar.Describe(p.text("restore.writing"))
	to := backup.Target{Schemas: known, Now: time.Now, Progress: func(done, total int64) { show(bar, done, total) }}
	if c.String("mongodb") != "" {
		return p.intoMongoDB(ctx, c, file, to)
	}
	return intoFile(ctx, c, file, to)
}

// restoringPath is where an embedded store is restored before it gets its name.
func restoringPath(c *cli.Command) string { return storePath(c) + ".restoring" }

// unfinished refuses a data folder into which something is being restored, or was to be.
func unfinished(c *cli.Command) error {
	if c.String("mongodb") != "" {
		return nil
	}
	if _, err := os.Stat(storePath(c)); err == nil {
		return nil
	}
	if _, err := os.Stat(restoringPath(c)); err == nil {
		return backup.ErrHalf
	}
	return nil
}

// intoFile restores into a file beside the store's place, which it gets when all of it is there, compared, and on the disk.
func intoFile(ctx context.Context, c *cli.Command, file *backup.File, to backup.Target) error {
	if _, err := os.Lstat(storePath(c)); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(backup.ErrFilled, err)
	}
	if err := os.MkdirAll(c.String("data"), 0o700); err != nil {
		return err
	}
	beside := restoringPath(c)
	_, err := os.Lstat(beside)
	left := err == nil
	if left && !c.Bool("again") {
		return backup.ErrHalf
	}
	db, err := boltstore.Open(beside, boltstore.Options{Unsynced: true}) // refused where another restore is at it
	if err == nil && left {
		if err = errors.Join(db.Close(ctx), os.Remove(beside)); err == nil {
			db, err = boltstore.Open(beside, boltstore.Options{Unsynced: true})
		}
	}
	if err != nil {
		return err
	}
	to.Backend = db
	err = errors.Join(file.Restore(ctx, to), db.Close(context.WithoutCancel(ctx)))
	if err != nil {
		return errors.Join(err, os.Remove(beside))
	}
	return place(beside, storePath(c))
}

// intoMongoDB restores into a database. With --again it first empties one in which a restore was broken off.
func (p *program) intoMongoDB(ctx context.Context, c *cli.Command, file *backup.File, to backup.Target) (err error) {
	db, err := mongostore.Open(ctx, mongostore.Options{URI: c.String("mongodb"), Database: c.String("database")})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close(context.WithoutCancel(ctx))) }()
	half, err := backup.Half(ctx, db)
	if err != nil {
		return err
	}
	if half && !c.Bool("again") {
		return backup.ErrHalf
	}
	if half {
		if err := empty(ctx, db, to.Schemas); err != nil {
			return err
		}
	}
	to.Backend = db
	return file.Restore(ctx, to)
}

// empty drops what a restore has begun, the mark of it last.
func empty(ctx context.Context, db *mongostore.Store, known []store.Schema) error {
	names := make([]string, 0, len(known))
	mark := backup.MarkSchema().Name
	for _, s := range known {
		if s.Name != mark {
			names = append(names, s.Name)
		}
	}
	return db.Drop(ctx, append(names, mark)...)
}

// printContents says what is in a file.
func (p *program) printContents(is backup.Contents) {
	line := func(key string, pairs ...any) { fmt.Fprintln(p.out, p.text(key, pairs...)) }
	line("restore.good", "documents", is.Documents, "seq", is.Seq, "created", is.Created.Format(time.RFC3339), "program", is.Program)
	line("restore.log", "events", is.TreeSize, "root", is.TreeRoot)
	if is.Waiting > 0 {
		line("restore.waiting", "events", is.Waiting)
	}
	if len(is.Keys) > 0 {
		line("restore.keys", "keys", strings.Join(is.Keys, ", "))
	}
	for _, part := range is.Parts {
		if part.Documents > 0 {
			line("restore.part", "collection", part.Name, "documents", part.Documents, "bytes", part.Bytes)
		}
	}
}

// checkKeys says what the keyring lacks to read what was restored.
func (p *program) checkKeys(c *cli.Command, is backup.Contents) {
	ring, err := keyring.Open(keyringPath(c))
	if err != nil {
		if len(is.Keys) > 0 || len(is.LogKeys) > 0 {
			fmt.Fprintln(p.err, p.text("restore.nokeyring", "file", keyringPath(c), "error", err, "keys", strings.Join(is.Keys, ", ")))
		}
		return
	}
	missing := slices.DeleteFunc(slices.Clone(is.Keys), func(id string) bool {
		return slices.ContainsFunc(keyring.Kinds(), func(kind keyring.Kind) bool {
			_, err := ring.Key(kind, id)
			return err == nil
		})
	})
	if len(missing) > 0 {
		fmt.Fprintln(p.err, p.text("restore.keysmissing", "file", keyringPath(c), "keys", strings.Join(missing, ", ")))
	}
	if is.TreeSize > 0 && !signedBy(ring, is.LogKeys) {
		fmt.Fprintln(p.err, p.text("restore.othersigner", "file", keyringPath(c)))
	}
}

// signedBy says whether a keyring has one of a log's keys.
func signedBy(ring *keyring.Keyring, logKeys []string) bool {
	for _, s := range logKeys {
		known, err := ledger.ParseKey(s)
		if err != nil {
			continue
		}
		for _, k := range ring.All(keyring.Seal) {
			if ledger.LogKey(known.Name(), k.Public()).String() == s {
				return true
			}
		}
	}
	return false
}

// aboutBackups is the sentence for what can be wrong with a backup or with where it is to go.
func (p *program) aboutBackups(err error) (string, bool) {
	for key, cause := range map[string]error{
		"restore.foreign": backup.ErrForeign, "restore.newer": backup.ErrNewer, "restore.short": backup.ErrShort,
		"restore.altered": backup.ErrAltered, "restore.broken": backup.ErrBroken, "restore.badlog": backup.ErrLog,
		"restore.filled": backup.ErrFilled, "restore.half": backup.ErrHalf, "restore.differs": backup.ErrDiffers,
	} {
		if errors.Is(err, cause) {
			return p.text(key, "why", err), true
		}
	}
	return "", false
}
