package guard_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/guard"
)

const pinned = "acme/hello@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

// stack makes a proposal of resources, each written as JSON.
func stack(resources map[string]string) bcn.Proposal {
	all := map[string]json.RawMessage{}
	for id, r := range resources {
		all[id] = json.RawMessage(r)
	}
	body, err := json.Marshal(map[string]any{"Resources": all})
	if err != nil {
		panic(err)
	}
	return bcn.Proposal{Name: "hello", Template: body}
}

func res(kind, properties string) string {
	return `{"Type":"` + kind + `","Properties":` + properties + `}`
}

func task(container string) string {
	return res("AWS::ECS::TaskDefinition", `{"NetworkMode":"awsvpc","ContainerDefinitions":[`+container+`]}`)
}

func role(statement string) string {
	return res("AWS::IAM::Role", `{"PermissionsBoundary":"arn:aws:iam::123456789012:policy/bcn/d/boundary-d",`+
		`"AssumeRolePolicyDocument":{"Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]},`+
		`"Policies":[{"PolicyName":"p","PolicyDocument":{"Statement":[`+statement+`]}}]}`)
}

func group(ingress string) string {
	return res("AWS::EC2::SecurityGroup", `{"GroupDescription":"g","VpcId":"vpc-1","SecurityGroupIngress":[`+ingress+`]}`)
}

func balancer(scheme string) string {
	return res("AWS::ElasticLoadBalancingV2::LoadBalancer", `{"Scheme":"`+scheme+`","SecurityGroups":[{"Fn::GetAtt":["Group","GroupId"]}]}`)
}

const (
	world80   = `{"IpProtocol":"tcp","FromPort":80,"ToPort":80,"CidrIp":"0.0.0.0/0"}`
	world443  = `{"IpProtocol":"tcp","FromPort":"443","ToPort":"443","CidrIpv6":"::/0"}`
	world22   = `{"IpProtocol":"tcp","FromPort":22,"ToPort":22,"CidrIp":"0.0.0.0/0"}`
	worldAll  = `{"IpProtocol":"-1","CidrIp":"0.0.0.0/0"}`
	range80   = `{"IpProtocol":"tcp","FromPort":80,"ToPort":443,"CidrIp":"0.0.0.0/0"}`
	halfWorld = `{"IpProtocol":"tcp","FromPort":8080,"ToPort":8080,"CidrIp":"128.0.0.0/1"}`
	network   = `{"IpProtocol":"tcp","FromPort":8080,"ToPort":8080,"CidrIp":"10.0.0.0/16"}`
	fromGroup = `{"IpProtocol":"tcp","FromPort":8080,"ToPort":8080,"SourceSecurityGroupId":"sg-1"}`
)

