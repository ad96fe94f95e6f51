package render

import (
	"fmt"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// sslPolicy is what ELB recommends for HTTPS listeners: TLS 1.2 and 1.3.
const sslPolicy = "ELBSecurityPolicy-TLS13-1-2-2021-06"

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
		LoadBalancerAttributes: []tag{{"routing.http.drop_invalid_header_fields.enabled", "true"}},
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
		http.DefaultActions = []action{{Type: "redirect", RedirectConfig: &redirect{Protocol: "HTTPS", Port: "443", StatusCode: "HTTP_301"}}}
		t.Resources["HTTPSListener"] = resource{Type: "AWS::ElasticLoadBalancingV2::Listener", Properties: listener{
			LoadBalancerArn: ref("LoadBalancer"), Port: 443, Protocol: "HTTPS", SslPolicy: sslPolicy,
			Certificates: []map[string]string{{"CertificateArn": e.Certificate}}, DefaultActions: []action{notFound()}, Tags: marks,
		}}
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

// checkEndpoint holds ELB's rules for names and subnets (CreateLoadBalancer).
func checkEndpoint(e bcn.Endpoint, d bcn.District) error {
	if err := CheckName(e.Name, maxALBName); err != nil {
		return err
	}
	if strings.HasPrefix(e.Name, "internal-") {
		return bcn.E(bcn.CodeBadName, "name", e.Name, "rule", "it must not begin with internal-")
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
	return nil
}
