// Package batch makes of one operation many: of a query with a list, the query for each page of the list, and of a
// mutation with an input, the same mutation for each line of a table. It knows schemas, and nothing of what runs them.
package batch

import (
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// The faults of what cannot be done page by page or line by line.
const (
	CodeNotQuery     fault.Code = "EXPORT_NEEDS_A_QUERY"     // line, column
	CodeOperations   fault.Code = "EXPORT_ONE_OPERATION"     // have
	CodeNoList       fault.Code = "EXPORT_NEEDS_A_LIST"      // line, column
	CodeTwoLists     fault.Code = "EXPORT_ONE_LIST"          // field, line, column
	CodeBesides      fault.Code = "EXPORT_LIST_ALONE"        // field, line, column
	CodeMany         fault.Code = "EXPORT_LIST_WITHIN_LIST"  // field, line, column
	CodePageArgument fault.Code = "EXPORT_PAGES_ITSELF"      // argument, line, column
	CodeNoColumns    fault.Code = "EXPORT_NEEDS_COLUMNS"     // line, column
	CodeColumns      fault.Code = "EXPORT_COLUMNS_TOO_MANY"  // max
	CodePersonal     fault.Code = "EXPORT_NOT_OF_PEOPLE"     // field, line, column
	CodeIntrospects  fault.Code = "EXPORT_NOT_OF_THE_SCHEMA" // line, column
	CodeMutation     fault.Code = "IMPORT_MUTATION"          // mutation, known
	CodeUnknown      fault.Code = "COLUMN_UNKNOWN"           // column, nearest
	CodeMissing      fault.Code = "COLUMN_MISSING"           // column
	CodeNotMapped    fault.Code = "COLUMN_NOT_IN_FILE"       // column
	CodeSameField    fault.Code = "COLUMNS_FOR_ONE_FIELD"    // column, field
	CodeNotNumber    fault.Code = "CELL_NOT_A_NUMBER"        // value
	CodeNotTruth     fault.Code = "CELL_NOT_TRUE_OR_FALSE"   // value
	CodeNotList      fault.Code = "CELL_NOT_A_LIST"          // value
	CodeNotObject    fault.Code = "CELL_NOT_AN_OBJECT"       // value
	CodeReserved     fault.Code = "COLUMN_NOT_FOR_IMPORT"    // column
)

// at is a fault with its place in the document.
func at(c fault.Code, p *ast.Position, pairs ...any) error {
	line, column := 1, 1
	if p != nil {
		line, column = p.Line, p.Column
	}
	return fault.New(fault.Invalid, c, append(pairs, "line", line, "column", column)...)
}
