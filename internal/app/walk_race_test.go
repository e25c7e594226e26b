//go:build race

package app_test

// paces are the steps of each walk: with the race detector, in which every step takes ten times as long, one in 25. One
// goroutine walks at a time; the whole walk is taken without the detector (make check).
const paces = 1_000
