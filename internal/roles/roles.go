package roles

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// Input is what the roles are made for.
type Input struct {
	District string
	Account  string // 12 digits
	Region   string
	// BotPrincipal is the ARN as which bcn itself runs.
	BotPrincipal string
	// ExternalID is what bcn sends with AssumeRole.
	ExternalID string
	// AnyExternalID asks for some external id without saying which. It is for
	// the local AWS, whose sample is made before the bot's installation is.
	AnyExternalID bool
	// Installation is the value of the tag bcn:installation. Empty: any, as
	// long as the stack has the tag.
	Installation string
	// Cluster is the ECS cluster's name; empty: the district's name.
	Cluster string
	// Bucket is where large templates go; empty: DefaultBucket.
	Bucket string
	// TaskActions are what the account's owner lets the task_role of apps give,
	// such as s3:GetObject: of what is not among them task_role gives nothing.
	TaskActions []string
}

// InstallationTag is the tag that every stack of bcn carries.
const InstallationTag = "bcn:installation"

// DefaultBucket is the name of a district's bucket where none was said.
func DefaultBucket(district, account, region string) string {
	return "bcn-" + district + "-" + account + "-" + region
}

// BotRoleName is the name of the role that bcn assumes.
func BotRoleName(district string) string { return "bcn-" + district + "-bot" }

// CFNRoleName is the name of the role that CloudFormation is passed.
func CFNRoleName(district string) string { return "bcn-" + district + "-cloudformation" }

// SchedulerRoleName is the name of the role that EventBridge Scheduler stops
// tasks as.
func SchedulerRoleName(district string) string { return "bcn-" + district + "-scheduler" }

// Path is the IAM path of the roles that stacks make, and of the boundary.
func Path(district string) string { return "/bcn/" + district + "/" }

// BoundaryName is the name, below Path, of the permissions boundary. The path
// does not make it unique: names of policies are so in the whole account (IAM
// User Guide, "IAM identifiers").
func BoundaryName(district string) string { return "boundary-" + district }

// TaskLogGroups is the pattern of the names of a district's log groups.
func TaskLogGroups(district string) string { return "Barcelona/" + district + "/*" }

// BotRoleARN is the ARN of the role that bcn assumes.
func (in Input) BotRoleARN() string { return in.iam("role/" + BotRoleName(in.District)) }

// CFNRoleARN is the ARN of the role that CloudFormation is passed.
func (in Input) CFNRoleARN() string { return in.iam("role/" + CFNRoleName(in.District)) }

// SchedulerRoleARN is the ARN of the role that EventBridge Scheduler is passed.
func (in Input) SchedulerRoleARN() string { return in.iam("role/" + SchedulerRoleName(in.District)) }

// BoundaryARN is the ARN of the permissions boundary.
func (in Input) BoundaryARN() string {
	return in.iam("policy" + Path(in.District) + BoundaryName(in.District))
}

func (in Input) iam(rest string) string {
	return "arn:" + in.partition() + ":iam::" + in.Account + ":" + rest
}

// arn is an ARN of a service in the district's account and region.
func (in Input) arn(service, rest string) string {
	return "arn:" + in.partition() + ":" + service + ":" + in.Region + ":" + in.Account + ":" + rest
}

func (in Input) partition() string {
	return bcn.Partition(in.Region)
}

// via is what kms:ViaService says of a service of the region.
func (in Input) via(service string) string {
	return service + "." + in.Region + "." + bcn.Domain(in.Region)
}

// taskRoles is the ARN pattern of the roles that stacks make.
func (in Input) taskRoles() string { return in.iam("role" + Path(in.District) + "*") }

func (in Input) cluster() string { return in.arn("ecs", "cluster/"+in.Cluster) }

func (in Input) bucket(rest string) string {
	return "arn:" + in.partition() + ":s3:::" + in.Bucket + rest
}

// check refuses what would make a policy mean something else: a wildcard or a
// slash in a name.
func (in Input) check() error {
	for _, c := range []struct{ what, value, pattern string }{
		{"district", in.District, `^[A-Za-z][A-Za-z0-9-]{0,40}$`},
		{"account", in.Account, `^[0-9]{12}$`},
		{"region", in.Region, `^[a-z]{2}(-[a-z]+)+-[0-9]$`},
		{"bot principal", in.BotPrincipal, `^arn:aws[a-z-]*:iam::[0-9]{12}:(root|(role|user)/[\w+=,.@/-]+)$`},
		{"installation", in.Installation, `^[\w+=,.@:/-]*$`},
		{"cluster", in.Cluster, `^[A-Za-z0-9_-]{1,255}$`},
		{"bucket", in.Bucket, `^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`},
	} {
		if !regexp.MustCompile(c.pattern).MatchString(c.value) {
			return fmt.Errorf("roles: %s %q has not the form %s", c.what, c.value, c.pattern)
		}
	}
	if in.partition() == "" || !strings.HasPrefix(in.BotPrincipal, "arn:"+in.partition()+":") {
		return fmt.Errorf("roles: bcn (%s) and the region %s must be in the same part of AWS: aws, aws-cn (China) or aws-us-gov (GovCloud)", in.BotPrincipal, in.Region)
	}
	for _, action := range in.TaskActions {
		if service, _, _ := strings.Cut(action, ":"); !regexp.MustCompile(`^[a-z0-9-]+:[A-Za-z0-9]+$`).MatchString(action) || bcnsOwn(service) {
			return fmt.Errorf("roles: %q is no action that an app may have: one of a service that makes no rights, as s3:GetObject", action)
		}
	}
	if !in.AnyExternalID && !regexp.MustCompile(`^[\w+=,.@:/-]{2,1000}$`).MatchString(in.ExternalID) {
		return fmt.Errorf("roles: external id %q is not 2 to 1000 letters, digits or +=,.@:/-", in.ExternalID)
	}
	return nil
}

