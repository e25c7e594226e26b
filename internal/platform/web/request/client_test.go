package request_test

import (
	"context"
	"testing"

	"github.com/cobuild/cobuild/internal/platform/web/request"
)

func TestAProgramIsToldRoughlyAndByOurOwnWords(t *testing.T) {
	for agent, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36":                     "Chrome, Windows",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0":           "Edge, Windows",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.50": "WeChat, iPhone",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 15_1) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Safari/605.1.15":                  "Safari, macOS",
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0":                                                              "Firefox, Linux",
		"curl/8.5.0": "curl",
		"<script>alert(1)</script> my own secret": "",
		"": "",
	} {
		ctx := request.With(context.Background(), &request.Info{Agent: agent})
		if got := request.Client(ctx); got != want {
			t.Errorf("%q is told as %q, want %q", agent, got, want)
		}
	}
	if got := request.Client(context.Background()); got != "" {
		t.Errorf("outside any request: %q", got)
	}
}
