package file

import (
	"bytes"
	"slices"
	"strings"

	"github.com/gabriel-vasile/mimetype"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// kind is a type of files that is taken.
type kind struct {
	ending string   // of a name where there is none
	also   []string // what such a file may look like besides
	zipped string   // how a part of it is named that shows what it is, where it is an archive; empty for others
	shown  bool     // a browser may show it within itself: it runs nothing of it
}

// kinds are the types of files that are taken: what people photograph, write, print and film. What a browser or a desk
// would run is not among them, such as HTML, SVG and programs, nor are archives, which hide what is in them.
func kinds() map[string]kind {
	const ooxml, ole, zip = "application/vnd.openxmlformats-officedocument.", "application/x-ole-storage", "application/zip"
	picture := func(ending string, also ...string) kind { return kind{ending: ending, also: also, shown: true} }
	return map[string]kind{
		"image/jpeg": picture(".jpg"), "image/png": picture(".png", "image/vnd.mozilla.apng"), "image/webp": picture(".webp"),
		"image/gif": picture(".gif"), "image/bmp": picture(".bmp"), "image/tiff": {ending: ".tif"},
		"image/heic": {ending: ".heic", also: []string{"image/heif", "image/heic-sequence"}},
		"image/heif": {ending: ".heif", also: []string{"image/heic", "image/heif-sequence"}},

		"application/pdf": {ending: ".pdf"},
		"application/ofd": {ending: ".ofd", also: []string{zip}, zipped: "OFD.xml"},

		ooxml + "wordprocessingml.document":   {ending: ".docx", also: []string{zip}, zipped: "word/"},
		ooxml + "spreadsheetml.sheet":         {ending: ".xlsx", also: []string{zip}, zipped: "xl/"},
		ooxml + "presentationml.presentation": {ending: ".pptx", also: []string{zip}, zipped: "ppt/"},

		"application/vnd.oasis.opendocument.text":         {ending: ".odt"},
		"application/vnd.oasis.opendocument.spreadsheet":  {ending: ".ods"},
		"application/vnd.oasis.opendocument.presentation": {ending: ".odp"},

		"application/msword":            {ending: ".doc", also: []string{ole}},
		"application/vnd.ms-excel":      {ending: ".xls", also: []string{ole}},
		"application/vnd.ms-powerpoint": {ending: ".ppt", also: []string{ole}},

		"text/plain": {ending: ".txt", also: []string{"text/csv", "text/tab-separated-values"}},
		"text/csv":   {ending: ".csv", also: []string{"text/plain"}},

		"audio/mpeg": picture(".mp3"), "audio/wav": picture(".wav"), "audio/ogg": picture(".ogg", "application/ogg"), "audio/amr": {ending: ".amr"},
		"audio/mp4":  picture(".m4a", "audio/x-m4a", "video/mp4"),
		"video/mp4":  picture(".mp4", "video/x-m4v", "video/quicktime"),
		"video/webm": picture(".webm"), "video/quicktime": picture(".mov", "video/mp4"), "video/3gpp": picture(".3gp", "video/mp4"),
	}
}

// Types are the media types that are taken, sorted.
func Types() []string {
	var out []string
	for t := range kinds() {
		out = append(out, t)
	}
	slices.Sort(out)
	return out
}

// fits looks at the first bytes of what says to be of a type.
func fits(mediaType string, head []byte) error {
	k, got := kinds()[mediaType], mimetype.Detect(head)
	switch {
	case got.Is("application/zip") && k.zipped != "":
		if names(head, k.zipped) {
			return nil
		}
	case got.Is(mediaType), slices.ContainsFunc(k.also, got.Is):
		return nil
	}
	seen, _, _ := strings.Cut(got.String(), ";")
	return fault.New(fault.Invalid, CodeNotThatType, "want", mediaType, "got", seen)
}

// names says whether one of the first parts of an archive bears a name that begins so.
func names(archive []byte, begins string) bool {
	const header, nameAt = "PK\x03\x04", 30
	for at := 0; ; {
		i := bytes.Index(archive[at:], []byte(header))
		if i < 0 {
			return false
		}
		if at += i + len(header); len(archive) < at-len(header)+nameAt {
			return false
		}
		if bytes.HasPrefix(archive[at-len(header)+nameAt:], []byte(begins)) {
			return true
		}
	}
}
