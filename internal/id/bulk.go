package id

// BulkJob is an export or an import.
type BulkJob string

// BulkLine is what is wrong with one line of an import.
type BulkLine string

// The kinds of bulk work.
const (
	KindBulkJob  Kind = "blk"
	KindBulkLine Kind = "bkl"
)
