// Command print writes docs/permissions.md to its standard output.
package main

import (
	"fmt"
	"os"

	"github.com/cobuild/cobuild/internal/access"
)

func main() {
	if err := access.Print(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
