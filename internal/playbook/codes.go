package playbook

import "github.com/cobuild/cobuild/internal/platform/fault"

// The codes of this room, with the parameters of their sentences.
const (
	CodeOtherType      fault.Code = "PLAYBOOK_OF_ANOTHER_TYPE" // type, communityType: of the playbook and of the community
	CodeUnknownVersion fault.Code = "PLAYBOOK_VERSION_UNKNOWN" // version, type, latest
	CodeUnknownPart    fault.Code = "PLAYBOOK_PART_UNKNOWN"    // part
	CodeOnlyRead       fault.Code = "PLAYBOOK_PART_ONLY_READ"  // part: it is there to be read, applying makes nothing of it
	CodeNotCommunity   fault.Code = "PLAYBOOK_NOT_COMMUNITY"   // only communities apply playbooks
	CodeLanguage       fault.Code = "PLAYBOOK_LANGUAGE"        // language: not one of the two
)
