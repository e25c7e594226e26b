//go:build race

package main

// raced says whether the race detector runs. A whole life takes it a quarter of an hour then: on one store, and on both
// without the detector (make check).
const raced = true