// bcnsOwn are services by which a task could widen its rights, start others,
// or read what belongs to another app.
func bcnsOwn(service string) bool {
	switch service {
	case "account", "application-autoscaling", "cloudformation", "ec2-instance-connect", "ecs", "elasticloadbalancing", "iam",
		"lambda", "organizations", "scheduler", "secretsmanager", "ssm", "ssmmessages", "sso", "sts":
		return true
	}
	return false
}

func (in Input) defaults() Input {
	if in.Cluster == "" {
		in.Cluster = in.District
	}
	if in.Bucket == "" {
		in.Bucket = DefaultBucket(in.District, in.Account, in.Region)
	}
	return in
}

// Template answers the CloudFormation template, JSON with indentation for
// people: fewer than the 51,200 bytes that CloudFormation takes in a request. Applying it needs CAPABILITY_NAMED_IAM.
func Template(in Input) ([]byte, error) {
	in = in.defaults()
	if err := in.check(); err != nil {
		return nil, err
	}
	t := template{
		Version:     "2010-09-09",
		Description: "The roles of bcn in district " + in.District + ". Apply with CAPABILITY_NAMED_IAM.",
		Resources: map[string]resource{
			"Boundary": {Type: "AWS::IAM::ManagedPolicy", Properties: managedPolicy{
				Name: BoundaryName(in.District), Path: Path(in.District), Description: "What no task of the district can exceed",
				Document: in.document(boundary(in)),
			}},
			"BotRole": {Type: "AWS::IAM::Role", Properties: role{
				Name: BotRoleName(in.District), Description: "Assumed by bcn", MaxSession: 3600,
				Managed:  []any{ref{"ReadPolicy"}},
				Trust:    in.document(trust(in)),
				Policies: []inline{{Name: "bcn", Document: in.document(bot(in))}},
			}},
			"ReadPolicy": {Type: "AWS::IAM::ManagedPolicy", Properties: managedPolicy{
				Name: ReadPolicyName(in.District), Path: "/", Description: "What bcn reads in the district",
				Document: in.document(readStatements(in)),
			}},
			"NetworkPolicy": {Type: "AWS::IAM::ManagedPolicy", Properties: managedPolicy{
				Name: NetworkPolicyName(in.District), Path: "/", Description: "What a district that bcn makes needs besides",
				Document: in.document(network(in)),
			}},
			"MachinesPolicy": {Type: "AWS::IAM::ManagedPolicy", Properties: managedPolicy{
				Name: MachinesPolicyName(in.District), Path: "/", Description: "What a district with machines needs besides",
				Document: in.document(machines(in)),
			}},
			"CloudFormationRole": {Type: "AWS::IAM::Role", DependsOn: []string{"Boundary"}, Properties: role{
				Name: CFNRoleName(in.District), Description: "Passed by bcn to CloudFormation", MaxSession: 3600,
				Managed:  []any{ref{"NetworkPolicy"}, ref{"MachinesPolicy"}},
				Trust:    in.document(cfnTrust()),
				Policies: []inline{{Name: "bcn", Document: in.document(cfn(in))}},
			}},
			"SchedulerRole": {Type: "AWS::IAM::Role", Properties: role{
				Name: SchedulerRoleName(in.District), Description: "Passed by bcn to EventBridge Scheduler", MaxSession: 3600,
				Trust:    in.document(schedulerTrust(in)),
				Policies: []inline{{Name: "bcn", Document: in.document(scheduler(in))}},
			}},
		},
		Outputs: map[string]output{
			"Role":     {Description: "for district adopt --role", Value: getAtt{"BotRole", "Arn"}},
			"CfnRole":  {Description: "for district adopt --cfn-role", Value: getAtt{"CloudFormationRole", "Arn"}},
			"Boundary": {Description: "the permissions boundary of all task roles", Value: ref{"Boundary"}},
		},
	}
	out, err := json.MarshalIndent(t, "", " ")
	if err != nil {
		return nil, fmt.Errorf("write the roles' template: %w", err)
	}
	return append(words.ReplaceAllFunc(out, func(list []byte) []byte { return spaces.ReplaceAll(list, nil) }), '\n'), nil
}

// Lists of words stand on a line each: with a line for each word the template
// would be too long for a request.
var (
	words  = regexp.MustCompile(`\[\s*"[^"]*"(,\s*"[^"]*")*\s*\]`)
	spaces = regexp.MustCompile(`\s+`)
)
