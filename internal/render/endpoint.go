package render

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// The names of TLS policies that people use.
const (
	TLSModern       = "modern"       // TLS 1.3 alone
	TLSIntermediate = "intermediate" // 1.2 and 1.3, as ELB recommends it
	TLSOld          = "old"          // 1.0 and later, for clients of long ago
)

// TLSPolicies are the names, the strictest first.
func TLSPolicies() []string { return []string{TLSModern, TLSIntermediate, TLSOld} }

// TLSName is the name of a policy; none is the intermediate.
func TLSName(name string) string {
	if name == "" {
		return TLSIntermediate
	}
	return name
}

// sslPolicy is ELB's policy of a name. All of them know the key exchanges that
// stand against quantum computers too, and fall back to the classical ones (User
// Guide for Application Load Balancers, "Security policies for your Application
// Load Balancer"; for TLS 1.2 and 1.3 it recommends this very one).
func sslPolicy(name string) string {
	switch TLSName(name) {
	case TLSModern:
		return "ELBSecurityPolicy-TLS13-1-3-PQ-2025-09"
	case TLSOld:
		return "ELBSecurityPolicy-TLS13-1-0-PQ-2025-09"
	default:
		return "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
	}
}

// maxCertificates is how many certificates a load balancer takes: the default
// one and 25 more (quotas of Application Load Balancers).
const maxCertificates = 26

// AccessLogPrefix is below what an endpoint's access logs are in the district's
// bucket; ELB puts AWSLogs/{account}/ behind it.
func AccessLogPrefix(endpoint string) string { return "elb/" + endpoint }

// Outputs of an endpoint's stack, named after the fields of bcn.Endpoint.
const (
	OutputLoadBalancer  = "LoadBalancer"
	OutputHTTPListener  = "HTTPListener"
	OutputHTTPSListener = "HTTPSListener" // only with a certificate
	OutputSecurityGroup = "SecurityGroup"
	OutputDNSName       = "DNSName"
)

// EndpointInput is all that an endpoint's stack is made of. Of Endpoint only
// what was asked for is read, not what its outputs told.
type EndpointInput struct {
	Endpoint     bcn.Endpoint
	District     bcn.District
	Installation string
	Tags         map[string]string // of bot.yaml
}

// Endpoint renders an Application Load Balancer with its security group and
// listeners. Errors carry codes: bad_name, reserved_name, district_invalid.
func Endpoint(in EndpointInput) (bcn.Proposal, error) {
	e, d := in.Endpoint, in.District
	if err := checkEndpoint(e, d); err != nil {
		return bcn.Proposal{}, err
	}
	marks := tags(in.Tags, map[string]string{TagInstallation: in.Installation, TagEndpoint: e.Name})
	t := newTemplate("bcn: load balancer of the endpoint " + e.Name)
	t.Resources["SecurityGroup"] = resource{Type: "AWS::EC2::SecurityGroup", Properties: securityGroup{
		GroupDescription: "bcn: who reaches the endpoint " + e.Name, VpcId: d.VPC,
		SecurityGroupIngress: endpointIngress(e, d), Tags: marks,
	}}
	t.Resources["LoadBalancer"] = resource{Type: "AWS::ElasticLoadBalancingV2::LoadBalancer", Properties: applicationLoadBalancer{
		Name: e.Name, Type: "application", Scheme: scheme(e.Public), IpAddressType: "ipv4",
		Subnets: endpointSubnets(e, d), SecurityGroups: []any{getAtt("SecurityGroup", "GroupId")},
		LoadBalancerAttributes: balancerAttributes(e, d),
		Tags:                   marks,
	}}
	t.Outputs = map[string]output{
		OutputLoadBalancer:  {"ARN of the load balancer", ref("LoadBalancer")},
		OutputHTTPListener:  {"ARN of the listener on port 80", ref("HTTPListener")},
		OutputSecurityGroup: {"Id of the load balancer's security group", getAtt("SecurityGroup", "GroupId")},
		OutputDNSName:       {"Name under which it is reached", getAtt("LoadBalancer", "DNSName")},
	}
	http := listener{LoadBalancerArn: ref("LoadBalancer"), Port: 80, Protocol: "HTTP", DefaultActions: []action{notFound()}, Tags: marks}
	if e.Certificate != "" {
		http.DefaultActions = []action{toHTTPS()}
		t.Resources["HTTPSListener"] = resource{Type: "AWS::ElasticLoadBalancingV2::Listener", Properties: listener{
			LoadBalancerArn: ref("LoadBalancer"), Port: 443, Protocol: "HTTPS", SslPolicy: sslPolicy(e.TLS),
			Certificates: certificates([]string{e.Certificate}), DefaultActions: []action{notFound()}, Tags: marks,
		}}
		if len(e.MoreCertificates) > 0 {
			t.Resources["Certificates"] = resource{Type: "AWS::ElasticLoadBalancingV2::ListenerCertificate", Properties: listenerCertificate{
				ListenerArn: ref("HTTPSListener"), Certificates: certificates(e.MoreCertificates),
			}}
		}
		t.Outputs[OutputHTTPSListener] = output{"ARN of the listener on port 443", ref("HTTPSListener")}
	}
	t.Resources["HTTPListener"] = resource{Type: "AWS::ElasticLoadBalancingV2::Listener", Properties: http}
	return propose(EndpointStack(e.Name), t, nil, marks)
}

