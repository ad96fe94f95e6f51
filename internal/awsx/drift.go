package awsx

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// Detection is how far CloudFormation has come with looking for drift.
type Detection struct {
	Over    bool   // it has come to its end, well or not
	Failed  string // why it could not read everything; empty: it could
	Drifted int    // resources that are not as their stack made them
}

// Drifted is a resource that is not as its stack made it.
type Drifted struct {
	LogicalID, PhysicalID, Type string
	Deleted                     bool
	Differences                 []Difference // of one that is there
}

// Difference is a property that is not as the stack made it. The values are
// CloudFormation's texts: a scalar, JSON, or null.
type Difference struct {
	Path             string // /DesiredCount, /Actions/0/...
	Kind             string // ADD, REMOVE, NOT_EQUAL
	Expected, Actual string
}

// DetectDrift starts looking for drift in a stack and answers the detection's
// id. CloudFormation reads each resource in the caller's name, takes some
// seconds, and has one detection of a stack at a time.
func (s *Session) DetectDrift(ctx context.Context, stack string) (string, error) {
	out, err := s.cloudformation().DetectStackDrift(ctx, &cloudformation.DetectStackDriftInput{StackName: aws.String(stack)})
	if err != nil {
		return "", s.wrap(err)
	}
	return aws.ToString(out.StackDriftDetectionId), nil
}

// Detection answers how far a detection has come.
func (s *Session) Detection(ctx context.Context, id string) (Detection, error) {
	out, err := s.cloudformation().DescribeStackDriftDetectionStatus(ctx, &cloudformation.DescribeStackDriftDetectionStatusInput{
		StackDriftDetectionId: aws.String(id),
	})
	if err != nil {
		return Detection{}, s.wrap(err)
	}
	d := Detection{Over: out.DetectionStatus != types.StackDriftDetectionStatusDetectionInProgress, Drifted: int(aws.ToInt32(out.DriftedStackResourceCount))}
	if out.DetectionStatus == types.StackDriftDetectionStatusDetectionFailed {
		d.Failed = Bounded(aws.ToString(out.DetectionStatusReason))
	}
	return d, nil
}

// Drifts lists the resources of a stack that the last detection found changed
// or deleted, all pages.
func (s *Session) Drifts(ctx context.Context, stack string) ([]Drifted, error) {
	pages := cloudformation.NewDescribeStackResourceDriftsPaginator(s.cloudformation(), &cloudformation.DescribeStackResourceDriftsInput{
		StackName: aws.String(stack),
		StackResourceDriftStatusFilters: []types.StackResourceDriftStatus{
			types.StackResourceDriftStatusModified, types.StackResourceDriftStatusDeleted,
		},
	})
	var list []Drifted
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, s.wrap(err)
		}
		for _, v := range page.StackResourceDrifts {
			d := Drifted{
				LogicalID: aws.ToString(v.LogicalResourceId), PhysicalID: aws.ToString(v.PhysicalResourceId), Type: aws.ToString(v.ResourceType),
				Deleted: v.StackResourceDriftStatus == types.StackResourceDriftStatusDeleted,
			}
			for _, p := range v.PropertyDifferences {
				d.Differences = append(d.Differences, Difference{
					Path: aws.ToString(p.PropertyPath), Kind: string(p.DifferenceType),
					Expected: aws.ToString(p.ExpectedValue), Actual: aws.ToString(p.ActualValue),
				})
			}
			list = append(list, d)
		}
	}
	return list, nil
}