// violations are resources that must be refused, with the id that says so.
func violations() map[string]struct{ resource, want string } {
	return map[string]struct{ resource, want string }{
		"a tag is not a digest":                    {task(`{"Image":"acme/hello:v1"}`), guard.ImageNotPinned},
		"no tag is latest":                         {task(`{"Image":"acme/hello"}`), guard.ImageNotPinned},
		"a short digest":                           {task(`{"Image":"acme/hello@sha256:00"}`), guard.ImageNotPinned},
		"a digest without a name":                  {task(`{"Image":"` + pinned[10:] + `"}`), guard.ImageNotPinned},
		"a missing image":                          {task(`{}`), guard.Unresolved},
		"an image that is a parameter":             {task(`{"Image":{"Ref":"Image"}}`), guard.Unresolved},
		"an image that is put together":            {task(`{"Image":{"Fn::Sub":"acme/hello@sha256:x"}}`), guard.Unresolved},
		"a container that is chosen later":         {task(`{"Fn::If":["c",{"Image":"` + pinned + `"},{"Image":"x"}]}`), guard.Unresolved},
		"containers that are chosen later":         {res("AWS::ECS::TaskDefinition", `{"ContainerDefinitions":{"Fn::If":[]}}`), guard.Unresolved},
		"a task definition without properties":     {`{"Type":"AWS::ECS::TaskDefinition"}`, guard.Unresolved},
		"a privileged container":                   {task(`{"Image":"` + pinned + `","Privileged":true}`), guard.Privileged},
		"a privileged container in words":          {task(`{"Image":"` + pinned + `","Privileged":"true"}`), guard.Privileged},
		"privileged by a parameter":                {task(`{"Image":"` + pinned + `","Privileged":{"Ref":"P"}}`), guard.Unresolved},
		"added capabilities":                       {task(`{"Image":"` + pinned + `","LinuxParameters":{"Capabilities":{"Add":["SYS_ADMIN"]}}}`), guard.Privileged},
		"devices of the machine":                   {task(`{"Image":"` + pinned + `","LinuxParameters":{"Devices":[{"HostPath":"/dev/x"}]}}`), guard.Privileged},
		"the machine's processes":                  {res("AWS::ECS::TaskDefinition", `{"PidMode":"host","ContainerDefinitions":[]}`), guard.Privileged},
		"the machine's network":                    {res("AWS::ECS::TaskDefinition", `{"NetworkMode":"host","ContainerDefinitions":[]}`), guard.Privileged},
		"all actions":                              {role(`{"Effect":"Allow","Action":"*","Resource":"x"}`), guard.WildcardAction},
		"all actions of a service":                 {role(`{"Effect":"Allow","Action":["s3:GetObject","s3:*"],"Resource":"x"}`), guard.WildcardAction},
		"actions by prefix":                        {role(`{"Effect":"Allow","Action":"s3:Get*","Resource":"x"}`), guard.WildcardAction},
		"all actions but":                          {role(`{"Effect":"Allow","NotAction":["s3:GetObject"],"Resource":"x"}`), guard.WildcardAction},
		"actions by a parameter":                   {role(`{"Effect":"Allow","Action":{"Ref":"A"},"Resource":"x"}`), guard.Unresolved},
		"one action by a parameter":                {role(`{"Effect":"Allow","Action":["s3:GetObject",{"Ref":"A"}],"Resource":"x"}`), guard.Unresolved},
		"no actions":                               {role(`{"Effect":"Allow","Resource":"x"}`), guard.Unresolved},
		"an effect by a parameter":                 {role(`{"Effect":{"Ref":"E"},"Action":"s3:GetObject","Resource":"x"}`), guard.Unresolved},
		"a statement that is chosen later":         {role(`{"Fn::If":[]}`), guard.Unresolved},
		"everybody":                                {role(`{"Effect":"Allow","Action":"s3:GetObject","Principal":"*"}`), guard.WildcardPerson},
		"everybody of AWS":                         {role(`{"Effect":"Allow","Action":"s3:GetObject","Principal":{"AWS":["*"]}}`), guard.WildcardPerson},
		"everybody but":                            {role(`{"Effect":"Allow","Action":"s3:GetObject","NotPrincipal":{"AWS":"x"}}`), guard.WildcardPerson},
		"a principal by a parameter":               {role(`{"Effect":"Allow","Action":"s3:GetObject","Principal":{"AWS":{"Ref":"P"}}}`), guard.Unresolved},
		"a bucket for everybody":                   {res("AWS::S3::BucketPolicy", `{"PolicyDocument":{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject"}}}`), guard.WildcardPerson},
		"a policy document that is put together":   {res("AWS::S3::BucketPolicy", `{"PolicyDocument":{"Fn::Sub":"{}"}}`), guard.Unresolved},
		"a managed policy":                         {res("AWS::IAM::Role", `{"PermissionsBoundary":"arn:aws:iam::1:policy/bcn/d/boundary-d","ManagedPolicyArns":["arn:aws:iam::aws:policy/AdministratorAccess"]}`), guard.ManagedPolicy},
		"a machine with a role from elsewhere":     {res("AWS::IAM::InstanceProfile", `{"Roles":["admin"]}`), guard.ManagedPolicy},
		"a machine with a parameter for its role":  {res("AWS::IAM::InstanceProfile", `{"Roles":[{"Ref":"Given"}]}`), guard.ManagedPolicy},
		"a policy that is attached from outside":   {res("AWS::IAM::Policy", `{"PolicyName":"p"}`), guard.ManagedPolicy},
		"a role without boundary":                  {res("AWS::IAM::Role", `{}`), guard.NoBoundary},
		"a role with another boundary":             {res("AWS::IAM::Role", `{"PermissionsBoundary":"arn:aws:iam::aws:policy/AdministratorAccess"}`), guard.NoBoundary},
		"a boundary by a parameter":                {res("AWS::IAM::Role", `{"PermissionsBoundary":{"Ref":"B"}}`), guard.Unresolved},
		"the world on 22":                          {group(world22), guard.OpenIngress},
		"the world on 80 without a load balancer":  {group(world80), guard.OpenIngress},
		"the world on 443 without a load balancer": {group(world443), guard.OpenIngress},
		"the world on everything":                  {group(worldAll), guard.OpenIngress},
		"half of the world":                        {group(halfWorld), guard.OpenIngress},
		"the world by a rule of its own":           {res("AWS::EC2::SecurityGroupIngress", world22), guard.OpenIngress},
		"an address by a parameter":                {group(`{"IpProtocol":"tcp","CidrIp":{"Ref":"C"}}`), guard.Unresolved},
		"an address that is none":                  {group(`{"IpProtocol":"tcp","CidrIp":"everywhere"}`), guard.Unresolved},
		"a prefix list":                            {group(`{"IpProtocol":"tcp","SourcePrefixListId":"pl-1"}`), guard.Unresolved},
		"ingress that is chosen later":             {res("AWS::EC2::SecurityGroup", `{"SecurityGroupIngress":{"Fn::If":[]}}`), guard.Unresolved},
		"a dynamic reference":                      {res("AWS::ECS::Service", `{"Cluster":"{{resolve:secretsmanager:x}}"}`), guard.DynamicReference},
		"a macro":                                  {res("AWS::ECS::Service", `{"Cluster":{"Fn::Transform":{"Name":"x"}}}`), guard.Unresolved},
		"properties that are a macro":              {`{"Type":"AWS::ECS::Service","Properties":"x"}`, guard.Unreadable},
		"a resource without a type":                {`{"Properties":{}}`, guard.Unreadable},
		"a resource that is none":                  {`[]`, guard.Unreadable},
	}
}

