package aws

import (
	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// service is one AWS service: how it speaks, and what it does.
type service struct {
	protocol protocol
	handle   wire.Handler
}

// registry is every service of the local AWS, by the name that a signature's
// scope gives it. Versions and targets are those of the services' API
// references, as the SDK sends them.
func registry(a *Account) (map[string]service, error) {
	return map[string]service{
		"sts":            {query{version: "2011-06-15", namespace: "https://sts.amazonaws.com/doc/2011-06-15/"}, a.sts().Handle},
		"iam":            {query{version: "2010-05-08", namespace: "https://iam.amazonaws.com/doc/2010-05-08/"}, a.iam().Handle},
		"ec2":            {query{version: "2016-11-15", namespace: "http://ec2.amazonaws.com/doc/2016-11-15/", ec2: true}, a.ec2().Handle},
		"ssm":            {jsonRPC{target: "AmazonSSM"}, a.ssm().Handle},
		"secretsmanager": {jsonRPC{target: "secretsmanager"}, a.secretsManager().Handle},
		"s3":             {rest{}, a.s3().Handle},
	}, nil
}
