package id

type (
	// Playbook is one version of what is typical of communities of a type.
	Playbook string
	// PlaybookApplication is what a community has taken from the playbooks of one type.
	PlaybookApplication string
)

// The kinds of playbooks.
const (
	KindPlaybook            Kind = "pbk"
	KindPlaybookApplication Kind = "pba"
)
