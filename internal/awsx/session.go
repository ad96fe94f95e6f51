package awsx

import (
	"context"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// The life of assumed credentials: an hour is the most that a role assumed
// from another role may have; they are renewed some minutes before their end,
// so that no call starts with credentials that end on the way.
const (
	credentialsLife  = time.Hour
	credentialsRenew = 5 * time.Minute
)

// Session calls AWS as one role, in one region, in somebody's name. It is safe
// for concurrent use.
type Session struct {
	role   string // ARN; empty: bcn's own credentials
	config aws.Config
	used   time.Time // guarded by AWS.mu

	sts            func() *sts.Client
	cloudformation func() *cloudformation.Client
	ecs            func() *ecs.Client
	ecr            func() *ecr.Client
	ssm            func() *ssm.Client
	kms            func() *kms.Client
	secrets        func() *secretsmanager.Client
	elb            func() *elasticloadbalancingv2.Client
	logs           func() *cloudwatchlogs.Client
	s3             func() *s3.Client
	scheduler      func() *scheduler.Client
	trail          func() *cloudtrail.Client
}

func newSession(base aws.Config, k scope) *Session {
	c := base.Copy()
	c.Region = k.region
	if k.role != "" {
		provider := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(c), k.role, func(o *stscreds.AssumeRoleOptions) {
			o.RoleSessionName = k.name
			o.SourceIdentity = aws.String(k.identity)
			o.Duration = credentialsLife
			if k.externalID != "" {
				o.ExternalID = aws.String(k.externalID)
			}
		})
		cache := aws.NewCredentialsCache(provider, func(o *aws.CredentialsCacheOptions) {
			o.ExpiryWindow = credentialsRenew
		})
		c.Credentials, c.Retryer = cache, func() aws.Retryer { return renewing{base.Retryer(), cache} }
	}
	return &Session{
		role: k.role, config: c,
		sts:            sync.OnceValue(func() *sts.Client { return sts.NewFromConfig(c) }),
		cloudformation: sync.OnceValue(func() *cloudformation.Client { return cloudformation.NewFromConfig(c) }),
		ecs:            sync.OnceValue(func() *ecs.Client { return ecs.NewFromConfig(c) }),
		ecr:            sync.OnceValue(func() *ecr.Client { return ecr.NewFromConfig(c) }),
		ssm:            sync.OnceValue(func() *ssm.Client { return ssm.NewFromConfig(c) }),
		kms:            sync.OnceValue(func() *kms.Client { return kms.NewFromConfig(c) }),
		secrets:        sync.OnceValue(func() *secretsmanager.Client { return secretsmanager.NewFromConfig(c) }),
		elb:            sync.OnceValue(func() *elasticloadbalancingv2.Client { return elasticloadbalancingv2.NewFromConfig(c) }),
		logs:           sync.OnceValue(func() *cloudwatchlogs.Client { return cloudwatchlogs.NewFromConfig(c) }),
		scheduler:      sync.OnceValue(func() *scheduler.Client { return scheduler.NewFromConfig(c) }),
		trail:          sync.OnceValue(func() *cloudtrail.Client { return cloudtrail.NewFromConfig(c) }),
		s3: sync.OnceValue(func() *s3.Client {
			// A bucket's name is no host name of a local AWS.
			return s3.NewFromConfig(c, func(o *s3.Options) { o.UsePathStyle = c.BaseEndpoint != nil })
		}),
	}
}

// Region is where the session calls.
func (s *Session) Region() string { return s.config.Region }

// Caller is who AWS takes the session for.
type Caller struct {
	Account string
	ARN     string
}

// Caller asks STS who the session is (sts:GetCallerIdentity).
func (s *Session) Caller(ctx context.Context) (Caller, error) {
	out, err := s.sts().GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return Caller{}, s.wrap(err)
	}
	return Caller{Account: aws.ToString(out.Account), ARN: aws.ToString(out.Arn)}, nil
}