// FillEndpoint copies a complete stack's outputs into the endpoint.
func FillEndpoint(e bcn.Endpoint, outputs map[string]string) bcn.Endpoint {
	e.LoadBalancer = outputs[OutputLoadBalancer]
	e.HTTPListener = outputs[OutputHTTPListener]
	e.HTTPSListener = outputs[OutputHTTPSListener]
	e.SecurityGroup = outputs[OutputSecurityGroup]
	e.DNSName = outputs[OutputDNSName]
	return e
}

// listenerCertificate adds certificates to a listener, which takes only its
// default one itself.
type listenerCertificate struct {
	ListenerArn  any
	Certificates []map[string]string
}

func certificates(arns []string) []map[string]string {
	out := make([]map[string]string, len(arns))
	for i, arn := range arns {
		out[i] = map[string]string{"CertificateArn": arn}
	}
	return out
}

// balancerAttributes says of access logs that there are none, too: an attribute
// that a template no longer names keeps its value.
func balancerAttributes(e bcn.Endpoint, d bcn.District) []tag {
	out := []tag{
		{"routing.http.drop_invalid_header_fields.enabled", "true"},
		{"access_logs.s3.enabled", strconv.FormatBool(e.AccessLogs)},
	}
	if e.AccessLogs {
		out = append(out, tag{"access_logs.s3.bucket", d.Bucket}, tag{"access_logs.s3.prefix", AccessLogPrefix(e.Name)})
	}
	return out
}

// notFound answers a request that no rule matches.
func notFound() action {
	return action{Type: "fixed-response", FixedResponseConfig: &fixedResponse{
		StatusCode: "404", ContentType: "text/plain", MessageBody: "not found",
	}}
}

func scheme(public bool) string {
	if public {
		return "internet-facing"
	}
	return "internal"
}

func endpointSubnets(e bcn.Endpoint, d bcn.District) []string {
	if e.Public {
		return d.PublicSubnets
	}
	return d.Subnets
}

// endpointIngress lets everybody in when the endpoint is public, else only the
// district's own network.
func endpointIngress(e bcn.Endpoint, d bcn.District) []ingress {
	ports := []int{80}
	if e.Certificate != "" {
		ports = append(ports, 443)
	}
	var out []ingress
	for _, port := range ports {
		if e.Public {
			out = append(out,
				ingress{Description: "everybody", IpProtocol: "tcp", FromPort: port, ToPort: port, CidrIp: "0.0.0.0/0"})
		} else {
			out = append(out, ingress{Description: "the district", IpProtocol: "tcp", FromPort: port, ToPort: port, CidrIp: d.CIDR})
		}
	}
	return out
}

// CheckEndpointName holds ELB's rules for names (CreateLoadBalancer).
func CheckEndpointName(name string) error {
	if err := CheckName(name, maxALBName); err != nil {
		return err
	}
	if strings.HasPrefix(name, "internal-") {
		return bcn.E(bcn.CodeBadName, "name", name, "rule", "it must not begin with internal-")
	}
	return nil
}

// checkEndpoint holds what CreateLoadBalancer and CreateListener refuse.
func checkEndpoint(e bcn.Endpoint, d bcn.District) error {
	if err := CheckEndpointName(e.Name); err != nil {
		return err
	}
	if err := CheckName(d.Name, maxDistrict); err != nil {
		return err
	}
	if n := len(endpointSubnets(e, d)); n < 2 {
		return bcn.E(bcn.CodeDistrictInvalid, "problems", fmt.Sprintf("a load balancer needs subnets in two zones, the district has %d", n))
	}
	if !e.Public && d.CIDR == "" {
		return bcn.E(bcn.CodeDistrictInvalid, "problems", "the network's addresses are not known")
	}
	if e.AccessLogs && d.Bucket == "" {
		return bcn.E(bcn.CodeDistrictInvalid, "problems", "access logs need a bucket, the district has none")
	}
	if n := 1 + len(e.MoreCertificates); n > maxCertificates {
		return bcn.E(bcn.CodeAWSRefused, "what", e.Name, "why", fmt.Sprintf("%d certificates, a load balancer takes %d", n, maxCertificates))
	}
	return nil
}
