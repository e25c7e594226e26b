//go:build !race

package main

// raced says whether the race detector runs.
const raced = false
