package app

import (
	"net/http"

	"github.com/cobuild/cobuild/internal/platform/web/explorer"
	"github.com/cobuild/cobuild/internal/platform/web/gql"
)

// explore serves the explorer; nil where it is not wanted.
func (a *App) explore() (http.Handler, error) {
	var none http.Handler
	if !a.Explorer {
		return none, nil
	}
	return explorer.New(gql.PriceOnly)
}
