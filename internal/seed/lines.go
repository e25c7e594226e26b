package seed

import (
	"bytes"
	"io"
)

// lines counts the lines of what is read through it, so that an offset can be told as a line. It keeps only the line
// ends between the last question and what was read ahead.
type lines struct {
	from io.Reader
	read int64   // bytes so far
	ends []int64 // offsets of line feeds not yet passed
	line int     // lines before the first of ends
	left int64   // bytes that may still be read
	over bool    // more than that was there
}

func newLines(from io.Reader, most int64) *lines { return &lines{from: from, left: most} }

// Read reads on, within the bound: at it the input looks ended, and over is set.
func (l *lines) Read(p []byte) (int, error) {
	if l.left <= 0 {
		n, err := l.from.Read(make([]byte, 1))
		l.over = l.over || n > 0
		if err == nil {
			err = io.EOF
		}
		return 0, err
	}
	if int64(len(p)) > l.left {
		p = p[:l.left]
	}
	n, err := l.from.Read(p)
	for at := 0; ; {
		i := bytes.IndexByte(p[at:n], '\n')
		if i < 0 {
			break
		}
		l.ends = append(l.ends, l.read+int64(at+i))
		at += i + 1
	}
	l.read += int64(n)
	l.left -= int64(n)
	return n, err
}

// at tells the line of an offset, from 1. Offsets are asked for in rising order.
func (l *lines) at(offset int64) int {
	passed := 0
	for passed < len(l.ends) && l.ends[passed] < offset {
		passed++
	}
	l.line += passed
	l.ends = l.ends[passed:]
	return l.line + 1
}