func TestViolationsAreDenied(t *testing.T) {
	t.Parallel()
	for title, c := range violations() {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			findings := guard.Check([]bcn.Proposal{stack(map[string]string{"R": c.resource})}, nil)
			if !guard.Denied(findings) || !slices.ContainsFunc(findings, func(f bcn.Finding) bool { return f.ID == c.want }) {
				t.Errorf("want %s, got %+v", c.want, findings)
			}
		})
	}
}

// passing is a template without a violation.
func passing() map[string]string {
	return map[string]string{
		"Task":     task(`{"Image":"` + pinned + `","Privileged":false,"LinuxParameters":{"Capabilities":{"Drop":["ALL"]}}}`),
		"Role":     role(`{"Effect":"Allow","Action":["s3:GetObject"],"Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"*"}`),
		"Group":    group(world80 + "," + world443 + "," + network + "," + fromGroup),
		"Balancer": balancer("internet-facing"),
		"Inside":   group(network + "," + fromGroup),
		"Empty":    `{"Type":"AWS::ECS::Cluster"}`,
	}
}

func TestWhatIsAllowedPasses(t *testing.T) {
	t.Parallel()
	if findings := guard.Check([]bcn.Proposal{stack(passing())}, nil); len(findings) > 0 {
		t.Errorf("%+v", findings)
	}
}

