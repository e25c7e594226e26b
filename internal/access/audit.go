package access

import "github.com/cobuild/cobuild/internal/platform/authz"

// AuditEntries is reading the entries of the audit log as they are hashed.
const AuditEntries = "audit.readEntries"

func audits() authz.Table {
	return authz.Table{
		rule(AuditEntries, "/audit/tile/entries", to(anywhere, auditor, administrator), "what happened to which identifier and when; of everything else only commitments"),
	}
}
