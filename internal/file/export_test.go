package file

// Next and Fits are looked at by the tests alone.
var (
	Next = next
	Fits = fits
)