func TestOnlyAPublicLoadBalancersGroupIsOpen(t *testing.T) {
	t.Parallel()
	for title, c := range map[string]struct {
		resources map[string]string
		denied    bool
	}{
		"80 and 443 of a public one":            {map[string]string{"Group": group(world80 + "," + world443), "B": balancer("internet-facing")}, false},
		"another port of a public one":          {map[string]string{"Group": group(world22), "B": balancer("internet-facing")}, true},
		"the ports between 80 and 443":          {map[string]string{"Group": group(range80), "B": balancer("internet-facing")}, true},
		"all protocols":                         {map[string]string{"Group": group(worldAll), "B": balancer("internet-facing")}, true},
		"an internal one":                       {map[string]string{"Group": group(world80), "B": balancer("internal")}, true},
		"another group than the load balancers": {map[string]string{"Other": group(world80), "Group": group(network), "B": balancer("internet-facing")}, true},
		"a group that a service uses too": {map[string]string{
			"Group": group(world80), "B": balancer("internet-facing"),
			"S": res("AWS::ECS::Service", `{"NetworkConfiguration":{"AwsvpcConfiguration":{"SecurityGroups":[{"Fn::GetAtt":"Group.GroupId"}]}}}`),
		}, true},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			findings := guard.Check([]bcn.Proposal{stack(c.resources)}, nil)
			if guard.Denied(findings) != c.denied {
				t.Errorf("%+v", findings)
			}
		})
	}
}

func TestLogGroupsStay(t *testing.T) {
	t.Parallel()
	for title, c := range map[string]struct {
		delta  bcn.ResourceDelta
		denied bool
	}{
		"a new one":                       {bcn.ResourceDelta{Action: "Add"}, false},
		"another retention":               {bcn.ResourceDelta{Action: "Modify", Replacement: "False"}, false},
		"a replacement":                   {bcn.ResourceDelta{Action: "Modify", Replacement: "True"}, true},
		"perhaps a replacement":           {bcn.ResourceDelta{Action: "Modify", Replacement: "Conditional"}, true},
		"a removal":                       {bcn.ResourceDelta{Action: "Remove"}, true},
		"what CloudFormation cannot tell": {bcn.ResourceDelta{Action: "Dynamic"}, true},
		"an action that we do not know":   {bcn.ResourceDelta{Action: "Whatever"}, true},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			c.delta.Type, c.delta.LogicalID = "AWS::Logs::LogGroup", "LogGroup"
			findings := guard.Check(nil, map[string][]bcn.ResourceDelta{"heritage-hello": {c.delta}})
			if guard.Denied(findings) != c.denied || c.denied && (findings[0].ID != guard.StatefulLost || findings[0].Where != "heritage-hello/LogGroup") {
				t.Errorf("%+v", findings)
			}
			c.delta.Type = "AWS::ECS::TaskDefinition"
			if findings := guard.Check(nil, map[string][]bcn.ResourceDelta{"hello": {c.delta}}); len(findings) > 0 {
				t.Errorf("another type: %+v", findings)
			}
		})
	}
}

func TestTemplatesThatCannotBeReadAreDenied(t *testing.T) {
	t.Parallel()
	for title, template := range map[string]string{
		"nothing":             "",
		"not JSON":            "Resources: {}",
		"two values":          `{"Resources":{}} {"Resources":{}}`,
		"no resources":        `{}`,
		"resources as a list": `{"Resources":[]}`,
		"a macro":             `{"Transform":"AWS::Include","Resources":{}}`,
		"parameters":          `{"Parameters":{"A":{"Type":"String"}},"Resources":{}}`,
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			findings := guard.Check([]bcn.Proposal{{Name: "s", Template: []byte(template)}}, nil)
			if len(findings) != 1 || findings[0].ID != guard.Unreadable || findings[0].Level != bcn.Deny {
				t.Errorf("%+v", findings)
			}
		})
	}
}

func TestOneViolationAmongMuchElseIsStillDenied(t *testing.T) {
	t.Parallel()
	all := violations()
	titles := slices.Sorted(maps.Keys(all))
	rapid.Check(t, func(t *rapid.T) {
		resources := map[string]string{}
		for id, r := range passing() {
			if rapid.Bool().Draw(t, "keep "+id) {
				resources[id] = r
			}
		}
		title := rapid.SampledFrom(titles).Draw(t, "violation")
		id := rapid.StringMatching(`[A-Z][a-zA-Z0-9]{0,10}Bad`).Draw(t, "id")
		resources[id] = all[title].resource
		stacks := []bcn.Proposal{stack(passing()), stack(resources)}
		if rapid.Bool().Draw(t, "turned") {
			slices.Reverse(stacks)
		}
		if findings := guard.Check(stacks, nil); !guard.Denied(findings) {
			t.Fatalf("%s passed: %+v", title, findings)
		}
	})
}
