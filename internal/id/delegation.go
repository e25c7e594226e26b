package id

// Delegation is the word of one organisation that another may act for it.
type Delegation string

// KindDelegation is the kind of delegations.
const KindDelegation Kind = "dlg"
