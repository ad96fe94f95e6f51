package cluster_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/smithy-go/middleware"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/local/aws"
	"github.com/bcn-bot/bcn/internal/local/aws/cluster"
)

// served is the world's cluster behind the local AWS's front, over HTTP.
func served(t *testing.T) (*world, awssdk.Config) {
	t.Helper()
	w := newWorld(t)
	s, err := aws.New(aws.Options{Clock: w.clock, Account: account, Region: region, Speed: cluster.AWSSpeed(), Sample: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	w.Cluster = s.Cluster()
	w.handlers = w.Handlers()
	w.PutCluster(account, region, "main", map[string]string{"bcn": "x"})
	return w, awssdk.Config{
		Region: region, BaseEndpoint: awssdk.String(s.URL()),
		Credentials: credentials.NewStaticCredentialsProvider("AKIDADMINISTRATOR", "any", ""),
		Retryer:     func() awssdk.Retryer { return awssdk.NopRetryer{} },
		HTTPClient:  &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
		APIOptions:  []func(*middleware.Stack) error{awsx.EndQuietly},
	}
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func p[T any](v T) *T { return &v }

func TestTheSDKReadsTasks(t *testing.T) {
	t.Parallel()
	_, cfg := served(t)
	client, ctx := ecs.NewFromConfig(cfg), context.Background()
	d := must(client.RegisterTaskDefinition(ctx, &ecs.RegisterTaskDefinitionInput{
		Family: p("hello"), NetworkMode: ecstypes.NetworkModeAwsvpc, Cpu: p("256"), Memory: p("512"),
		RequiresCompatibilities: []ecstypes.Compatibility{ecstypes.CompatibilityFargate},
		ContainerDefinitions: []ecstypes.ContainerDefinition{{
			Name: p("web"), Image: p("public.example/hello:v1"), Cpu: 64, Memory: p(int32(128)),
			PortMappings: []ecstypes.PortMapping{{ContainerPort: p(int32(3000))}},
			Environment:  []ecstypes.KeyValuePair{{Name: p("N"), Value: p("007")}},
			HealthCheck:  &ecstypes.HealthCheck{Command: []string{"CMD-SHELL", "true"}, Interval: p(int32(10))},
			DockerLabels: map[string]string{"Owner": "team"},
		}},
		Tags: []ecstypes.Tag{{Key: p("bcn"), Value: p("x")}},
	}))(t).TaskDefinition
	cd := d.ContainerDefinitions[0]
	if d.Revision != 1 || cd.Cpu != 64 || *cd.Environment[0].Value != "007" || cd.DockerLabels["Owner"] != "team" || !*cd.Essential {
		t.Fatalf("task definition: %+v", d)
	}
	_, err := client.RunTask(ctx, &ecs.RunTaskInput{
		Cluster: p("main"), TaskDefinition: d.TaskDefinitionArn, LaunchType: ecstypes.LaunchTypeFargate,
		NetworkConfiguration: &ecstypes.NetworkConfiguration{AwsvpcConfiguration: &ecstypes.AwsVpcConfiguration{Subnets: []string{"subnet-9"}}},
	})
	if err == nil || !strings.Contains(err.Error(), "InvalidParameterException") || !strings.Contains(err.Error(), "InvalidSubnetID.NotFound") {
		t.Fatal(err)
	}
	c := must(client.DescribeClusters(ctx, &ecs.DescribeClustersInput{Clusters: []string{"main", "nope"}, Include: []ecstypes.ClusterField{"TAGS"}}))(t)
	if *c.Clusters[0].ClusterName != "main" || *c.Clusters[0].Tags[0].Value != "x" || *c.Failures[0].Reason != "MISSING" {
		t.Fatalf("clusters: %+v", c)
	}
}

func TestTheSDKReadsWhatAStackRuns(t *testing.T) {
	t.Parallel()
	w, cfg := served(t)
	status := w.stack(cfg, cfntypes.ChangeSetTypeCreate, "v1")
	if status != cfntypes.StackStatusCreateComplete {
		t.Fatalf("stack: %s", status)
	}
	e := w.made(cfg)
	if status = w.stack(cfg, cfntypes.ChangeSetTypeUpdate, "broken"); status != cfntypes.StackStatusUpdateRollbackComplete {
		t.Fatalf("stack: %s", status)
	}
	arn := e.service

	client, ctx := ecs.NewFromConfig(cfg), context.Background()
	s := must(client.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: p("main"), Services: []string{arn}, Include: []ecstypes.ServiceField{"TAGS"}}))(t).Services[0]
	if s.RunningCount != 2 || len(s.Deployments) != 1 || s.Deployments[0].RolloutState != ecstypes.DeploymentRolloutStateCompleted ||
		*s.DeploymentConfiguration.MinimumHealthyPercent != 100 || *s.LoadBalancers[0].ContainerPort != 3000 || len(s.Tags) == 0 ||
		s.Events[0].CreatedAt.Year() != 2026 || s.LaunchType != ecstypes.LaunchTypeFargate {
		t.Fatalf("service: %+v", s)
	}
	pages := ecs.NewListServicesPaginator(client, &ecs.ListServicesInput{Cluster: p("main")})
	if part := must(pages.NextPage(ctx))(t); len(part.ServiceArns) != 1 {
		t.Fatalf("services: %v", part.ServiceArns)
	}
	stopped := must(client.ListTasks(ctx, &ecs.ListTasksInput{Cluster: p("main"), ServiceName: s.ServiceName, DesiredStatus: ecstypes.DesiredStatusStopped}))(t)
	tasks := must(client.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: p("main"), Tasks: stopped.TaskArns}))(t).Tasks
	crashed := slices.IndexFunc(tasks, func(t ecstypes.Task) bool { return t.StopCode == ecstypes.TaskStopCodeEssentialContainerExited })
	if crashed < 0 || *tasks[crashed].Containers[0].ExitCode != 1 || tasks[crashed].StoppingAt == nil || tasks[crashed].Attachments[0].Details == nil {
		t.Fatalf("tasks: %+v", tasks)
	}
	deployments := must(client.ListServiceDeployments(ctx, &ecs.ListServiceDeploymentsInput{Cluster: p("main"), Service: p(arn)}))(t)
	d := must(client.DescribeServiceDeployments(ctx, &ecs.DescribeServiceDeploymentsInput{
		ServiceDeploymentArns: []string{*deployments.ServiceDeployments[1].ServiceDeploymentArn},
	}))(t).ServiceDeployments[0]
	if d.Status != ecstypes.ServiceDeploymentStatusStopped || d.DeploymentCircuitBreaker.Status != ecstypes.ServiceDeploymentRollbackMonitorsStatusTriggered {
		t.Fatalf("service deployment: %+v", d)
	}
	readBalancer(t, cfg, e.endpoint)
}

