// Command integrate lists a partner's contracts in force, with a client that genqlient has made of the published schema
// and of contracts.graphql:
//
//	go run ./docs/examples/integrate --token "$COBUILD_TOKEN"
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/Khan/genqlient/graphql"
)

func main() {
	url := flag.String("url", "http://127.0.0.1:8080/graphql", "where the server is")
	token := flag.String("token", os.Getenv("COBUILD_TOKEN"), "the access token or API key")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	err := list(ctx, connect(*url, *token), ContractStatusActive, os.Stdout)
	cancel()
	if err != nil {
		fmt.Fprintln(os.Stderr, "integrate:", err)
		os.Exit(1)
	}
}

// connect makes a client that shows its token with everything it asks.
func connect(url, token string) graphql.Client {
	return graphql.NewClient(url, &http.Client{Transport: bearer(token)})
}

type bearer string

// RoundTrip sends a request with the token.
func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+string(b))
	return http.DefaultTransport.RoundTrip(r)
}

// list prints every contract in a state, the one that ends first at the top, page by page.
func list(ctx context.Context, c graphql.Client, status ContractStatus, out io.Writer) error {
	var after *string
	for {
		answer, err := Contracts(ctx, c, status, after)
		if err != nil {
			return err
		}
		page := answer.Contracts
		for _, k := range page.Nodes {
			var names []string
			for _, p := range k.Parties {
				names = append(names, p.Organisation.Name)
			}
			fmt.Fprintf(out, "until %s  %s (%s)\n", k.EndsOn, k.Title, strings.Join(names, ", "))
		}
		if !page.PageInfo.HasNextPage {
			return nil
		}
		after = page.PageInfo.EndCursor
	}
}
