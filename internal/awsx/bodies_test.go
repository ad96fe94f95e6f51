package awsx_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/smithy-go/middleware"

	"github.com/bcn-bot/bcn/internal/awsx"
)

// early answers once it has read what the request's length says, as a service
// does, and keeps the body for a last look, as net/http does.
type early struct {
	sent []byte
	body io.Reader
}

func (e *early) Do(r *http.Request) (*http.Response, error) {
	e.body = r.Body
	var err error
	e.sent, err = io.ReadAll(io.LimitReader(r.Body, r.ContentLength))
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{}, Request: r,
		Body: io.NopCloser(bytes.NewBufferString(`{"Version":1}`)),
	}, err
}

func TestEndQuietly(t *testing.T) {
	t.Parallel()
	t.Run("a body that was answered before its end was seen ends without an error", func(t *testing.T) {
		t.Parallel()
		answered := &early{}
		client := ssm.NewFromConfig(aws.Config{
			Region: "us-east-1", HTTPClient: answered,
			Credentials: credentials.NewStaticCredentialsProvider("AKIDADMINISTRATOR", "any", ""),
			APIOptions:  []func(*middleware.Stack) error{awsx.EndQuietly},
		})
		value := strings.Repeat("x", 4096)
		_, err := client.PutParameter(context.WithoutCancel(t.Context()), &ssm.PutParameterInput{Name: aws.String("/a"), Value: &value})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(answered.sent), value) {
			t.Errorf("sent %d bytes without the value", len(answered.sent))
		}
		if n, err := io.Copy(io.Discard, answered.body); n != 0 || err != nil {
			t.Errorf("the last look: %d bytes, %v", n, err)
		}
	})
}
