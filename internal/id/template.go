package id

type (
	// Template is a template of contracts.
	Template string
	// LibraryClause is a standard clause of the library.
	LibraryClause string
)

// The kinds of texts from which contracts are drafted.
const (
	KindTemplate      Kind = "tpl"
	KindLibraryClause Kind = "lcl"
)
