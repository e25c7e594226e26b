// Package blobtest runs a server that speaks the S3 protocol, for tests.
package blobtest

import (
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// Bucket is the bucket that the server has.
const Bucket = "files"

// S3 starts a server with one empty bucket, for as long as the test lasts, and gives the bucket's address. Who the test
// is to the server is set in the environment, so that such a test cannot run beside others.
func S3(t testing.TB) string {
	t.Helper()
	kept := s3mem.New()
	if err := kept.CreateBucket(Bucket); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(kept).Server())
	t.Cleanup(server.Close)
	t.Setenv("AWS_ACCESS_KEY_ID", "tester")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "of-no-worth")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	q := url.Values{"region": {"test-1"}, "endpoint": {server.URL}, "use_path_style": {"true"}}
	return "s3://" + Bucket + "?" + q.Encode()
}
