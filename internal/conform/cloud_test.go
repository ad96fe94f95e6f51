package conform_test

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	"github.com/bcn-bot/bcn/internal/awsx"
	local "github.com/bcn-bot/bcn/internal/local/aws"
	"github.com/bcn-bot/bcn/internal/local/aws/cluster"
	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// ours begins the name of everything that a row makes.
const ours = "bcn-conform-"

// cloud is the AWS account of one row.
type cloud struct {
	t      *testing.T
	config aws.Config // the administrator's
	id     string     // begins the names of what this row makes
	site
	clock *wire.ManualClock // nil for the real account
}

// site is what an account already has.
type site struct {
	account, vpc, cluster, bucket string
	subnets                       []string // two, public, in two zones
	repository                    string
	steady, crashing, web         program
}

// program is an image's tag and the command that makes it behave. The local
// AWS goes by the tag, the real one runs the command.
type program struct {
	tag     string
	command []any
}

// absent is an image that no registry has.
func absent() program { return program{"bcn-conform-no-such-tag", []any{"true"}} }

// openAWS makes the world of a row.
func openAWS(t *testing.T) *cloud {
	t.Helper()
	c := &cloud{t: t, id: ours + strings.ToLower(rand.Text()[:8])}
	if *target == "aws" {
		c.real()
	} else {
		c.local()
	}
	return c
}

func (c *cloud) local() {
	c.t.Helper()
	c.clock = wire.NewManualClock(time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC))
	s, err := local.New(local.Options{Clock: c.clock, Sample: true})
	c.check(err)
	c.check(s.Start(c.t.Context(), "127.0.0.1:0"))
	c.t.Cleanup(func() { _ = s.Close() })
	c.config = aws.Config{
		Region: local.DefaultRegion, BaseEndpoint: aws.String(s.URL()),
		Credentials: credentials.NewStaticCredentialsProvider("AKIDADMINISTRATOR", "any", ""),
		HTTPClient:  &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
		Retryer:     func() aws.Retryer { return aws.NopRetryer{} },
		APIOptions:  []func(*middleware.Stack) error{awsx.EndQuietly},
	}
	in := s.Cluster()
	in.PutImage("conform", "steady", cluster.Image{Behaviour: cluster.Healthy("steady")})
	in.PutImage("conform", "crashing", cluster.Image{Behaviour: cluster.Exits(7, time.Second, "crashing")})
	c.site = site{
		account: local.DefaultAccount, vpc: "vpc-0a11ce00000000001", cluster: "default", repository: "conform",
		bucket:  local.SampleBucket(local.DefaultAccount),
		subnets: []string{"subnet-0a11ce00000000101", "subnet-0a11ce00000000102"},
		steady:  program{"steady", []any{"sleep", "3600"}}, crashing: program{"crashing", []any{"sh", "-c", "exit 7"}},
		web: program{"steady", []any{"httpd", "-f", "-p", "80"}},
	}
}

func (c *cloud) real() {
	c.t.Helper()
	var err error
	c.config, err = config.LoadDefaultConfig(c.t.Context())
	c.check(err)
	who, err := sts.NewFromConfig(c.config).GetCallerIdentity(c.t.Context(), &sts.GetCallerIdentityInput{})
	c.check(err)
	tag := given(c.t, "BCN_CONFORM_TAG")
	c.site = site{
		account: *who.Account, vpc: given(c.t, "BCN_CONFORM_VPC"), cluster: given(c.t, "BCN_CONFORM_CLUSTER"),
		bucket: given(c.t, "BCN_CONFORM_BUCKET"), repository: given(c.t, "BCN_CONFORM_REPOSITORY"),
		subnets: strings.Split(given(c.t, "BCN_CONFORM_SUBNETS"), ","),
		steady:  program{tag, []any{"sleep", "3600"}}, crashing: program{tag, []any{"sh", "-c", "exit 7"}},
		web: program{tag, []any{"httpd", "-f", "-p", "80"}},
	}
}

// given is a name that the real thing needs; doc.go says what each is.
func given(t *testing.T, variable string) string {
	t.Helper()
	v := os.Getenv(variable)
	if v == "" {
		t.Fatalf("%s is not set; the package's documentation says what it names", variable)
	}
	return v
}

// isReal says whether the account is one of AWS's.
func (c *cloud) isReal() bool { return c.clock == nil }

// pass lets time pass.
func (c *cloud) pass(d time.Duration) {
	c.t.Helper()
	if !c.isReal() {
		c.clock.Advance(d)
		return
	}
	wait(c.t, d)
}

// wait waits by the wall clock; only real services need it.
func wait(t *testing.T, d time.Duration) {
	t.Helper()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-t.Context().Done():
		t.Fatal(t.Context().Err())
	}
}

// settled gives IAM the time that it takes to tell all of AWS of a change.
func (c *cloud) settled() {
	c.t.Helper()
	if c.isReal() {
		c.pass(20 * time.Second)
	}
}

// until lets time pass until the condition holds: half an hour at most.
func (c *cloud) until(what string, holds func() bool) {
	c.t.Helper()
	step, steps := 500*time.Millisecond, 3600
	if c.isReal() {
		step, steps = 5*time.Second, 360
	}
	for range steps {
		if holds() {
			return
		}
		c.pass(step)
	}
	c.t.Fatalf("never: %s", what)
}

// context outlives the test's, for cleaning up.
func (c *cloud) context() context.Context { return context.WithoutCancel(c.t.Context()) }

// check stops the row where the preparation failed.
func (c *cloud) check(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

// must stops the row where a call of the preparation failed.
func must[T any](c *cloud) func(v T, err error) T {
	return func(v T, err error) T {
		c.t.Helper()
		c.check(err)
		return v
	}
}

// says is what a caller sees of a call: ok, or code and sentence.
func says(err error) string {
	var api smithy.APIError
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &api):
		return api.ErrorCode() + ": " + api.ErrorMessage()
	}
	return "no answer: " + err.Error()
}

func (c *cloud) arn(service, rest string) string {
	region := c.config.Region
	if service == "iam" || service == "s3" {
		region = ""
	}
	return "arn:aws:" + service + ":" + region + ":" + c.account + ":" + rest
}
