package exchange

import "github.com/cobuild/cobuild/internal/platform/fault"

// Below puts faults below a field of the input; one that has its place keeps it below that.
func Below(err error, path ...string) error {
	if err == nil {
		return nil
	}
	var f fault.List
	f.Add(err, path...)
	return f.Err()
}

// Absent leads what was not found, where nothing else is said of it, to the field that names it.
func Absent(err error, field string) error {
	if f := fault.Of(err); err != nil && f.Kind == fault.NotFound && len(f.Path) == 0 {
		return f.At(field)
	}
	return err
}

// Barred leads what bars a claim, where nothing else is said of it, to the field that names what was to be claimed: its
// state or its last day, or that the claimant has it already.
func Barred(err error, field string) error {
	if f := fault.Of(err); err != nil && f.Kind == fault.Refused && len(f.Path) == 0 {
		return f.At(field)
	}
	return Absent(err, field)
}