func readBalancer(t *testing.T, cfg awssdk.Config, e endpoint) {
	t.Helper()
	client, ctx := elb.NewFromConfig(cfg), context.Background()
	lb := must(client.DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{LoadBalancerArns: []string{e.balancer}}))(t).LoadBalancers[0]
	if lb.State.Code != elbtypes.LoadBalancerStateEnumActive || len(lb.AvailabilityZones) != 2 || lb.CreatedTime == nil || len(lb.SecurityGroups) != 1 {
		t.Fatalf("load balancer: %+v", lb)
	}
	l := must(client.DescribeListeners(ctx, &elb.DescribeListenersInput{LoadBalancerArn: &e.balancer}))(t).Listeners[0]
	if *l.Port != 80 || l.DefaultActions[0].Type != elbtypes.ActionTypeEnumFixedResponse || *l.DefaultActions[0].FixedResponseConfig.StatusCode != "404" {
		t.Fatalf("listener: %+v", l)
	}
	rules := must(client.DescribeRules(ctx, &elb.DescribeRulesInput{ListenerArn: &e.listener}))(t).Rules
	if len(rules) != 2 || *rules[0].Priority != "100" || rules[0].Conditions[0].PathPatternConfig.Values[0] != "/*" || !*rules[1].IsDefault {
		t.Fatalf("rules: %+v", rules)
	}
	readTargets(t, cfg, e)
}

