//go:build !race

package app_test

// paces are the steps of each walk.
const paces = 25_000
