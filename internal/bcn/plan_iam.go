package bcn

import (
	"slices"
	"strings"
)

// policies are the resources that say who may use another one: a change of any
// gives or takes rights as one of a role does (CloudFormation's resource types).
func policies() []string {
	return []string{
		"AWS::S3::BucketPolicy", "AWS::KMS::Key", "AWS::SecretsManager::ResourcePolicy", "AWS::SQS::QueuePolicy",
		"AWS::SNS::TopicPolicy", "AWS::Lambda::Permission", "AWS::ECR::RepositoryPolicy",
	}
}

// ChangesIAM says whether the plan changes roles or policies: a resource of IAM,
// one that holds a policy, or which role something has.
func (p Plan) ChangesIAM() bool {
	for _, s := range p.Stacks {
		if slices.ContainsFunc(s.Changes, changesIAM) {
			return true
		}
	}
	return false
}

func changesIAM(c ResourceDelta) bool {
	if strings.HasPrefix(c.Type, "AWS::IAM::") || slices.Contains(policies(), c.Type) {
		return true
	}
	return slices.ContainsFunc(c.Properties, func(path string) bool {
		return strings.HasSuffix(path, "RoleArn") || strings.HasSuffix(path, "PolicyDocument")
	})
}
