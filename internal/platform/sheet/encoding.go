package sheet

import (
	"bytes"
	"errors"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// decoded opens a text as UTF-8, whatever it is written in: UTF-8, or UTF-16 with a byte order mark, or GB 18030, as
// spreadsheet programs of China save it. What cannot be read becomes utf8.RuneError, or stays what it is.
func decoded(from Source) (io.ReadCloser, error) {
	in, err := from()
	if err != nil {
		return nil, err
	}
	e, err := encodingOf(in)
	if err = errors.Join(err, in.Close()); err != nil {
		return nil, err
	}
	if in, err = from(); err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{transform.NewReader(in, e.NewDecoder()), in}, nil
}

// encodingOf reads a text through to find out how it is written. Most texts say so at their beginning.
func encodingOf(in io.Reader) (encoding.Encoding, error) {
	buf := make([]byte, 64<<10)
	n, err := io.ReadFull(in, buf)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(buf[:n], []byte("\xff\xfe")), bytes.HasPrefix(buf[:n], []byte("\xfe\xff")):
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), nil
	case bytes.HasPrefix(buf[:n], []byte("\xef\xbb\xbf")):
		return unicode.UTF8BOM, nil
	}
	valid, err := validUTF8(io.MultiReader(bytes.NewReader(buf[:n]), in))
	if err != nil {
		return nil, err
	}
	if valid {
		return unicode.UTF8BOM, nil
	}
	return simplifiedchinese.GB18030, nil
}

// validUTF8 reads a text to its end, or to where it is no UTF-8.
func validUTF8(in io.Reader) (bool, error) {
	buf, left := make([]byte, 64<<10), 0
	for {
		n, err := in.Read(buf[left:])
		text := buf[:left+n]
		for len(text) > 0 {
			r, size := utf8.DecodeRune(text)
			if r == utf8.RuneError && size == 1 {
				if utf8.FullRune(text) || err != nil {
					return false, ignoreEOF(err)
				}
				break
			}
			text = text[size:]
		}
		left = copy(buf, text)
		if err != nil {
			return left == 0, ignoreEOF(err)
		}
	}
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
