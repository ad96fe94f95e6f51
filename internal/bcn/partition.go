package bcn

import "regexp"

// partition is a part of AWS with names of its own.
type partition struct {
	id      string         // as ARNs name it
	regions *regexp.Regexp // the names of its regions
	domain  string         // of its services, and of what they call themselves in kms:ViaService
	console string         // the domain of its web console
}

// partitions are those in which districts can be (aws-sdk-go-v2,
// internal/endpoints/awsrulesfn/partitions.json). What AWS runs for others,
// such as the isolated regions, nobody has tried.
var partitions = []partition{
	{"aws", regexp.MustCompile(`^(af|ap|ca|eu|il|me|mx|sa|us)-[a-z]+-\d+$`), "amazonaws.com", "console.aws.amazon.com"},
	{"aws-cn", regexp.MustCompile(`^cn-[a-z]+-\d+$`), "amazonaws.com.cn", "console.amazonaws.cn"},
	{"aws-us-gov", regexp.MustCompile(`^us-gov-[a-z]+-\d+$`), "amazonaws.com", "console.amazonaws-us-gov.com"},
}

func partitionOf(region string) partition {
	for _, p := range partitions {
		if p.regions.MatchString(region) {
			return p
		}
	}
	return partition{}
}

// Partition is the part of AWS that a region belongs to, as its ARNs name it:
// aws, aws-cn or aws-us-gov. Empty: no district can be in the region.
func Partition(region string) string { return partitionOf(region).id }

// Domain is the domain under which a region's services are reached, and by which
// kms:ViaService names them: amazonaws.com, in China amazonaws.com.cn.
func Domain(region string) string { return partitionOf(region).domain }

// Console is the domain of the web console of the region's partition.
func Console(region string) string { return partitionOf(region).console }

// ARN is the ARN of something that a service has in the district's account and
// region.
func (d District) ARN(service, rest string) string {
	return "arn:" + Partition(d.Region) + ":" + service + ":" + d.Region + ":" + d.Account + ":" + rest
}

// GlobalARN is the ARN of what has no region: of IAM in the district's account,
// or of S3, whose names have no account either.
func (d District) GlobalARN(service, rest string) string {
	account := d.Account
	if service == "s3" {
		account = ""
	}
	return "arn:" + Partition(d.Region) + ":" + service + "::" + account + ":" + rest
}

// MachineService is as whom EC2 gives machines their role. It alone, of the
// services that assume roles of bcn's, has another name in China (aws-cdk,
// region-info: principals by partition).
func MachineService(region string) string { return "ec2." + Domain(region) }
