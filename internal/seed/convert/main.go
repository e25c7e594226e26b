// Command convert turns the file of gathered examples of co-building into a seed file:
//
//	go run ./internal/seed/convert RAW > internal/demo/data/co-building.seed.json
//
// Its rules are documented in docs/seed-format.md.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "convert:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	if len(args) != 1 {
		return errors.New("usage: convert RAW > SEED")
	}
	f, err := os.Open(args[0])
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	in, err := readRaw(f)
	if err != nil {
		return err
	}
	file, err := convert(in)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	return enc.Encode(file)
}
