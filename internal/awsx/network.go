package awsx

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go"
	"github.com/cenkalti/backoff/v5"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// EC2's own module of the SDK is as large as all others together, for three
// reads that district adopt makes. They are sent here in EC2's query protocol
// (API version 2016-11-15), signed by the SDK, with the session's credentials.

// VPC is a network.
type VPC struct {
	ID    string `xml:"vpcId"`
	CIDR  string `xml:"cidrBlock"`
	State string `xml:"state"`
}

// Subnet is a part of a network in one zone.
type Subnet struct {
	ID   string `xml:"subnetId"`
	VPC  string `xml:"vpcId"`
	Zone string `xml:"availabilityZone"`
}

// SecurityGroup is a security group.
type SecurityGroup struct {
	ID  string `xml:"groupId"`
	VPC string `xml:"vpcId"`
}

// VPCs describes networks by id. Those that are not there are left out.
func (s *Session) VPCs(ctx context.Context, ids []string) ([]VPC, error) {
	var out struct {
		Items []VPC `xml:"vpcSet>item"`
	}
	err := s.ec2(ctx, "DescribeVpcs", "vpc-id", ids, &out)
	return out.Items, err
}

// Subnets describes subnets by id. Those that are not there are left out.
func (s *Session) Subnets(ctx context.Context, ids []string) ([]Subnet, error) {
	var out struct {
		Items []Subnet `xml:"subnetSet>item"`
	}
	err := s.ec2(ctx, "DescribeSubnets", "subnet-id", ids, &out)
	return out.Items, err
}

// SecurityGroups describes security groups by id. Those that are not there are
// left out.
func (s *Session) SecurityGroups(ctx context.Context, ids []string) ([]SecurityGroup, error) {
	var out struct {
		Items []SecurityGroup `xml:"securityGroupInfo>item"`
	}
	err := s.ec2(ctx, "DescribeSecurityGroups", "group-id", ids, &out)
	return out.Items, err
}

// ec2 sends a describing call with one filter, which unlike a list of ids does
// not fail as a whole where one is unknown.
func (s *Session) ec2(ctx context.Context, action, filter string, values []string, to any) error {
	if len(values) == 0 {
		return nil
	}
	form := url.Values{"Action": {action}, "Version": {"2016-11-15"}, "Filter.1.Name": {filter}}
	for i, v := range values {
		form.Set("Filter.1.Value."+strconv.Itoa(i+1), v)
	}
	body := []byte(form.Encode())
	answer, err := backoff.Retry(ctx, func() ([]byte, error) {
		answer, err := s.send(ctx, "ec2", s.ec2Endpoint(), body)
		var api smithy.APIError
		if err != nil && errors.As(err, &api) && !transient(api.ErrorCode()) {
			return nil, backoff.Permanent(err)
		}
		return answer, err
	}, backoff.WithMaxTries(uint(retry.DefaultMaxAttempts)))
	if err == nil {
		err = xml.Unmarshal(answer, to)
	}
	if err != nil {
		return s.wrap(&smithy.OperationError{ServiceID: "EC2", OperationName: action, Err: err})
	}
	return nil
}

// maxAnswer bounds what is read of an answer.
const maxAnswer = 4 << 20

func (s *Session) send(ctx context.Context, service, endpoint string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	credentials, err := s.config.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(ctx, credentials, req, hex.EncodeToString(sum[:]), service, s.Region(), time.Now()); err != nil {
		return nil, err
	}
	res, err := s.config.HTTPClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		return nil, queryError(res.StatusCode, answer)
	}
	return answer, nil
}

func (s *Session) ec2Endpoint() string { return s.queryEndpoint("ec2") }

// queryEndpoint is where a service is asked in its query protocol.
func (s *Session) queryEndpoint(host string) string {
	if s.config.BaseEndpoint != nil {
		return strings.TrimSuffix(*s.config.BaseEndpoint, "/") + "/"
	}
	return "https://" + host + "." + s.Region() + "." + bcn.Domain(s.Region()) + "/"
}

// queryError reads an error: EC2 has it in a list, the other services do not.
func queryError(status int, answer []byte) error {
	type fields struct{ Code, Message string }
	var in struct {
		EC2  fields `xml:"Errors>Error"`
		Else fields `xml:"Error"`
	}
	e := fields{}
	if err := xml.Unmarshal(answer, &in); err == nil {
		if e = in.EC2; e.Code == "" {
			e = in.Else
		}
	}
	if e.Code == "" {
		return fmt.Errorf("AWS answered status %d", status)
	}
	fault := smithy.FaultClient
	if status >= http.StatusInternalServerError {
		fault = smithy.FaultServer
	}
	return &smithy.GenericAPIError{Code: e.Code, Message: e.Message, Fault: fault}
}
