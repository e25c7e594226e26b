package bind

import (
	"github.com/cobuild/cobuild/graph/payload" //nolint:depguard // this is a part of the GraphQL face, not a room
	"github.com/cobuild/cobuild/internal/file"
)

// FilePayload answers every change of a file.
type FilePayload = payload.Of[*file.File]

// StartUploadPayload is what startUpload answers: an address, besides the file.
type StartUploadPayload payload.Of[*file.Started]

// File is the file; nil where there are errors.
func (p *StartUploadPayload) File() *file.File {
	return part(p.Object, func(s *file.Started) *file.File { return s.File })
}

// Upload is where its bytes are to be sent; nil where there are errors, and where they are awaited no more.
func (p *StartUploadPayload) Upload() *file.Upload {
	return part(p.Object, func(s *file.Started) *file.Upload { return s.Upload })
}
