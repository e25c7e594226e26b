package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// table is what the follower makes of the events, and how far it has come. Both are one file, so they never disagree.
type table struct {
	Seq       int64               `json:"seq"` // the last event that was dealt with
	Contracts map[string]contract `json:"contracts"`

	path string
}

// contract is one row.
type contract struct {
	Status  string `json:"status"`
	Version int    `json:"version"`
}

// open reads the table, or begins one.
func open(path string) (*table, error) {
	t := &table{Contracts: map[string]contract{}, path: path}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return t, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, t)
	}
	if err != nil {
		return nil, fmt.Errorf("the table in %s cannot be read: %w", path, err)
	}
	return t, nil
}

// apply brings an event into the table; false where it was there already. An event that comes again alters nothing.
func (t *table) apply(e event) bool {
	if int64(e.Seq) <= t.Seq {
		return false
	}
	t.Seq = int64(e.Seq)
	row := t.Contracts[e.SubjectID]
	row.Version = e.SubjectVersion
	if e.Data.Status != "" {
		row.Status = e.Data.Status
	}
	t.Contracts[e.SubjectID] = row
	return true
}

// save replaces the file: whoever is killed meanwhile finds the old table or the new one, never a half.
func (t *table) save() error {
	raw, err := json.MarshalIndent(t, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(t.path), ".follow-")
	if err != nil {
		return err
	}
	_, err = f.Write(append(raw, '\n'))
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), t.path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
