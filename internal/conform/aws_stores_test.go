package conform_test

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

// endpoint is a load balancer with a listener, a target group and a rule.
func (c *cloud) endpoint() object {
	return object{
		"Front":    resource("AWS::EC2::SecurityGroup", object{"GroupDescription": c.id, "VpcId": c.vpc, "SecurityGroupIngress": list{object{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": "10.0.0.0/8"}}}),
		"Balancer": resource("AWS::ElasticLoadBalancingV2::LoadBalancer", object{"Scheme": "internal", "Subnets": c.subnets, "SecurityGroups": list{object{"Ref": "Front"}}}),
		"Targets": resource("AWS::ElasticLoadBalancingV2::TargetGroup", object{
			"VpcId": c.vpc, "TargetType": "ip", "Protocol": "HTTP", "Port": 80, "HealthCheckIntervalSeconds": 10, "HealthCheckTimeoutSeconds": 5,
			"UnhealthyThresholdCount": 2, "Matcher": object{"HttpCode": "200-499"},
			"TargetGroupAttributes": list{object{"Key": "deregistration_delay.timeout_seconds", "Value": "0"}},
		}),
		"Listener": resource("AWS::ElasticLoadBalancingV2::Listener", object{
			"LoadBalancerArn": object{"Ref": "Balancer"}, "Port": 80, "Protocol": "HTTP",
			"DefaultActions": list{object{"Type": "fixed-response", "FixedResponseConfig": object{"StatusCode": "404"}}},
		}),
		"Rule": rule(100),
	}
}

func rule(priority int) object {
	return resource("AWS::ElasticLoadBalancingV2::ListenerRule", object{
		"ListenerArn": object{"Ref": "Listener"}, "Priority": priority,
		"Actions":    list{object{"Type": "forward", "TargetGroupArn": object{"Ref": "Targets"}}},
		"Conditions": list{object{"Field": "path-pattern", "Values": list{"/*"}}},
	})
}

// health waits for a target in the state, and answers state and reason.
func (c *cloud) health(stack, state string) string {
	c.t.Helper()
	c.until("the target group is there", func() bool { return c.physical(stack, "Targets") != "" })
	group := c.physical(stack, "Targets")
	var seen string
	c.until("a target is "+state, func() bool {
		out := must[*elb.DescribeTargetHealthOutput](c)(elb.NewFromConfig(c.config).DescribeTargetHealth(c.t.Context(), &elb.DescribeTargetHealthInput{TargetGroupArn: &group}))
		for _, d := range out.TargetHealthDescriptions {
			if string(d.TargetHealth.State) == state {
				seen = state + " " + string(d.TargetHealth.Reason)
				return true
			}
		}
		return false
	})
	return strings.TrimSpace(seen)
}

// behind is a web service behind an endpoint; open says whether its security
// group lets the load balancer in.
func (c *cloud) behind(open bool) object {
	all := c.endpoint()
	for k, v := range c.service(c.web, c.executionRole(), object{
		"LoadBalancers": list{object{"TargetGroupArn": object{"Ref": "Targets"}, "ContainerName": "main", "ContainerPort": 80}},
	}) {
		all[k] = v
	}
	all["Service"].(object)["DependsOn"] = list{"Rule"}
	if open {
		all["Group"].(object)["Properties"].(object)["SecurityGroupIngress"] = list{object{
			"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "SourceSecurityGroupId": object{"Ref": "Front"},
		}}
	}
	return all
}

func balancerRows() []row[*cloud] {
	healthPage := "Elastic Load Balancing User Guide, Health checks for Application Load Balancer target groups"
	begin := func(c *cloud, open bool) string {
		set := c.propose(template(c.behind(open)))
		c.execute("first")
		return *set.StackId
	}
	return []row[*cloud]{
		{"a target becomes healthy where its security group lets the load balancer in", "elasticloadbalancing:DescribeTargetHealth", "healthy", healthPage, func(c *cloud) string { return c.health(begin(c, true), "healthy") }},
		{
			"where it does not, the checks time out and ECS says so, again and again", "ecs:DescribeServices", "(service *) (port 80) is unhealthy in (target-group arn:aws:elasticloadbalancing:*) due to (reason Request timed out).", ecsDev + "Amazon ECS service event messages",
			func(c *cloud) string {
				arn := c.serviceOf(begin(c, false))
				said := ""
				c.until("an event of an unhealthy target", func() bool {
					for _, e := range c.describeService(arn).Events {
						if strings.Contains(aws.ToString(e.Message), "unhealthy") {
							said = *e.Message
						}
					}
					return said != ""
				})
				return said
			},
		},
		{"a task whose target is unhealthy is stopped for it", "ecs:DescribeTasks", "ServiceSchedulerInitiated: Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:*)", ecsDev + "Amazon ECS stopped tasks error messages", func(c *cloud) string {
			t := c.stoppedOf(c.serviceOf(begin(c, false)))
			return string(t.StopCode) + ": " + aws.ToString(t.StoppedReason)
		}},
		{"a rule's priority is taken once for a listener", "elasticloadbalancing:CreateRule", "ROLLBACK_COMPLETE: *Again CREATE_FAILED *riority*in use*", "Elastic Load Balancing API Reference, CreateRule, PriorityInUse", func(c *cloud) string {
			all := c.endpoint()
			all["Again"] = rule(100)
			all["Again"].(object)["DependsOn"] = list{"Rule"}
			return c.outcome(all)
		}},
		{"a target group's name has 32 characters at most", "elasticloadbalancing:CreateTargetGroup", "*32*", "Elastic Load Balancing API Reference, CreateTargetGroup, Name", func(c *cloud) string {
			return c.outcome(object{"Targets": resource("AWS::ElasticLoadBalancingV2::TargetGroup", object{"Name": strings.Repeat("b", 33), "VpcId": c.vpc, "TargetType": "ip", "Protocol": "HTTP", "Port": 80})})
		}},
		{"a load balancer needs subnets in two zones", "elasticloadbalancing:CreateLoadBalancer", "ROLLBACK_COMPLETE: *Balancer CREATE_FAILED *two*Availability Zones*", "Elastic Load Balancing API Reference, CreateLoadBalancer, Subnets", func(c *cloud) string {
			return c.outcome(object{"Balancer": resource("AWS::ElasticLoadBalancingV2::LoadBalancer", object{"Scheme": "internal", "Subnets": c.subnets[:1]})})
		}},
		{"a service wants a target group that a load balancer uses", "ecs:CreateService", "ROLLBACK_COMPLETE: *Service CREATE_FAILED *does not have an associated load balancer*", ecsDev + "Troubleshooting service load balancers in Amazon ECS", func(c *cloud) string {
			all := c.behind(true)
			for _, name := range []string{"Rule", "Listener", "Balancer"} {
				delete(all, name)
			}
			delete(all["Service"].(object), "DependsOn")
			return c.outcome(all)
		}},
		{"a target group that is not there", "elasticloadbalancing:DescribeTargetHealth", "TargetGroupNotFound: *", "Elastic Load Balancing API Reference, DescribeTargetHealth, Errors", func(c *cloud) string {
			_, err := elb.NewFromConfig(c.config).DescribeTargetHealth(c.t.Context(), &elb.DescribeTargetHealthInput{
				TargetGroupArn: aws.String(c.arn("elasticloadbalancing", "targetgroup/bcn-conform-none/0123456789abcdef")),
			})
			return says(err)
		}},
	}
}

func registryRows() []row[*cloud] {
	images := func(c *cloud, repository string, id types.ImageIdentifier) string {
		out, err := ecr.NewFromConfig(c.config).DescribeImages(c.t.Context(), &ecr.DescribeImagesInput{RepositoryName: &repository, ImageIds: []types.ImageIdentifier{id}})
		if err != nil {
			return says(err)
		}
		return aws.ToString(out.ImageDetails[0].ImageDigest)
	}
	return []row[*cloud]{
		{"a tag has a digest", "ecr:DescribeImages", "sha256:*", "Amazon ECR API Reference, DescribeImages", func(c *cloud) string {
			return images(c, c.repository, types.ImageIdentifier{ImageTag: &c.steady.tag})
		}},
		{"a tag that is not there", "ecr:DescribeImages", "ImageNotFoundException: *imageTag:'bcn-conform-no-such-tag'*", "Amazon ECR API Reference, DescribeImages, Errors", func(c *cloud) string {
			return images(c, c.repository, types.ImageIdentifier{ImageTag: aws.String(absent().tag)})
		}},
		{"a repository that is not there", "ecr:DescribeImages", "RepositoryNotFoundException: *", "Amazon ECR API Reference, DescribeImages, Errors", func(c *cloud) string {
			return images(c, c.id, types.ImageIdentifier{ImageTag: aws.String("v1")})
		}},
		{"the scan of an image that is not there", "ecr:DescribeImageScanFindings", "ImageNotFoundException: *bcn-conform-no-such-tag*", "Amazon ECR API Reference, DescribeImageScanFindings, Errors", func(c *cloud) string {
			_, err := ecr.NewFromConfig(c.config).DescribeImageScanFindings(c.t.Context(), &ecr.DescribeImageScanFindingsInput{
				RepositoryName: &c.repository, ImageId: &types.ImageIdentifier{ImageTag: aws.String(absent().tag)},
			})
			return says(err)
		}},
	}
}

func parameterRows() []row[*cloud] {
	api := func(c *cloud) *ssm.Client { return ssm.NewFromConfig(c.config) }
	put := func(c *cloud, name string) {
		full := "/" + c.id + "/" + name
		must[*ssm.PutParameterOutput](c)(api(c).PutParameter(c.t.Context(), &ssm.PutParameterInput{Name: &full, Value: aws.String("value"), Type: ssmtypes.ParameterTypeSecureString}))
		c.t.Cleanup(func() { _, _ = api(c).DeleteParameter(c.context(), &ssm.DeleteParameterInput{Name: &full}) })
	}
	filter := func(c *cloud, size int32, names ...string) string {
		out, err := api(c).DescribeParameters(c.t.Context(), &ssm.DescribeParametersInput{
			ParameterFilters: []ssmtypes.ParameterStringFilter{{Key: aws.String("Name"), Option: aws.String("Equals"), Values: names}}, MaxResults: &size,
		})
		if err != nil {
			return says(err)
		}
		var found []string
		for _, p := range out.Parameters {
			found = append(found, *p.Name+" "+string(p.Type))
		}
		return strings.Join(found, ", ")
	}
	many := func(c *cloud, n int) []string {
		out := make([]string, n)
		for i := range out {
			out[i] = fmt.Sprintf("/%s/%d", c.id, i)
		}
		return out
	}
	page := "AWS Systems Manager API Reference, "
	return []row[*cloud]{
		{"parameters are found by their names, without their values", "ssm:DescribeParameters", "/bcn-conform-*/here SecureString", page + "ParameterStringFilter", func(c *cloud) string {
			put(c, "here")
			return filter(c, 50, "/"+c.id+"/here", "/"+c.id+"/absent")
		}},
		{"fifty names can be asked for at once", "ssm:DescribeParameters", "/bcn-conform-*/7 SecureString", page + "ParameterStringFilter, Values", func(c *cloud) string {
			put(c, "7")
			return filter(c, 50, many(c, 50)...)
		}},
		{"fifty-one cannot", "ssm:DescribeParameters", "ValidationException: *", page + "ParameterStringFilter, Values", func(c *cloud) string { return filter(c, 50, many(c, 51)...) }},
		{"a page of descriptions has fifty at most", "ssm:DescribeParameters", "ValidationException: *", page + "DescribeParameters, MaxResults", func(c *cloud) string { return filter(c, 51, "/"+c.id) }},
		{"a page of a path has ten at most", "ssm:GetParametersByPath", "ValidationException: *", page + "GetParametersByPath, MaxResults", func(c *cloud) string {
			_, err := api(c).GetParametersByPath(c.t.Context(), &ssm.GetParametersByPathInput{Path: aws.String("/" + c.id), MaxResults: aws.Int32(11)})
			return says(err)
		}},
		{"ten parameters can be read at once; those that are not there are listed", "ssm:GetParameters", "0 and 10 invalid", page + "GetParameters, Names", func(c *cloud) string {
			out := must[*ssm.GetParametersOutput](c)(api(c).GetParameters(c.t.Context(), &ssm.GetParametersInput{Names: many(c, 10)}))
			return fmt.Sprintf("%d and %d invalid", len(out.Parameters), len(out.InvalidParameters))
		}},
		{"eleven cannot be read at once", "ssm:GetParameters", "ValidationException: *", page + "GetParameters, Names", func(c *cloud) string {
			_, err := api(c).GetParameters(c.t.Context(), &ssm.GetParametersInput{Names: many(c, 11)})
			return says(err)
		}},
		{"a parameter that is not there", "ssm:GetParameter", "ParameterNotFound*", page + "GetParameter, Errors", func(c *cloud) string {
			_, err := api(c).GetParameter(c.t.Context(), &ssm.GetParameterInput{Name: aws.String("/" + c.id + "/absent")})
			return says(err)
		}},
	}
}

func storeRows() []row[*cloud] {
	secrets := func(c *cloud) *secretsmanager.Client { return secretsmanager.NewFromConfig(c.config) }
	logs := func(c *cloud) *cloudwatchlogs.Client { return cloudwatchlogs.NewFromConfig(c.config) }
	read := func(c *cloud, group, stream string) string {
		out, err := logs(c).GetLogEvents(c.t.Context(), &cloudwatchlogs.GetLogEventsInput{LogGroupName: &group, LogStreamName: &stream, Limit: aws.Int32(2)})
		if err != nil {
			return says(err)
		}
		var lines []string
		for _, e := range out.Events {
			lines = append(lines, *e.Message)
		}
		return strings.Join(lines, ", ")
	}
	head := func(c *cloud, bucket, owner string) string {
		api := s3.NewFromConfig(c.config, func(o *s3.Options) { o.UsePathStyle = !c.isReal() })
		_, err := api.HeadBucket(c.t.Context(), &s3.HeadBucketInput{Bucket: &bucket, ExpectedBucketOwner: &owner})
		return says(err)
	}
	logPage := "Amazon CloudWatch Logs API Reference, "
	return []row[*cloud]{
		{"a secret that is not there", "secretsmanager:DescribeSecret", "ResourceNotFoundException: Secrets Manager can't find the specified secret.", "AWS Secrets Manager API Reference, DescribeSecret, Errors", func(c *cloud) string {
			_, err := secrets(c).DescribeSecret(c.t.Context(), &secretsmanager.DescribeSecretInput{SecretId: &c.id})
			return says(err)
		}},
		{"a secret that is about to be deleted can be described, and says so", "secretsmanager:DescribeSecret", "to be deleted", "AWS Secrets Manager API Reference, DescribeSecret, DeletedDate", func(c *cloud) string {
			out := must[*secretsmanager.CreateSecretOutput](c)(secrets(c).CreateSecret(c.t.Context(), &secretsmanager.CreateSecretInput{Name: &c.id, SecretString: aws.String("value")}))
			c.t.Cleanup(func() {
				_, _ = secrets(c).DeleteSecret(c.context(), &secretsmanager.DeleteSecretInput{SecretId: out.ARN, ForceDeleteWithoutRecovery: aws.Bool(true)})
			})
			must[*secretsmanager.DeleteSecretOutput](c)(secrets(c).DeleteSecret(c.t.Context(), &secretsmanager.DeleteSecretInput{SecretId: out.ARN, RecoveryWindowInDays: aws.Int64(7)}))
			if d := must[*secretsmanager.DescribeSecretOutput](c)(secrets(c).DescribeSecret(c.t.Context(), &secretsmanager.DescribeSecretInput{SecretId: out.ARN})); d.DeletedDate == nil {
				return "as if nothing were"
			}
			return "to be deleted"
		}},
		{"a stream is read from its end, its lines in order", "logs:GetLogEvents", "two, three", logPage + "GetLogEvents, startFromHead", func(c *cloud) string {
			c.apply(c.one(7))
			group, stream := c.id+"/logs", "main"
			must[*cloudwatchlogs.CreateLogStreamOutput](c)(logs(c).CreateLogStream(c.t.Context(), &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &group, LogStreamName: &stream}))
			var events []logtypes.InputLogEvent
			for i, line := range []string{"one", "two", "three"} {
				events = append(events, logtypes.InputLogEvent{Message: aws.String(line), Timestamp: aws.Int64(c.now().UnixMilli() + int64(i))})
			}
			must[*cloudwatchlogs.PutLogEventsOutput](c)(logs(c).PutLogEvents(c.t.Context(), &cloudwatchlogs.PutLogEventsInput{LogGroupName: &group, LogStreamName: &stream, LogEvents: events}))
			seen := ""
			c.until("the lines are there", func() bool { seen = read(c, group, stream); return seen != "" })
			return seen
		}},
		{"a log group that is not there", "logs:GetLogEvents", "ResourceNotFoundException: The specified log group does not exist.", logPage + "GetLogEvents, Errors", func(c *cloud) string { return read(c, c.id, "main") }},
		{"a log stream that is not there", "logs:GetLogEvents", "ResourceNotFoundException: The specified log stream does not exist.", logPage + "GetLogEvents, Errors", func(c *cloud) string {
			c.apply(c.one(7))
			return read(c, c.id+"/logs", "main")
		}},
		{"a bucket that is not there is a bare 404", "s3:HeadBucket", "NotFound: *", "Amazon S3 API Reference, HeadBucket", func(c *cloud) string { return head(c, c.id, c.account) }},
		{"a bucket of another owner than expected is a bare 403", "s3:HeadBucket", "Forbidden: *", "Amazon S3 User Guide, Verifying bucket ownership with bucket owner condition", func(c *cloud) string { return head(c, c.bucket, "111111111111") }},
	}
}
