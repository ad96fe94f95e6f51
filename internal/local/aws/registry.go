package aws

import (
	"maps"

	"github.com/bcn-bot/bcn/internal/local/aws/cfn"
	"github.com/bcn-bot/bcn/internal/local/aws/cluster"
	"github.com/bcn-bot/bcn/internal/local/aws/sessions"
	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// service is one AWS service: how it speaks, and what it does.
type service struct {
	protocol protocol
	handle   wire.Handler
}

// parts are the engines behind the account.
type parts struct {
	account  *Account
	cluster  *cluster.Cluster
	stacks   *cfn.Engine
	sessions *sessions.Service
}

// services is every service of the local AWS, by the name that a signature's
// scope gives it. Versions and targets are those of the services' API
// references, as the SDK sends them.
func (p parts) services() map[string]service {
	a, c := p.account, p.cluster.Handlers()
	q := func(version, namespace string) query { return query{version: version, namespace: namespace} }
	return map[string]service{
		"sts":                     {q("2011-06-15", "https://sts.amazonaws.com/doc/2011-06-15/"), a.sts().Handle},
		"iam":                     {q("2010-05-08", "https://iam.amazonaws.com/doc/2010-05-08/"), a.iam().Handle},
		"cloudformation":          {q("2010-05-15", "http://cloudformation.amazonaws.com/doc/2010-05-15/"), p.stacks.Handle},
		"elasticloadbalancing":    {q("2015-12-01", "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"), c["elasticloadbalancing"]},
		"ec2":                     {query{version: "2016-11-15", namespace: "http://ec2.amazonaws.com/doc/2016-11-15/", ec2: true}, a.ec2().Handle},
		"ecs":                     {jsonRPC{"AmazonEC2ContainerServiceV20141113"}, withExec(c["ecs"], p.sessions.ECS())},
		"ecr":                     {jsonRPC{"AmazonEC2ContainerRegistry_V20150921"}, c["ecr"]},
		"logs":                    {jsonRPC{"Logs_20140328"}, c["logs"]},
		"application-autoscaling": {jsonRPC{"AnyScaleFrontendService"}, c["application-autoscaling"]},
		"monitoring":              {q("2010-08-01", "http://monitoring.amazonaws.com/doc/2010-08-01/"), c["monitoring"]},
		"ssm":                     {jsonRPC{"AmazonSSM"}, merge(a.ssm(), p.sessions.SSM()).Handle},
		"kms":                     {jsonRPC{"TrentService"}, a.kms().Handle},
		"secretsmanager":          {jsonRPC{"secretsmanager"}, a.secretsManager().Handle},
		"s3":                      {rest{}, a.s3().Handle},
		"cloudtrail":              {jsonRPC{"CloudTrail_20131101"}, p.sessions.CloudTrail().Handle},
		"scheduler":               {schedulerRoutes(), p.sessions.Scheduler().Handle},
	}
}

// providers is every resource type that CloudFormation can make here.
func providers(a *Account, c *cluster.Cluster, s *sessions.Service) map[string]wire.Resource {
	sets := ruleSets()
	out := map[string]wire.Resource{
		"AWS::IAM::Role":                 iamRole{a},
		"AWS::IAM::ManagedPolicy":        iamPolicy{a},
		"AWS::IAM::InstanceProfile":      iamProfile{a},
		"AWS::EC2::SecurityGroup":        securityGroup{a},
		"AWS::EC2::SecurityGroupIngress": groupRule{a, sets[0]},
		"AWS::EC2::SecurityGroupEgress":  groupRule{a, sets[1]},
	}
	out["AWS::S3::Bucket"], out["AWS::S3::BucketPolicy"] = bucketResource{a}, bucketPolicy{a}
	out["AWS::ServiceDiscovery::PrivateDnsNamespace"], out["AWS::ServiceDiscovery::Service"] = dnsNamespace{a}, dnsService{a}
	a.occupied = c.Occupied
	maps.Copy(out, networkTypes(a))
	maps.Copy(out, c.Providers())
	maps.Copy(out, s.Providers())
	return out
}

// assemble puts the engines together.
func assemble(a *Account, o Options, clock wire.Clock, log *callLog) parts {
	c := cluster.New(cluster.Options{
		Clock: clock, Network: networkPort{a}, Roles: rolesPort{a}, Secrets: secretsPort{a}, Machines: machinesPort{a}, Speed: o.Speed,
	})
	in := sessions.New(sessions.Options{
		Clock: clock, Tasks: c, Roles: invoker{account: a, log: log, handle: c.Handlers()}, Logs: c, Trail: trail(a.ID, log), Machines: a.managedMachines,
	})
	stacks := cfn.New(cfn.Options{
		Clock: clock, Providers: providers(a, c, in), Template: a.Template, Parameter: a.parameterValue,
		Assumable:     func(role string) bool { return a.Trusts(role, cloudFormation) == nil },
		ChangeSetTime: o.ChangeSetTime, Poll: o.Poll, Page: o.Page, Fault: o.FailStep,
	})
	return parts{account: a, cluster: c, stacks: stacks, sessions: in}
}
