package id

// Profile is what an organisation tells those with whom it builds.
type Profile string

// KindProfile is the kind of cooperation profiles.
const KindProfile Kind = "cpf"
