package report

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
)

//go:embed paper.html
var paperPage string

//go:embed paper.css
var paperStyle string

// html writes a document as one page that needs nothing from any other address. Whatever people wrote is escaped.
func (p *press) html(w io.Writer, l *leaf) error {
	err := p.page.Execute(w, struct {
		*leaf
		Style template.CSS
	}{l, template.CSS(paperStyle)}) //nolint:gosec // our own
	if err != nil {
		return fmt.Errorf("report: html: %w", err)
	}
	return nil
}

func parsePage() (*template.Template, error) {
	return template.New("paper").Funcs(template.FuncMap{
		"say": func(w words, key string) string { return w.say(key) },
	}).Parse(paperPage)
}

// stylePolicy lets a browser apply just our own style, and do nothing else.
func stylePolicy() string {
	sum := sha256.Sum256([]byte(paperStyle))
	return "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; style-src 'sha256-" +
		base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
