package render

import "github.com/bcn-bot/bcn/internal/bcn"

// flowLogs writes down who talked to whom, in a log group whose name the
// permissions boundary knows.
func (s *district) flowLogs() {
	d := s.District
	group := FlowLogGroup(d.Name)
	arn := d.ARN("logs", "log-group:"+group)
	s.Resources["FlowLogGroup"] = resource{
		Type: "AWS::Logs::LogGroup", DeletionPolicy: "RetainExceptOnCreate", UpdateReplacePolicy: "Retain",
		Properties: logGroup{LogGroupName: group, RetentionInDays: logRetention, Tags: s.tags},
	}
	s.Resources["FlowLogRole"] = resource{Type: "AWS::IAM::Role", Properties: role{
		RoleName: roleName(d.Name, "network", "flow-logs"), Path: RolePath(d.Name), Description: "bcn: writes the flow logs of the district " + d.Name,
		PermissionsBoundary: BoundaryARN(d),
		AssumeRolePolicyDocument: policyDocument{Version: policyVersion, Statement: []statement{{
			Effect: "Allow", Principal: map[string]string{"Service": "vpc-flow-logs.amazonaws.com"}, Action: []string{"sts:AssumeRole"},
			// VPC User Guide, "IAM role for publishing flow logs": the confused deputy.
			Condition: map[string]map[string]any{"StringEquals": {"aws:SourceAccount": d.Account}},
		}}},
		Policies: []inlinePolicy{{PolicyName: "bcn", PolicyDocument: policyDocument{Version: policyVersion, Statement: []statement{
			{Effect: "Allow", Action: []string{"logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"}, Resource: []string{arn, arn + ":*"}},
			{Effect: "Allow", Action: []string{"logs:DescribeLogGroups"}, Resource: []string{"*"}}, // knows no resource
		}}}},
		Tags: s.tags,
	}}
	s.Resources["FlowLog"] = resource{Type: "AWS::EC2::FlowLog", Properties: map[string]any{
		"ResourceType": "VPC", "ResourceId": ref("VPC"), "TrafficType": "ALL", "LogDestinationType": "cloud-watch-logs",
		"LogGroupName": ref("FlowLogGroup"), "DeliverLogsPermissionArn": getAtt("FlowLogRole", "Arn"), "Tags": s.named("flow logs"),
	}}
}

// logDelivery is as whom load balancers write access logs (User Guide for
// Application Load Balancers, "Enable access logs": bucket policy). In China
// they have an account for each region, and name no load balancer.
const logDelivery = "logdelivery.elasticloadbalancing.amazonaws.com"

func logAccount(region string) string {
	switch region {
	case "cn-north-1":
		return "638102146993"
	case "cn-northwest-1":
		return "037604701340"
	default:
		return ""
	}
}

// LogWriter is as whom load balancers write access logs in the region: a
// service, or the root of an account of AWS's own.
func LogWriter(region string) string {
	if account := logAccount(region); account != "" {
		return bcn.District{Region: region, Account: account}.GlobalARN("iam", "root")
	}
	return logDelivery
}

// accessLogs lets load balancers write below the prefixes of the district's
// endpoints, and nowhere else.
func accessLogs(d bcn.District, bucket string) map[string]any {
	out := map[string]any{
		"Sid": "AccessLogs", "Effect": "Allow", "Action": []string{"s3:PutObject"},
		"Resource": []string{bucket + "/elb/*/AWSLogs/" + d.Account + "/*"},
	}
	if logAccount(d.Region) != "" {
		out["Principal"] = map[string]any{"AWS": LogWriter(d.Region)}
		return out
	}
	out["Principal"] = map[string]any{"Service": LogWriter(d.Region)}
	out["Condition"] = map[string]any{"ArnLike": map[string]any{"aws:SourceArn": d.ARN("elasticloadbalancing", "loadbalancer/*")}}
	return out
}

// bucket holds large templates and access logs. It stays when the stack goes,
// with the policy that keeps it closed.
func (s *district) bucket() {
	d := s.District
	arn := d.GlobalARN("s3", BucketName(d))
	s.Resources["Bucket"] = resource{
		Type: "AWS::S3::Bucket", DeletionPolicy: "RetainExceptOnCreate", UpdateReplacePolicy: "Retain",
		Properties: map[string]any{
			"BucketName": BucketName(d),
			// Access logs can be written under S3's own key alone.
			"BucketEncryption": map[string]any{"ServerSideEncryptionConfiguration": []any{
				map[string]any{"ServerSideEncryptionByDefault": map[string]any{"SSEAlgorithm": "AES256"}},
			}},
			"PublicAccessBlockConfiguration": map[string]any{
				"BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true, "RestrictPublicBuckets": true,
			},
			"OwnershipControls": map[string]any{"Rules": []any{map[string]any{"ObjectOwnership": "BucketOwnerEnforced"}}},
			"LifecycleConfiguration": map[string]any{"Rules": []any{
				map[string]any{"Id": "access-logs", "Status": "Enabled", "Prefix": "elb/", "ExpirationInDays": logRetention},
				map[string]any{"Id": "uploads", "Status": "Enabled", "AbortIncompleteMultipartUpload": map[string]any{"DaysAfterInitiation": 7}},
			}},
			"Tags": s.tags,
		},
	}
	s.Resources["BucketPolicy"] = resource{
		Type: "AWS::S3::BucketPolicy", DeletionPolicy: "RetainExceptOnCreate", UpdateReplacePolicy: "Retain",
		Properties: map[string]any{"Bucket": ref("Bucket"), "PolicyDocument": map[string]any{"Version": policyVersion, "Statement": []any{
			map[string]any{
				"Sid": "TLSOnly", "Effect": "Deny", "Principal": "*", "Action": []string{"s3:*"}, "Resource": []string{arn, arn + "/*"},
				"Condition": map[string]any{"Bool": map[string]any{"aws:SecureTransport": "false"}},
			},
			accessLogs(d, arn),
		}}},
	}
}

// cluster makes the ECS cluster, called like the district. What bcn itself
// starts runs on Fargate, machines or not.
func (s *district) cluster() {
	providers := []any{"FARGATE", "FARGATE_SPOT"}
	if s.District.Network.Launch == LaunchEC2 {
		providers = append(providers, ref("MachineCapacity"))
	}
	s.Resources["Cluster"] = resource{Type: "AWS::ECS::Cluster", Properties: map[string]any{
		"ClusterName": s.District.Name, "Tags": s.tags,
	}}
	s.Resources["Capacity"] = resource{Type: "AWS::ECS::ClusterCapacityProviderAssociations", Properties: map[string]any{
		"Cluster": ref("Cluster"), "CapacityProviders": providers,
		"DefaultCapacityProviderStrategy": []any{map[string]any{"CapacityProvider": "FARGATE", "Weight": 1}},
	}}
}
