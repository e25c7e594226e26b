package access

import "github.com/cobuild/cobuild/internal/platform/authz"

// The actions of exports and imports.
const (
	BulkRead   = "bulkJob.read"
	BulkStart  = "bulkJob.start"
	BulkCancel = "bulkJob.cancel"
	BulkKeep   = "bulkJob.keep"
)

// bulkJobs: what a job reads or does is decided for each page and each line by the rules of what it reads or does.
func bulkJobs() authz.Table {
	programs := to(own, secretary, liaison, supervisor, auditor)
	return authz.Table{
		rule(BulkRead, "exports, imports, bulkJob, bulkJobChanged, node", join(to(personal, itself), programs), "who started it; of a program's, whoever reads for its organisation; the files for who started it alone"),
		rule(BulkStart, "startExport, startImport", join(to(personal, itself), programs), "in one's own name, by the rights of each moment"),
		rule(BulkCancel, "cancelBulkJob", join(to(personal, itself), programs), "until it is over"),
		rule(BulkKeep, "–", nil, "works them off: the program itself"),
	}
}
