package graph_test

import "net/http"

const everyContract = "{ contracts { nodes { id title } } }"

// jobs are an export and some imports of the host's secretary.
func (w *matrixTown) jobs() {
	t := w.t
	t.Helper()
	started := func(mutation string, in m, file string) string {
		a := w.Do(t, "secretary", mutation, in, bulkFields).Fine()
		if file != "" {
			if rec := carry(t, w.House, http.MethodPut, a.Str("it.job.upload.url"), file); rec.Code >= http.StatusMultipleChoices {
				t.Fatalf("%d %s", rec.Code, rec.Body)
			}
			w.Settle(t)
		}
		return a.Str("it.job.id")
	}
	units := m{"mutation": "registerResidentUnit", "format": "CSV", "dryRun": true}
	w.at["export"] = started("startExport", m{"query": everyContract, "format": "CSV"}, "")
	w.at["awaiting import"] = started("startImport", units, "")
	w.at["import"] = started("startImport", units, "name,kind,registrations.0.community,creditCode\n无码,SCHOOL,"+w.Community+",wrong\n")
	w.at["failed import"] = started("startImport", units, "nome\nx\n")
}

// bulkInputs are what the mutations of exports and imports are tried with.
func (w *matrixTown) bulkInputs() map[string]m {
	return map[string]m{
		"startExport":   {"query": everyContract, "format": "CSV"},
		"startImport":   {"mutation": "registerResidentUnit", "format": "CSV"},
		"cancelBulkJob": {"id": w.at["awaiting import"]},
	}
}
