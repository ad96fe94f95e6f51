package awsx_test

import (
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
	localaws "github.com/bcn-bot/bcn/internal/local/aws"
	"github.com/bcn-bot/bcn/internal/roles"
)

func TestCredentialsThatAWSCallsExpiredAreAskedForAnew(t *testing.T) {
	t.Parallel()
	server, err := localaws.New(localaws.Options{Sample: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	a, err := awsx.New(t.Context(), awsx.Options{Region: localaws.DefaultRegion, Endpoint: server.URL(), Isolated: true})
	if err != nil {
		t.Fatal(err)
	}
	role := roles.Input{District: "default", Account: "123456789012", Region: localaws.DefaultRegion}.BotRoleARN()
	s := a.For(bcn.Target{
		District: bcn.District{Role: role, Region: localaws.DefaultRegion}, ExternalID: "outside", Session: "bcn-1", Identity: bcn.SystemIdentity,
	})
	for range 3 {
		if _, err := s.ClusterStatus(t.Context(), "default"); err != nil {
			t.Fatal(err)
		}
		// AWS's clock runs ahead of what the credentials were said to be good for.
		if err := server.Advance(2 * time.Hour); err != nil {
			t.Fatal(err)
		}
	}
}
