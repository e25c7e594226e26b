package id

// File is a file that somebody has sent, as evidence or as an attachment.
type File string

// KindFile is the kind of files.
const KindFile Kind = "fil"
