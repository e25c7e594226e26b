//go:build unix

package main

import (
	"fmt"
	"math"
	"syscall"
)

// openFiles is how many files and connections this process may have open. It takes all that the system lets it have.
func openFiles() (int, error) {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 0, fmt.Errorf("limit on open files: %w", err)
	}
	if l.Cur < l.Max {
		l.Cur = l.Max
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l); err != nil { // then it stays as it was
			err = syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l)
			if err != nil {
				return 0, fmt.Errorf("limit on open files: %w", err)
			}
		}
	}
	return int(min(uint64(l.Cur), math.MaxInt32)), nil //nolint:unconvert // of another type on some systems
}
