package access

import "github.com/cobuild/cobuild/internal/platform/authz"

// The actions of templates and of the library of clauses.
const (
	TemplateRead   = "template.read"
	TemplateCreate = "template.create"
	TemplateRevise = "template.revise"
	TemplateRetire = "template.retire"

	LibraryRead   = "library.read"
	LibraryCreate = "library.create"
	LibraryRevise = "library.revise"
	LibraryRetire = "library.retire"
)

func templates() authz.Table {
	keepers := join(to(anywhere, administrator), to(own, supervisor)) // the platform's belong to no organisation
	owners := join(keepers, to(own, secretary))
	return authz.Table{
		rule(TemplateRead, "contractTemplates, contractTemplate, node", to(anywhere, anyone), "texts that anybody may copy; a body's own are used by its communities alone, a community's by itself"),
		rule(TemplateCreate, "createContractTemplate", owners, "a supervisor for the own district or sub-district, a secretary for the own community"),
		rule(TemplateRevise, "reviseContractTemplate", owners, "older versions stay readable"),
		rule(TemplateRetire, "retireContractTemplate", owners, ""),

		rule(LibraryRead, "libraryClauses, libraryClause, node", to(anywhere, anyone), "texts that anybody may copy; a body's own are used by its communities alone"),
		rule(LibraryCreate, "createLibraryClause", keepers, "a supervisor for the own district or sub-district"),
		rule(LibraryRevise, "reviseLibraryClause", keepers, "older versions stay readable"),
		rule(LibraryRetire, "retireLibraryClause", keepers, ""),
	}
}