func readTargets(t *testing.T, cfg awssdk.Config, e endpoint) {
	t.Helper()
	client, ctx := elb.NewFromConfig(cfg), context.Background()
	g := must(client.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{TargetGroupArns: []string{e.group}}))(t).TargetGroups[0]
	if *g.HealthyThresholdCount != 2 || *g.Matcher.HttpCode != "200" || g.LoadBalancerArns[0] != e.balancer {
		t.Fatalf("target group: %+v", g)
	}
	health := must(client.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: &e.group}))(t).TargetHealthDescriptions
	if len(health) < 2 || health[0].TargetHealth.State != elbtypes.TargetHealthStateEnumHealthy || *health[0].Target.Port != 3000 {
		t.Fatalf("health: %+v", health)
	}
	tags := must(client.DescribeTags(ctx, &elb.DescribeTagsInput{ResourceArns: []string{e.balancer}}))(t).TagDescriptions[0]
	if !slices.ContainsFunc(tags.Tags, func(t elbtypes.Tag) bool { return *t.Key == "bcn" && *t.Value == "x" }) {
		t.Fatalf("tags: %+v", tags)
	}
	_, err := client.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{Names: []string{"nope"}})
	if err == nil || !strings.Contains(err.Error(), "TargetGroupNotFound") {
		t.Fatal(err)
	}
}

func TestTheSDKReadsImagesAndLogs(t *testing.T) {
	t.Parallel()
	w, cfg := served(t)
	ctx := context.Background()
	images := ecr.NewFromConfig(cfg)
	d := must(images.DescribeImages(ctx, &ecr.DescribeImagesInput{
		RepositoryName: p("hello"), ImageIds: []ecrtypes.ImageIdentifier{{ImageTag: p("v1")}},
	}))(t).ImageDetails[0]
	if !strings.HasPrefix(*d.ImageDigest, "sha256:") || d.ImageTags[0] != "v1" || *d.ImageSizeInBytes == 0 || d.ImagePushedAt == nil {
		t.Fatalf("image: %+v", d)
	}
	token := must(images.GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{}))(t).AuthorizationData[0]
	if !token.ExpiresAt.Equal(w.clock.Now().Add(12 * time.Hour)) {
		t.Fatalf("token: %+v", token)
	}
	_, err := images.DescribeImages(ctx, &ecr.DescribeImagesInput{RepositoryName: p("hello"), ImageIds: []ecrtypes.ImageIdentifier{{ImageTag: p("v9")}}})
	if err == nil || !strings.Contains(err.Error(), "ImageNotFoundException") {
		t.Fatal(err)
	}

	logs := cloudwatchlogs.NewFromConfig(cfg)
	w.create("AWS::Logs::LogGroup", "Logs", m{"LogGroupName": "g", "RetentionInDays": 7.0})
	must(logs.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: p("g"), LogStreamName: p("s")}))(t)
	w.call("logs", "PutLogEvents", m{"logGroupName": "g", "logStreamName": "s", "logEvents": l{
		m{"timestamp": float64(w.clock.Now().UnixMilli()), "message": "one"},
	}})
	g := must(logs.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: p("g")}))(t).LogGroups[0]
	if *g.RetentionInDays != 7 || *g.CreationTime != w.clock.Now().UnixMilli() {
		t.Fatalf("group: %+v", g)
	}
	events := must(logs.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{LogGroupName: p("g"), LogStreamName: p("s")}))(t)
	if *events.Events[0].Message != "one" || *events.Events[0].Timestamp != w.clock.Now().UnixMilli() {
		t.Fatalf("events: %+v", events)
	}
	found := must(logs.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: p("g"), FilterPattern: p("one")}))(t)
	if len(found.Events) != 1 || found.Events[0].EventId == nil {
		t.Fatalf("found: %+v", found)
	}
	streams := must(logs.DescribeLogStreams(ctx, &cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: p("g")}))(t)
	if *streams.LogStreams[0].LastEventTimestamp == 0 {
		t.Fatalf("streams: %+v", streams)
	}
}
