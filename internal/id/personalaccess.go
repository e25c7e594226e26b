package id

// PersonalAccess is that somebody has read what is personal of a person.
type PersonalAccess string

// KindPersonalAccess begins the identifiers of such readings.
const KindPersonalAccess Kind = "pac"
