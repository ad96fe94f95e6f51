package guard

import (
	"slices"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// stateful are the types that hold what no deploy brings back.
func stateful() []string {
	return []string{
		"AWS::Backup::BackupVault",
		"AWS::Cognito::UserPool",
		"AWS::DocDB::DBCluster", "AWS::DocDB::DBInstance",
		"AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table",
		"AWS::EC2::Volume",
		"AWS::ECR::Repository",
		"AWS::EFS::FileSystem",
		"AWS::ElastiCache::CacheCluster", "AWS::ElastiCache::ReplicationGroup", "AWS::ElastiCache::ServerlessCache",
		"AWS::Elasticsearch::Domain", "AWS::OpenSearchService::Domain",
		"AWS::FSx::FileSystem",
		"AWS::Kinesis::Stream",
		"AWS::KMS::Key",
		logGroupType,
		"AWS::MSK::Cluster",
		"AWS::MemoryDB::Cluster",
		"AWS::Neptune::DBCluster", "AWS::Neptune::DBInstance",
		"AWS::RDS::DBCluster", "AWS::RDS::DBInstance", "AWS::RDS::GlobalCluster",
		"AWS::Redshift::Cluster",
		"AWS::S3::Bucket",
		"AWS::SQS::Queue",
		"AWS::SSM::Parameter", "AWS::SecretsManager::Secret",
	}
}

// lost finds what holds data and would be removed or replaced. What
// CloudFormation cannot tell beforehand counts as lost.
func lost(sp bcn.StackPlan) []bcn.Finding {
	var out []bcn.Finding
	for _, d := range sp.Changes {
		harmless := d.Action == "Add" || d.Action == "Import" || d.Action == "Modify" && (d.Replacement == "False" || d.Replacement == "")
		if slices.Contains(stateful(), d.Type) && !harmless {
			out = append(out, bcn.Finding{
				ID: StatefulLost, Level: bcn.Deny, Where: sp.Name + "/" + d.LogicalID,
				Params: map[string]string{"action": d.Action, "type": d.Type},
			})
		}
	}
	return out
}
